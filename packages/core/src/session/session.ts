import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import type { Fields } from '../record/merge.ts'
import { setPermanent } from '../record/metadata-change.ts'
import { isFields } from '../record/payload.ts'
import { deadline } from '../record/timeouts.ts'
import type { SessionData } from '../session-manager-options.ts'
import { tokenIdOf } from '../token/secret-hash.ts'
import { dataOf, identityOf, inTurn, type SessionState, secretHashOf } from './session-state.ts'
import { destroy, ensureLoaded, type LoginOptions, login, regenerate, reload, rotate, save } from './transitions.ts'

interface Inside {
  readonly context: ManagerContext
  readonly state: SessionState
}

/** For the manager: what only it may see. Throws for anything that no manager has opened. */
export let insideOf: (session: unknown) => Inside

/**
 * One visitor's session, as one request sees it. `data` is stored at commit; `login`, `regenerate`, `rotate`,
 * `destroy`, `update`, `save` and `take` act on the store when awaited.
 *
 * Printing or serializing it shows the public identity only: no token, secret or data.
 */
export class Session<Data extends object = SessionData> {
  readonly #inside: Inside

  /** Made by {@link SessionManager.open}. */
  constructor(inside: Inside) {
    this.#inside = inside
  }

  /** Public and stable for the life of the session, 32 hex characters. Opens nothing: safe to log, list and pass on. */
  get id(): string {
    const { context, state } = look(this)
    return identityOf(context, state).id
  }

  /**
   * Public, changes whenever the secret does. What CSRF tokens and audit lines bind to: `id` survives a login, so a
   * CSRF token bound to it would too.
   */
  get tokenId(): string {
    const { context, state } = look(this)
    return tokenIdOf(secretHashOf(context, identityOf(context, state)))
  }

  /** Nothing is stored for this visitor yet. */
  get isNew(): boolean {
    return look(this).state.phase === 'new'
  }

  /**
   * `superseded`: the request carries a token that was just replaced by a login or regenerate; `unavailable`: the store
   * could not be read. Either way the session is empty, stores nothing and sets no cookie.
   */
  get detached(): false | 'superseded' | 'unavailable' {
    return this.#inside.state.detached
  }

  /** False until {@link load} when the manager is `lazy`. */
  get loaded(): boolean {
    return this.#inside.state.phase !== 'unloaded'
  }

  /** What the session holds. Change it in place, at any depth, or assign another object. */
  get data(): Data {
    const { context, state } = look(this)
    return asData<Data>(dataOf(context, state))
  }

  set data(value: Data) {
    const { context, state } = look(this)
    if (!isFields(value)) throw new SessionError('ARGUMENT_INVALID', 'session.data must be an object')
    // Decoding first gives the change something to be compared with.
    dataOf(context, state)
    state.data = value
  }

  /** Whom `login` (or `userIdFrom`) named. Never read from `data`. */
  get userId(): string | undefined {
    return look(this).state.record?.metadata.u
  }

  /**
   * `true`: a persistent cookie, and `permanentLifetime` in place of both timeouts. A number: this session's own
   * lifetime in ms, counted from now, at most `maxLifetime`. Default `false`: ends with the browser.
   */
  get permanent(): boolean | number {
    const { state } = look(this)
    return state.permanent ?? state.record?.metadata.p ?? false
  }

  set permanent(value: boolean | number) {
    const { state } = look(this)
    if (typeof value !== 'boolean' && !(Number.isSafeInteger(value) && value > 0)) {
      throw new SessionError('ARGUMENT_INVALID', 'session.permanent must be true, false or a lifetime in milliseconds')
    }
    const now = state.record?.metadata.p ?? false
    state.permanent = value === now && typeof value === 'boolean' ? undefined : value
  }

  /** When the session, or its last login, began, epoch ms. */
  get createdAt(): number {
    return look(this).state.created
  }

  /** Last use that was recorded, epoch ms; lags behind by at most `touchInterval`. */
  get lastSeenAt(): number {
    const { state } = look(this)
    return state.record?.metadata.s ?? state.created
  }

  /** When the session ends unless it is used, epoch ms. */
  get expiresAt(): number {
    const { context, state } = look(this)
    const { created: c, record, permanent } = state
    const times = { c, s: c, ...record?.metadata }
    setPermanent(context, times, permanent, context.clock.now())
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
   * Makes the session this user's: a new secret, the absolute limit anew; the old token opens nothing from now on. The
   * only way to set `userId` (with `userIdFrom`). An anonymous visitor's data is kept unless told otherwise, another
   * user's never is. OWASP ASVS 5.0, 7.2.4.
   *
   * @throws SessionError `HEADERS_SENT` before any store call; `LOGIN_REVOKED`; any store failure.
   */
  login(userId: string, options: LoginOptions = {}): Promise<void> {
    return this.#act((context, state) => login(context, state, userId, options))
  }

  /**
   * A new secret, the same session; the old token opens nothing from now on. `anonymous: true` also drops the data and
   * the user.
   *
   * @throws SessionError `HEADERS_SENT` before any store call; any store failure.
   */
  regenerate(options: { readonly anonymous?: boolean } = {}): Promise<void> {
    return this.#act((context, state) => regenerate(context, state, options.anonymous === true))
  }

  /** As {@link regenerate}, but the old token works on until the new one was seen, plus `graceWindow`. */
  rotate(): Promise<void> {
    return this.#act(rotate)
  }

  /**
   * Ends the session: its record is gone when this resolves, and no request under way brings it back. The cookie is
   * cleared by this response.
   *
   * @throws SessionError when the store could not confirm it: the session may live on.
   */
  destroy(): Promise<void> {
    return this.#act(destroy)
  }

  /**
   * Runs `change` on fresh data and stores the result at once; again on fresher data after a conflict, so that
   * counters never lose. Stores other pending changes too.
   *
   * @param change synchronous; changes its argument in place.
   * @returns false when the session is over or was overtaken: nothing was stored.
   */
  update(change: (data: Data) => void): Promise<boolean> {
    return this.#act((context, state) => save(context, state, { update: synchronous(change) }))
  }

  /** Stores pending changes now. @returns false when the session is over or was overtaken: nothing was stored. */
  save(): Promise<boolean> {
    return this.#act((context, state) => save(context, state, {}))
  }

  /** Replaces the data by what is stored now. @returns false when the session is over or was overtaken. */
  reload(): Promise<boolean> {
    return this.#act(reload)
  }

  toJSON(): Record<string, unknown> {
    const { state } = this.#inside
    const { id, phase, record } = state
    return { id, state: state.detached || phase, userId: record?.metadata.u, createdAt: state.created }
  }

  #act<T>(task: (context: ManagerContext, state: SessionState) => Promise<T>): Promise<T> {
    const { context, state } = this.#inside
    state.looked = true
    return inTurn(state, () => task(context, state))
  }

  static {
    insideOf = (session) => {
      if (typeof session === 'object' && session !== null && #inside in session) return session.#inside
      throw new SessionError('ARGUMENT_INVALID', 'Not a session of this copy of @kvsession/core')
    }
  }
}

function look(session: unknown): Inside {
  const inside = insideOf(session)
  inside.state.looked = true
  if (inside.state.phase === 'unloaded') {
    throw new SessionError('SESSION_NOT_LOADED', 'The manager is lazy: await session.load() before looking')
  }
  return inside
}

/** `schema` has checked it, or the application says so by the type it gave. */
function asData<Data extends object>(fields: Fields): Data {
  return fields as Data
}

export function synchronous<Data extends object>(change: (data: Data) => unknown): (fields: Fields) => void {
  return (fields) => {
    const result = change(asData<Data>(fields))
    if (typeof result === 'object' && result !== null && 'then' in result) {
      throw new SessionError('ARGUMENT_INVALID', 'update() takes a synchronous function: await first, then update')
    }
  }
}
