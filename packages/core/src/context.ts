import type { StandardSchemaV1 } from '@standard-schema/spec'
import { encodeBase64url } from '#crypto'
import { platform } from '#platform'
import { type Clock, systemClock } from './clock.ts'
import { createRandomSource } from './crypto/random.ts'
import { SessionError } from './errors.ts'
import type { SessionEventHandler } from './events.ts'
import type { PayloadEncryption } from './record/encryption.ts'
import type { Fields } from './record/merge.ts'
import { jsonSerializer, type Serializer } from './record/serializer.ts'
import { checkStore, resolvePolicy, type SessionPolicy } from './resolve-options.ts'
import type { ConflictHandler, SessionManagerOptions } from './session-manager-options.ts'
import { createKeyQueue, type KeyQueue } from './store/key-queue.ts'
import type { KeyValueStore } from './store/key-value-store.ts'
import { overNonAtomicStore } from './store/non-atomic-store.ts'
import { type AtomicStore, createStoreAccess, type StoreAccess } from './store/store-access.ts'
import type { WriteGroup } from './store/write-group.ts'
import { createWriteLoop, type WriteLoop } from './store/write-loop.ts'
import { checkSecrets, createKeyring, type Keyring } from './token/keyring.ts'
import type { CookiePolicy } from './transport/set-cookie.ts'
import { lease } from './users/user-index.ts'

interface Hooks {
  readonly schema: StandardSchemaV1 | undefined
  readonly onSchemaMismatch: 'reject' | 'reset' | ((data: unknown) => unknown) | undefined
  readonly onConflict: ConflictHandler | undefined
  readonly userIdFrom: ((data: Fields) => string | undefined) | undefined
}

/** What every part of one manager shares. Made once; nothing in it belongs to a request. */
export interface ManagerContext extends Hooks {
  readonly policy: SessionPolicy
  readonly cookie: CookiePolicy
  readonly keyring: Keyring
  readonly access: StoreAccess
  readonly loop: WriteLoop
  readonly queue: KeyQueue
  /** False: the store has no compareAndSet; a login or regenerate then moves to a new id. */
  readonly atomic: boolean
  readonly serializer: Serializer
  readonly encryption: PayloadEncryption | undefined
  readonly clock: Clock
  readonly randomBytes: (length: number) => Uint8Array
  readonly emit: SessionEventHandler | undefined
  /** What an empty session serializes to. */
  readonly emptyPayload: string
  recordKey(id: string): string
  newWriteId(): string
  closed: boolean
  /** The one warning about a refused cookie was given. */
  warned: boolean
}

/** Checks the options and puts the parts together. */
export function createManagerContext<Data extends object>(
  options: SessionManagerOptions<Data>
): { readonly context: ManagerContext; readonly store: KeyValueStore } {
  if (typeof options !== 'object' || options === null) {
    throw new SessionError('OPTION_INVALID', 'createSessionManager() takes an object of options')
  }
  const secrets = checkSecrets(options.secret)
  const { store, atomic } = checkStore(options.store, options.allowNonAtomicStore)
  const { policy, cookie } = resolvePolicy(options, atomic)
  const { clock = systemClock, onEvent, serializer = jsonSerializer, encryption } = options
  const randomBytes = createRandomSource(options.randomBytes)
  const newWriteId = (): string => encodeBase64url(randomBytes(9))
  const emit = onEvent && quiet(onEvent)
  const waitForEarlier = platform.createWaitForEarlier(policy.storeTimeout / 2)
  const atomicStore = hasCompareAndSet(store)
    ? store
    : overNonAtomicStore(store, { tombstoneLifetime: 2 * lease, clock, newWriteId, waitForEarlier })
  const access = createStoreAccess(atomicStore, policy.storeTimeout, emit)
  const queue = createKeyQueue<WriteGroup>((earlier, key) => access.waitForEarlier(waitForEarlier(earlier, key)))
  const context: ManagerContext = {
    policy,
    cookie,
    atomic,
    access,
    queue,
    serializer,
    encryption,
    clock,
    randomBytes,
    emit,
    newWriteId,
    keyring: createKeyring({ secrets, namespace: policy.namespace, cookieName: cookie.name }),
    loop: createWriteLoop(access, queue, { clock, randomBytes, mostWrites: platform.mostWritesTogether }),
    schema: options.schema,
    onSchemaMismatch: options.onSchemaMismatch,
    onConflict: options.onConflict,
    userIdFrom: userIdFrom(options),
    emptyPayload: serializer.serialize({}),
    recordKey: (id) => `${policy.namespace}.s.${id}`,
    closed: false,
    warned: false
  }
  return { context, store }
}

/** The data a session holds is what the application's type says, or what its schema checked. */
function userIdFrom<Data extends object>(options: SessionManagerOptions<Data>): ManagerContext['userIdFrom'] {
  const { userIdFrom: named } = options
  return named && ((data) => named(data as Data))
}

function hasCompareAndSet(store: KeyValueStore): store is AtomicStore {
  return typeof store.compareAndSet === 'function'
}

/** An event handler is an observer: what it throws must not change what happens. */
function quiet(handler: SessionEventHandler): SessionEventHandler {
  return (event) => {
    try {
      handler(event)
    } catch {}
  }
}
