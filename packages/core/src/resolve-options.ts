import { duration } from './duration.ts'
import { SessionError } from './errors.ts'
import { hook, invalid, keep, oneOf, refuseUnknown, settle, wholeNumber } from './option-check.ts'
import type { TimeoutPolicy } from './record/timeouts.ts'
import { loginTimeout } from './record/tombstone.ts'
import type { KeyValueStore } from './store/key-value-store.ts'
import { secretByteLength } from './token/token.ts'
import { type CookiePolicy, resolveCookieOptions } from './transport/set-cookie.ts'

/** The options in effect: durations in milliseconds, defaults filled in. For reading back and for audits (ASVS 7.1.1). */
export interface SessionPolicy extends TimeoutPolicy {
  readonly cookie: Pick<
    CookiePolicy,
    'name' | 'path' | 'domain' | 'sameSite' | 'secure' | 'httpOnly' | 'partitioned' | 'priority'
  >
  /** `Infinity`: reading never moves `lastSeenAt`. */
  readonly touchInterval: number
  /** `Infinity`: never. */
  readonly rotateAfter: number
  readonly graceWindow: number
  readonly namespace: string
  readonly maxRecordBytes: number
  /** `Infinity`: unlimited. */
  readonly maxSessionsPerUser: number
  readonly storeTimeout: number
  readonly onStoreUnavailable: 'error' | 'anonymous'
  readonly lazy: boolean
  readonly commitOnError: boolean
  readonly markPrivate: boolean
  readonly secretBytes: number
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const never = Number.POSITIVE_INFINITY

/** The options that are settled one by one; {@link resolvePolicy} compares some with others. */
const rules = {
  cookie: resolveCookieOptions,
  idleTimeout: duration(hour),
  absoluteTimeout: duration(day),
  permanentLifetime: duration(31 * day),
  maxLifetime: duration(undefined),
  touchInterval: duration(undefined, 1),
  rotateAfter: duration(never),
  graceWindow: duration(minute / 2),
  namespace: checkNamespace,
  maxRecordBytes: wholeNumber(65_536, 512),
  maxSessionsPerUser: checkSessionLimit,
  storeTimeout: duration(1_000, 1),
  onStoreUnavailable: oneOf('error', 'anonymous'),
  lazy: oneOf<boolean>(false, true),
  commitOnError: oneOf<boolean>(true, false),
  markPrivate: oneOf<boolean>(true, false),
  secretBits: secretByteLength
}

/** The parts that the manager is put together from. */
const parts = {
  store: keep,
  secret: keep,
  allowNonAtomicStore: keep,
  serializer: checkSerializer,
  encryption: hook('encrypt', 'decrypt'),
  clock: hook('now'),
  schema: hook('~standard'),
  onSchemaMismatch: (value: unknown, option: string) =>
    typeof value === 'function' ? value : oneOf('reject', 'reset')(value, option),
  onEvent: hook(),
  onConflict: hook(),
  userIdFrom: hook(),
  randomBytes: hook()
}

/** Checks everything that can be known before the first request. */
export function resolvePolicy(
  options: object,
  atomic: boolean
): { readonly policy: SessionPolicy; readonly cookie: CookiePolicy } {
  refuseUnknown({ ...parts, ...rules }, options)
  settle(parts, options)
  const { secretBits: secretBytes, cookie, ...policy } = settle(rules, options)
  const { idleTimeout, permanentLifetime, maxLifetime = permanentLifetime, rotateAfter, storeTimeout } = policy
  if (idleTimeout > policy.absoluteTimeout) {
    throw invalid('idleTimeout', `must be at most absoluteTimeout (${policy.absoluteTimeout} ms)`)
  }
  const { touchInterval = atomic ? Math.min(minute, Math.ceil(idleTimeout / 10)) : never } = policy
  if (policy.touchInterval !== undefined && touchInterval >= idleTimeout) {
    throw invalid('touchInterval', 'must be shorter than idleTimeout, or sessions in use expire')
  }
  if (rotateAfter < never && !atomic) throw invalid('rotateAfter', 'needs a store with compareAndSet')
  if (storeTimeout > loginTimeout / 4) throw invalid('storeTimeout', `must be at most ${loginTimeout / 4} ms`)
  const { prefix, secureTemplate, plainTemplate, ...shown } = cookie
  return {
    cookie,
    policy: Object.freeze({ ...policy, cookie: Object.freeze(shown), maxLifetime, touchInterval, secretBytes })
  }
}

function checkSerializer(value: unknown, option: string): unknown {
  if (value === 'json-lossy') return value
  if (typeof value === 'string') throw invalid(option, "must be 'json-lossy', or have serialize and deserialize")
  return hook('serialize', 'deserialize')(value, option)
}

/** The index of a user is one value, read and written at each login: a bound keeps a login from costing ever more. */
function checkSessionLimit(value: unknown, option: string): number {
  return value === false ? never : wholeNumber(100, 1)(value, option)
}

function checkNamespace(value: unknown = 'sessions', option: string): string {
  if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) return value
  throw invalid(option, 'must match [A-Za-z0-9_-]{1,64}')
}

/** Refuses what is no store, and a non-atomic one that nobody asked for. */
export function checkStore(store: unknown, allowNonAtomicStore: unknown): { store: KeyValueStore; atomic: boolean } {
  if (!isStore(store)) {
    const hint = hasMethods(store, 'destroy')
      ? '. Stores of express-session or koa-session do not fit: docs/stores.md lists one for each engine'
      : ''
    throw new SessionError('STORE_INVALID', `store must have get, set and delete, as createMemoryStore() has${hint}`)
  }
  const atomic = typeof store.compareAndSet === 'function'
  if (!atomic && allowNonAtomicStore !== true) {
    throw new SessionError(
      'STORE_NOT_ATOMIC',
      'The store has no compareAndSet, so processes lose writes: use another, or set allowNonAtomicStore: true'
    )
  }
  return { store, atomic }
}

function isStore(value: unknown): value is KeyValueStore {
  return hasMethods(value, 'get', 'set', 'delete')
}

function hasMethods(value: unknown, ...methods: readonly string[]): boolean {
  return methods.every((method) => typeof Reflect.get(Object(value), method) === 'function')
}
