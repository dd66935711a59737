import { type Session, SessionError } from '@kvsession/core'
import { failCommitUnlessTaken } from '@kvsession/core/adapter'

/** Called once; without an error when the store has confirmed what was asked for. */
export type SessionCallback = (error?: unknown) => void

/**
 * What a session holds, for TypeScript. Add your own:
 * `declare module '@kvsession/koa' { interface SessionFields { views?: number } }`
 */
export interface SessionFields {
  [name: string]: unknown
}

/** `ctx.session`: the data as plain properties, beside the members of koa-session. Only the data is enumerable. */
export interface KoaSession extends SessionFields {
  /** Nothing is stored for this visitor yet. */
  readonly isNew: boolean
  /**
   * Lifetime in ms, or `'session'`: the cookie ends with the browser. Setting it sets the core session's `permanent` and
   * sends the cookie anew; 0 or less ends the session at the end of the request.
   */
  get maxAge(): number | 'session'
  set maxAge(lifetime: number | 'session')
  /** Stores pending changes now. Resolves to false, calls back without error, when the session has ended or was superseded. */
  save(): Promise<boolean>
  save(callback: SessionCallback): void
  /** A new token, the same data; the old token opens nothing from now on. */
  regenerate(): Promise<void>
  regenerate(callback: SessionCallback): void
  toJSON(): Record<string, unknown>
}

/** @param permanentLifetime what `permanent = true` stands for, ms. */
export function createSessionProperties(session: Session<object>, permanentLifetime: number): KoaSession {
  return new Proxy<KoaSession>(new Members(session, permanentLifetime), new DataTraps(session))
}

/** A copy of `fields` as data. @throws SessionError `DATA_RESERVED_NAME` */
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
    return settle(this.#session.save(), callback)
  }

  regenerate(): Promise<void>
  regenerate(callback: SessionCallback): void
  regenerate(callback?: SessionCallback): Promise<void> | undefined {
    const done = this.#session.regenerate()
    // A callback without parameter cannot take the error: the response fails in its place.
    if (callback?.length === 0) void failCommitUnlessTaken(this.#session, done)
    return settle(done, callback)
  }

  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.#session.data).filter(([name]) => !reserved.has(name)))
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Record<string, unknown> {
    return this.toJSON()
  }
}

function settle<T>(done: Promise<T>, callback: SessionCallback | undefined): Promise<T> | undefined {
  if (!callback) return done
  // Outside the promise: an error in the callback is an uncaught exception, as with any other callback of Node's.
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
    `ctx.session.${name} is a member, not data. Take another name, or use getSession(ctx).data`
  )
}

/**
 * Every property that is no member is one of the session's data, whatever object holds that now. Data stored under a
 * reserved name stays in the store and in `getSession(ctx).data`, and is not seen here.
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
    // Defined, not assigned: `__proto__` is data like any other name.
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
