import { encodeBase64url } from '#crypto'
import { platform } from '#platform'
import { observer } from './callback.ts'
import type { ManagerContext } from './context.ts'
import { createRandomSource, createUniqueIds } from './crypto/random.ts'
import { checkSchema } from './data-schema.ts'
import { SessionError } from './errors.ts'
import { guardCallbacks } from './guard-callbacks.ts'
import { serializeData } from './record/payload.ts'
import { tombstoneLifetime } from './record/tombstone.ts'
import { resolveOptions, type SessionPolicy, tokenNameOf } from './resolve-options.ts'
import { type CommitOptions, commit } from './session/commit.ts'
import { identify, type OpenOptions } from './session/identify.ts'
import { giveInitialData, load } from './session/load.ts'
import { type CommitResult, headersOf, type ResponseFacts } from './session/response-cookie.ts'
import { internalsOf, Session, synchronous } from './session/session.ts'
import type { SessionData, SessionManagerOptions } from './session-manager-options.ts'
import { createKeyQueue } from './store/key-queue.ts'
import type { KeyValueStore } from './store/key-value-store.ts'
import { overNonAtomicStore } from './store/non-atomic-store.ts'
import { type AtomicStore, createStoreAccess } from './store/store-access.ts'
import { type SweeperOptions, startSweeper } from './store/sweeper.ts'
import type { WriteGroup } from './store/write-group.ts'
import { createWriteLoop } from './store/write-loop.ts'
import { createKeyring } from './token/keyring.ts'
import { createVerifiedTokens } from './token/verified-tokens.ts'
import type { RequestSource } from './transport/request-source.ts'
import type { HeaderList } from './transport/response-headers.ts'
import {
  checkActor,
  checkIds,
  checkUserId,
  find,
  listAll,
  listOfUser,
  revoke,
  type SessionInfo,
  updateStored
} from './users/administration.ts'
import { revokeUser } from './users/user-index.ts'

export type { CommitOptions } from './session/commit.ts'
export type { OpenOptions } from './session/identify.ts'
export type { CommitResult } from './session/response-cookie.ts'

/** Names the actor of an administrative call. */
export interface ActorOptions {
  /** The `by` of its events, such as `'cli'` or the id of an administrator. Default: the option `by` of the manager. */
  readonly by?: string | undefined
}

/** Opens, commits and administers sessions. One per cookie; several may share a store under different namespaces. */
export interface SessionManager<Data extends object = SessionData> {
  /**
   * The session of a request. Hostile input never throws and never reaches the store; it gets a new, empty session.
   *
   * @throws SessionError when the store cannot be read (`status` 503); leave the cookie as it is. `ARGUMENT_INVALID`
   * for an invalid source, such as `null` or a `cookie` that is not a string. Always as a rejection.
   */
  open(source: RequestSource, options?: OpenOptions): Promise<Session<Data>>
  /**
   * Stores changes, then returns the headers for the response, and its cookies as data. Call it before the response starts. Afterwards the cookie
   * can no longer change; a second call stores late changes of an existing session.
   *
   * @throws SessionError when they could not be stored. Respond with an error, and with {@link responseHeaders}.
   */
  commit(session: Session<Data>, options?: CommitOptions): Promise<CommitResult>
  /** The headers for what is already stored: those of an error response when {@link commit} threw. */
  responseHeaders(session: Session<Data>, response?: ResponseFacts): HeaderList
  /** A session by its public id; `undefined` when there is none, or when `id` is not an id. */
  find(id: string): Promise<SessionInfo<Data> | undefined>
  /** The live sessions of one user, most recently seen first. Costs one read per session of that user. */
  list(filter: { readonly userId: string }): Promise<SessionInfo<Data>[]>
  /** All live sessions, read in pages, in no particular order. Needs a store with `keys`. */
  list(): AsyncIterable<SessionInfo<Data>>
  /** Changes a session's data without its client; `change` must be synchronous. @returns false when there is none. */
  update(id: string, change: (data: Data) => void, options?: ActorOptions): Promise<boolean>
  /** Ends a session; if a user is named, only a session of that user. @returns false when there was none. */
  revoke(id: string, options?: { readonly userId?: string } & ActorOptions): Promise<boolean>
  /**
   * Ends all sessions of a user but those in `except` (public ids). A login under way fails with `LOGIN_REVOKED`.
   *
   * @returns how many were ended. OWASP ASVS 5.0, 7.4.2, 7.4.3.
   */
  revokeAll(userId: string, options?: { readonly except?: string | readonly string[] } & ActorOptions): Promise<number>
  /** Deletes expired values, if the engine does not do that itself. @returns how many. */
  sweep(): Promise<number>
  /** Sweeps at intervals. @returns a function that stops it. */
  startSweeper(options?: SweeperOptions): () => void
  /**
   * Stops sweepers, waits for writes under way and, for at most three store timeouts, for a sweep, then closes what the
   * store itself opened. Open sessions can still be committed; everything else throws `MANAGER_CLOSED`.
   */
  close(): Promise<void>
  /** The options in effect, durations in milliseconds. */
  readonly policy: SessionPolicy
}

/**
 * @throws SessionError for every mistake in the options that can be found before the first request, with what to change.
 */
export function createSessionManager<Data extends object = SessionData>(
  options: SessionManagerOptions<Data>
): SessionManager<Data> {
  const { context } = createManagerContext(options)
  const { by: defaultActor } = options
  const stops = new Set<() => void>()
  let closed = false
  let sweeping: Promise<unknown> = Promise.resolve()

  function list(filter: { readonly userId: string }): Promise<SessionInfo<Data>[]>
  function list(): AsyncIterable<SessionInfo<Data>>
  function list(filter?: { readonly userId: string }): Promise<SessionInfo<Data>[]> | AsyncIterable<SessionInfo<Data>> {
    return filter === undefined ? listAll<Data>(context, checkOpen) : listUser(filter)
  }

  async function listUser(filter: { readonly userId: string }): Promise<SessionInfo<Data>[]> {
    checkOpen()
    return listOfUser<Data>(context, checkUserId(filter?.userId))
  }

  async function sweep(background: boolean): Promise<number> {
    checkOpen()
    const deletion = context.access.deleteExpired(background)
    sweeping = Promise.allSettled([sweeping, deletion]).then(() => {})
    const deleted = await deletion
    context.emit?.({ type: 'swept', deleted })
    return deleted
  }

  function checkOpen(): void {
    if (closed) throw new SessionError('MANAGER_CLOSED', 'The session manager is closed')
  }

  return {
    policy: context.policy,
    async open(source, options) {
      checkOpen()
      const state = identify(context, source, options)
      if (state.phase === 'unloaded' && !context.policy.lazy) await load(context, state)
      else if (context.schema) await giveInitialData(context, state)
      return new Session<Data>({ context, state })
    },
    commit: (session, options) => commit(context, session, options),
    responseHeaders: (session, response = {}) => headersOf(context, internalsOf(session).state, response),
    async find(id) {
      checkOpen()
      return find<Data>(context, id)
    },
    list,
    async update(id, change, { by = defaultActor } = {}) {
      checkOpen()
      return updateStored(context, id, synchronous(change), checkActor(by))
    },
    async revoke(id, revokeOptions = { by: undefined }) {
      checkOpen()
      const { userId, by = defaultActor } = revokeOptions
      const owner = namesOnlyActor(revokeOptions) ? undefined : checkUserId(userId)
      return revoke(context, id, owner, checkActor(by))
    },
    async revokeAll(userId, { except = [], by = defaultActor } = {}) {
      checkOpen()
      return revokeUser(context, checkUserId(userId), checkIds(except), checkActor(by))
    },
    sweep: () => sweep(false),
    startSweeper(sweeperOptions) {
      checkOpen()
      const stop = startSweeper(() => sweep(true), context.randomBytes, sweeperOptions)
      stops.add(stop)
      return () => {
        stops.delete(stop)
        stop()
      }
    },
    async close() {
      closed = true
      for (const stop of stops) stop()
      stops.clear()
      await context.queue.idle()
      // A sweep that takes longer loses its store.
      await context.access.waitForEarlier(sweeping).catch(() => {})
      await context.access.close()
    }
  }
}

/** Whether the options leave out the user on purpose: a user that is misspelled or `undefined` is an error. */
function namesOnlyActor(options: object): boolean {
  const names = Object.keys(options)
  return names.length === 1 && names[0] === 'by'
}

/** The administrative methods of a manager: all but those that serve a request. */
export type SessionAdministration<Data extends object = SessionData> = Omit<
  SessionManager<Data>,
  'open' | 'commit' | 'responseHeaders'
>

export type SessionAdministrationOptions<Data extends object = SessionData> = Omit<
  SessionManagerOptions<Data>,
  'secret' | 'cookie' | 'transport'
>

/**
 * Finds, lists, changes and ends sessions without the secret of the servers that open them: for a script, a job, or an
 * internal tool. Give it their `namespace`, and their `serializer`, `encryption` and timeouts where it lists or updates;
 * `revoke` and `revokeAll` need none of these. A process that can create it can end every session and read its data.
 *
 * @throws SessionError as {@link createSessionManager}.
 *
 * @example
 * const sessions = createSessionAdministration({ store: createRedisStore(client) })
 * await sessions.revokeAll('alice')
 * await sessions.close()
 */
export function createSessionAdministration<Data extends object = SessionData>(
  options: SessionAdministrationOptions<Data>
): SessionAdministration<Data> {
  // A secret only signs and verifies tokens, and there are none here.
  const secret = encodeBase64url(createRandomSource()(33))
  const { open, commit: _, responseHeaders, ...administration } = createSessionManager<Data>({ ...options, secret })
  return administration
}

/** Checks the options and creates the parts of a manager. */
export function createManagerContext<Data extends object>(
  options: SessionManagerOptions<Data>
): { readonly context: ManagerContext; readonly store: KeyValueStore } {
  const { policy, cookie, secrets, store, atomic } = resolveOptions(options)
  const { onEvent } = options
  const callbacks = guardCallbacks(options)
  const { clock } = callbacks
  const randomBytes = createRandomSource(options.randomBytes)
  const newWriteId = createUniqueIds(randomBytes, options.randomBytes ? 1 : undefined)
  const emit = onEvent && observer(onEvent)
  const waitForEarlier = platform.createWaitForEarlier(policy.storeTimeout / 2)
  const atomicStore = hasCompareAndSet(store)
    ? store
    : overNonAtomicStore(store, { tombstoneLifetime, clock, newWriteId, waitForEarlier })
  const access = createStoreAccess(atomicStore, policy.storeTimeout, emit)
  const queue = createKeyQueue<WriteGroup>((earlier, key) => access.waitForEarlier(waitForEarlier(earlier, key)))
  const context: ManagerContext = {
    policy,
    cookie,
    atomic,
    access,
    queue,
    ...callbacks,
    randomBytes,
    emit,
    newWriteId,
    keyring: createKeyring({ secrets, namespace: policy.namespace, tokenName: tokenNameOf(policy) }),
    verified: createVerifiedTokens(),
    loop: createWriteLoop(access, queue, { clock, randomBytes, mostWrites: platform.mostWritesTogether }),
    schema: options.schema,
    emptyPayload: serializeData(callbacks, {}),
    recordKey: (id) => `${policy.namespace}.s.${id}`,
    hiddenProxy: { found: false },
    warnOnce: createWarning()
  }
  checkSchema(context)
  return { context, store }
}

function hasCompareAndSet(store: KeyValueStore): store is AtomicStore {
  return typeof store.compareAndSet === 'function'
}

function createWarning(): (message: string) => void {
  const given = new Set<string>()
  return (message) => {
    if (given.has(message)) return
    given.add(message)
    console.warn(`kvsession: ${message}`)
  }
}
