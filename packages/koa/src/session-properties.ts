import { type Session, SessionError } from '@kvsession/core'
import { failCommitUnlessTaken } from '@kvsession/core/adapter'

/** Called once, without an error if the store has confirmed the operation. */
export type SessionCallback = (error?: unknown) => void

/**
 * The types of a session's data. Add your own fields:
 * `declare module '@kvsession/koa' { interface SessionFields { views?: number } }`
 */
export interface SessionFields {
  [name: string]: unknown
}

/** `ctx.session`: the data as plain properties, and the members of koa-session. Only the data is enumerable. */
export interface KoaSession extends SessionFields {
  /** True if nothing is stored for this visitor yet. */
  readonly isNew: boolean
  /**
   * Lifetime in ms, or `'session'` if the cookie ends with the browser. Setting it sets the core session's `permanent`
   * and sends the cookie again; 0 or less ends the session at the end of the request.
   */
  get maxAge(): number | 'session'
  set maxAge(lifetime: number | 'session')
  /**
   * Stores pending changes now. If the session has ended or was superseded, it resolves to false, or calls back without an
   * error.
   */
  save(): Promise<boolean>
  save(callback: SessionCallback): void
  /** Replaces the token and keeps the data. The old token grants no access from then on. */
  regenerate(): Promise<void>
  regenerate(callback: SessionCallback): void
  toJSON(): Record<string, unknown>
}

/** @param permanentLifetime the lifetime that `permanent = true` means, ms. */
export function createSessionProperties(session: Session<object>, permanentLifetime: number): KoaSession {
  return new Proxy<KoaSession>(new Members(session, permanentLifetime), new DataTraps(session))
}

/** Copies `fields` for use as data. @throws SessionError `DATA_RESERVED_NAME` */
export function copyFields(fields: object): Record<string, unknown> {
  for (const name of Object.keys(fields)) refuseReserved(name)
  return { ...fields }
}

class Members implements KoaSession {
  [name: string]: unknown
  readonly #session: Session<object>
  readonly #permanentLifetime: number

  constructor(session: Session<object>, permanentLifetime: number) {
    this.#session = session
    this.#permanentLifetime = permanentLifetime
  }

  get isNew(): boolean {
    return this.#session.isNew
  }

  get maxAge(): number | 'session' {
    const { permanent } = this.#session
    if (typeof permanent === 'number') return permanent
    return permanent ? this.#permanentLifetime : 'session'
  }

  set maxAge(lifetime: number | 'session') {
    if (lifetime === 'session') this.#session.permanent = false
    else this.#session.permanent = typeof lifetime === 'number' ? Math.max(0, Math.round(lifetime)) : lifetime
  }

  save(): Promise<boolean>
  save(callback: SessionCallback): void
  save(callback?: SessionCallback): Promise<boolean> | undefined {
    return deliver(this.#session.save(), callback)
  }

  regenerate(): Promise<void>
  regenerate(callback: SessionCallback): void
  regenerate(callback?: SessionCallback): Promise<void> | undefined {
    const done = this.#session.regenerate()
    // A callback without a parameter cannot receive the error: the response fails instead.
    if (callback?.length === 0) void failCommitUnlessTaken(this.#session, done)
    return deliver(done, callback)
  }

  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.#session.data).filter(([name]) => !reserved.has(name)))
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Record<string, unknown> {
    return this.toJSON()
  }
}

function deliver<T>(done: Promise<T>, callback: SessionCallback | undefined): Promise<T> | undefined {
  if (!callback) return done
  // Outside the promise, so that an error thrown by the callback is an uncaught exception, as with Node's own callbacks.
  done.then(
    () => process.nextTick(callback),
    (error: unknown) => process.nextTick(callback, error)
  )
  return undefined
}

const reserved: ReadonlySet<string | symbol> = new Set(
  Object.getOwnPropertyNames(Members.prototype).filter((name) => name !== 'constructor')
)

function refuseReserved(name: string): void {
  if (!reserved.has(name)) return
  throw new SessionError(
    'DATA_RESERVED_NAME',
    `ctx.session.${name} is a member of the session: rename the field, or use getSession(ctx).data`
  )
}

/**
 * Maps every property that is not a member to the session's current data. Data stored under a reserved name stays in the
 * store and in `getSession(ctx).data`, but is not visible here.
 */
class DataTraps implements ProxyHandler<KoaSession> {
  readonly #session: Session<object>

  constructor(session: Session<object>) {
    this.#session = session
  }

  get(members: KoaSession, name: string | symbol): unknown {
    if (reserved.has(name) || typeof name === 'symbol') {
      const member: unknown = Reflect.get(members, name, members)
      return typeof member === 'function' ? member.bind(members) : member
    }
    return Reflect.get(this.#session.data, name)
  }

  set(members: KoaSession, name: string | symbol, value: unknown): boolean {
    if (name === 'maxAge') return Reflect.set(members, name, value, members)
    return this.defineProperty(members, name, { value })
  }

  defineProperty(_: KoaSession, name: string | symbol, { value }: PropertyDescriptor): boolean {
    if (typeof name === 'symbol') return false
    refuseReserved(name)
    // Defined, not assigned: a key such as `__proto__` is data.
    const property = { value, writable: true, enumerable: true, configurable: true }
    return Reflect.defineProperty(this.#session.data, name, property)
  }

  has(_: KoaSession, name: string | symbol): boolean {
    return reserved.has(name) || name in this.#session.data
  }

  deleteProperty(_: KoaSession, name: string | symbol): boolean {
    return reserved.has(name) || Reflect.deleteProperty(this.#session.data, name)
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#session.data).filter((name) => !reserved.has(name))
  }

  getOwnPropertyDescriptor(_: KoaSession, name: string | symbol): PropertyDescriptor | undefined {
    const { data } = this.#session
    if (reserved.has(name) || !Object.hasOwn(data, name)) return undefined
    return { value: Reflect.get(data, name), writable: true, enumerable: true, configurable: true }
  }
}
