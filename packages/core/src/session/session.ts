import { handleRejection } from '../callback.ts'
import type { ManagerContext } from '../context.ts'
import { isSessionError, misused, SessionError } from '../errors.ts'
import type { Fields } from '../record/merge.ts'
import { setPermanent } from '../record/metadata-change.ts'
import { isFields } from '../record/payload.ts'
import { deadline } from '../record/timeouts.ts'
import type { SessionData } from '../session-manager-options.ts'
import { tokenIdOf } from '../token/secret-hash.ts'
import { watchFailure } from './dropped-failure.ts'
import { watchLateAccess } from './late-change.ts'
import { ensureLoaded, giveInitialData } from './load.ts'
import { save } from './save.ts'
import {
  becomeAccessed,
  becomeChanged,
  becomeOperated,
  becomePermanent,
  dataOf,
  detachedOf,
  identityOf,
  permanentToStore,
  runExclusive,
  type SessionState,
  secretHashOf
} from './session-state.ts'
import { destroy, type LoginOptions, login, regenerate, reload, rotate } from './transitions.ts'

interface Internals {
  readonly context: ManagerContext
  readonly state: SessionState
}

/** The internals of a session, for the manager only. Throws for a value that no manager has opened. */
export let internalsOf: (session: unknown) => Internals

/**
 * One visitor's session, as one request sees it. `data` is stored at commit; `login`, `regenerate`, `rotate`,
 * `destroy`, `update`, `save` and `take` act on the store when awaited.
 *
 * Printing or serializing it shows the public identity only: no token, secret or data.
 */
export class Session<Data extends object = SessionData> {
  readonly #internals: Internals

  /** Made by {@link SessionManager.open}. */
  constructor(internals: Internals) {
    this.#internals = internals
  }

  /** Public and stable for the life of the session, 32 hex characters. Opens nothing: safe to log, list and pass on. */
  get id(): string {
    const { context, state } = access(this)
    return identityOf(context, state).id
  }

  /**
   * Public, changes whenever the secret does. Bind CSRF tokens and audit lines to it: `id` survives a login, so a CSRF
   * token that is bound to `id` would too.
   */
  get tokenId(): string {
    const { context, state } = access(this)
    return tokenIdOf(secretHashOf(context, identityOf(context, state)))
  }

  /** Nothing is stored for this visitor yet. */
  get isNew(): boolean {
    return access(this).state.phase === 'new'
  }

  /**
   * `superseded`: the request carries a token that was just replaced by a login or regenerate; `unavailable`: the store
   * could not be read. Either way the session is empty, stores nothing and sets no cookie.
   */
  get detached(): false | 'superseded' | 'unavailable' {
    return detachedOf(this.#internals.state)
  }

  /** False until {@link load} when the manager is `lazy`. */
  get loaded(): boolean {
    return this.#internals.state.phase !== 'unloaded'
  }

  /** The data of the session. Change it in place, at any depth, or assign another object. */
  get data(): Data {
    const { context, state } = access(this)
    return asData<Data>(dataOf(context, state))
  }

  set data(value: Data) {
    const { context, state } = access(this)
    if (!isFields(value)) throw misused('session.data must be an object')
    // Decodes first, so that the commit can compare the change with the stored data.
    dataOf(context, state)
    becomeChanged(state, value)
  }

  /** The user that `login` (or `userIdFrom`) named. Never read from `data`. */
  get userId(): string | undefined {
    return access(this).state.record?.metadata.userId
  }

  /**
   * `true`: a persistent cookie, and `permanentLifetime` in place of both timeouts. A number: this session's own
   * lifetime in ms, counted from now; a longer one becomes `maxLifetime`. 0: the commit destroys the session, unless
   * another lifetime is set before. `false`: the cookie ends with the browser. Default: the option `permanent`.
   */
  get permanent(): boolean | number {
    const { context, state } = access(this)
    const { permanent, record } = state
    return permanent ?? (record ? record.metadata.permanent : context.policy.permanent) ?? false
  }

  set permanent(value: boolean | number) {
    const { context, state } = access(this)
    if (typeof value !== 'boolean' && !(Number.isSafeInteger(value) && value >= 0)) {
      throw misused('session.permanent must be true, false or a lifetime in milliseconds')
    }
    if (typeof value === 'number') {
      becomePermanent(state, Math.min(value, context.policy.maxLifetime))
      return
    }
    const { record } = state
    const now = (record ? record.metadata.permanent : context.policy.permanent) ?? false
    becomePermanent(state, value === now ? undefined : value)
  }

  /** When the session, or its last login, began, epoch ms. */
  get createdAt(): number {
    return access(this).state.createdAt
  }

  /** Last use that was recorded, epoch ms; lags behind by at most `touchInterval`. */
  get lastSeenAt(): number {
    const { state } = access(this)
    return state.record?.metadata.lastSeenAt ?? state.createdAt
  }

  /** When the session ends unless it is used, epoch ms. */
  get expiresAt(): number {
    const { context, state } = access(this)
    const { createdAt, record, permanent } = state
    const now = context.clock.now()
    if (permanent === 0) return now
    const times = { createdAt, lastSeenAt: createdAt, ...record?.metadata }
    setPermanent(context.policy, times, permanentToStore(context, state), now)
    return deadline(times, context.policy)
  }

  /**
   * Reads the session if `lazy` postponed that; otherwise does nothing.
   *
   * @throws SessionError when the store cannot be read.
   */
  async load(): Promise<this> {
    await this.#act((context, state) => ensureLoaded(context, state))
    return this
  }

  /** Reads and removes one key, once: of any number of requests that take it, one gets the value. */
  async take<Key extends keyof Data & string>(key: Key): Promise<Data[Key] | undefined> {
    let taken: Data[Key] | undefined
    await this.load()
    if (!Object.hasOwn(this.data, key)) return undefined
    const stored = await this.update((data) => {
      taken = Object.hasOwn(data, key) ? data[key] : undefined
      delete data[key]
    })
    return stored ? taken : undefined
  }

  /**
   * Makes the session this user's, with a new secret and a new absolute timeout; the old token no longer opens it. The
   * only way to set `userId` (with `userIdFrom`). An anonymous visitor's data is kept unless `keepData` says otherwise,
   * another user's never is. OWASP ASVS 5.0, 7.2.4.
   *
   * @throws SessionError `HEADERS_SENT` before any store call; `LOGIN_REVOKED`; any store failure.
   */
  login(userId: string, options: LoginOptions = {}): Promise<void> {
    return this.#watch((context, state) => login(context, state, userId, options))
  }

  /**
   * Replaces the secret of the session; the old token no longer opens it. `anonymous: true` also drops the data and
   * the user.
   *
   * @throws SessionError `HEADERS_SENT` before any store call; any store failure.
   */
  regenerate(options: { readonly anonymous?: boolean } = {}): Promise<void> {
    return this.#watch((context, state) => regenerate(context, state, options))
  }

  /** As {@link regenerate}, but the old token works until the new one was first used, plus `graceWindow`. */
  rotate(): Promise<void> {
    return this.#watch(rotate)
  }

  /**
   * Ends the session: its record is gone when this resolves, and no request under way restores it. Also ends
   * every other session of which the request carried a live token. This response clears the cookie.
   *
   * @throws SessionError when the store could not confirm it: the session may still be live.
   */
  destroy(): Promise<void> {
    return this.#watch(destroy)
  }

  /**
   * Runs `change` on fresh data and stores the result at once; again on fresher data after a conflict, so that
   * counters never lose. Stores other pending changes too.
   *
   * @param change synchronous; changes its argument in place.
   * @returns false when the session has ended or was superseded: nothing was stored.
   */
  update(change: (data: Data) => void): Promise<boolean> {
    return this.#watch((context, state) => save(context, state, { update: synchronous(change) }))
  }

  /** Stores pending changes now. @returns false when the session has ended or was superseded: nothing was stored. */
  save(): Promise<boolean> {
    return this.#act((context, state) => save(context, state))
  }

  /** Replaces the data by what is stored now. @returns false when the session has ended or was superseded. */
  reload(): Promise<boolean> {
    return this.#act(reload)
  }

  toJSON(): Record<string, unknown> {
    const { state } = this.#internals
    const { id, phase, record } = state
    return { id, state: phase, userId: record?.metadata.userId, createdAt: state.createdAt }
  }

  /** For operations that no later commit repeats. */
  #watch<T>(task: (context: ManagerContext, state: SessionState) => Promise<T>): Promise<T> {
    return watchFailure(this.#internals.state, this.#act(task))
  }

  #act<T>(task: (context: ManagerContext, state: SessionState) => Promise<T>): Promise<T> {
    const { context, state } = this.#internals
    becomeAccessed(state)
    return runExclusive(context, state, async () => {
      try {
        const result = await task(context, state)
        if (context.schema) await giveInitialData(context, state)
        becomeOperated(state, false)
        return result
      } catch (error) {
        // An error of the application's own function says nothing about the store.
        if (isSessionError(error)) becomeOperated(state, true)
        throw error
      }
    })
  }

  static {
    internalsOf = (session) => {
      if (typeof session === 'object' && session !== null && #internals in session) return session.#internals
      throw misused('Not a session of this copy of @kvsession/core')
    }
  }
}

function access(session: unknown): Internals {
  const internals = internalsOf(session)
  becomeAccessed(internals.state)
  if (internals.state.watched) watchLateAccess(internals.context, internals.state)
  if (internals.state.phase === 'unloaded') {
    throw new SessionError(
      'SESSION_NOT_LOADED',
      'The manager is lazy: await session.load() before you read the session'
    )
  }
  return internals
}

/** `schema` has checked the data, or the application declares its type. */
function asData<Data extends object>(fields: Fields): Data {
  return fields as Data
}

export function synchronous<Data extends object>(change: (data: Data) => unknown): (fields: Fields) => void {
  return (fields) => {
    if (handleRejection(change(asData<Data>(fields)))) {
      throw misused('update() takes a synchronous function: await first, then update')
    }
  }
}
