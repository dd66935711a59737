import { type Session, SessionError, type SessionManager } from '@kvsession/core'
import { failCommitUnlessTaken } from '@kvsession/core/adapter'
import type { Session as FastifyData } from 'fastify'

/** Called once, without an error if the store has confirmed the operation. */
export type SessionCallback = (error?: unknown) => void

/** `request.session`: the data as properties, and the members of @fastify/session. Only the data is enumerable. */
export type FastifySession = Partial<FastifyData> & SessionMembers

/** The lifetime of this session. The other attributes of the cookie are options of the plugin. */
export interface SessionCookie {
  /** Lifetime in ms; `null` if the cookie ends with the browser. 0 or less ends the session with the response. */
  maxAge: number | null
}

interface SessionMembers {
  /** The core's `tokenId`: public, grants no access, and changes with every login and regenerate. */
  readonly sessionId: string
  readonly cookie: SessionCookie
  get<Name extends keyof FastifyData>(name: Name): FastifyData[Name] | undefined
  set<Name extends keyof FastifyData>(name: Name, value: FastifyData[Name]): void
  /** Restarts a lifetime that was set by `cookie.maxAge`. The idle timeout restarts without it. */
  touch(): void
  /** Replaces the token and drops the user and the data, except the fields in `keep`. The old token grants no access. */
  regenerate(keep?: readonly string[]): Promise<void>
  regenerate(callback: SessionCallback): void
  regenerate(keep: readonly string[], callback: SessionCallback): void
  /** Ends the session. `request.session` is `null` from then on. */
  destroy(): Promise<void>
  destroy(callback: SessionCallback): void
  /** Replaces the data by what is stored. */
  reload(): Promise<void>
  reload(callback: SessionCallback): void
  /** Stores pending changes now. Also resolves if the session has ended and nothing was stored. */
  save(): Promise<void>
  save(callback: SessionCallback): void
}

/** What the members need to know of a request. */
export interface SessionOwner {
  readonly session: Session<object>
  readonly manager: Pick<SessionManager<object>, 'policy'>
  destroy(): Promise<void>
}

/** The object that `request.session` returns. */
export function createSessionProperties(owner: SessionOwner): FastifySession {
  return asFastifySession(new Proxy(new Members(owner), dataTraps))
}

/** A copy of `fields` for use as data. @throws SessionError `DATA_RESERVED_NAME` */
export function copyFields(fields: object): object {
  for (const name of Object.keys(fields)) refuseReserved(name)
  return { ...fields }
}

class Members {
  readonly owner: SessionOwner

  constructor(owner: SessionOwner) {
    this.owner = owner
  }

  get sessionId(): string {
    return this.owner.session.tokenId
  }

  get cookie(): SessionCookie {
    const { session, manager } = this.owner
    return {
      get maxAge() {
        const { permanent } = session
        if (typeof permanent === 'number') return permanent
        return permanent ? manager.policy.permanentLifetime : null
      },
      set maxAge(lifetime: number | null) {
        session.permanent = typeof lifetime === 'number' ? Math.max(0, Math.round(lifetime)) : (lifetime ?? false)
      }
    }
  }

  get(name: string): unknown {
    return Reflect.get(this.owner.session.data, name)
  }

  set(name: string, value: unknown): void {
    define(this, name, value)
  }

  touch(): void {
    const { session } = this.owner
    const { permanent } = session
    if (typeof permanent === 'number') session.permanent = permanent
  }

  regenerate(keep: readonly string[] | SessionCallback = [], callback?: SessionCallback): unknown {
    if (typeof keep === 'function') return this.regenerate([], keep)
    return deliver(this.owner, this.#regenerate(keep), callback)
  }

  destroy(callback?: SessionCallback): unknown {
    return deliver(this.owner, this.owner.destroy(), callback)
  }

  reload(callback?: SessionCallback): unknown {
    return deliver(this.owner, this.owner.session.reload(), callback)
  }

  save(callback?: SessionCallback): unknown {
    return deliver(this.owner, this.owner.session.save(), callback)
  }

  toJSON(): object {
    return Object.fromEntries(Object.entries(this.owner.session.data).filter(([name]) => !reserved.has(name)))
  }

  async #regenerate(keep: readonly string[]): Promise<void> {
    const { session } = this.owner
    await session.load()
    const kept = Object.entries(session.data).filter(([name]) => keep.includes(name))
    await session.regenerate({ anonymous: true })
    for (const [name, value] of kept) define(this, name, value)
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON()
  }
}

/** Members of @fastify/session that have no counterpart, and what to use instead. */
const replaced = {
  encryptedSessionId: 'the token is only in the cookie',
  isModified: 'the commit compares the data itself',
  isSaved: 'getSession(request).isNew tells whether the session is stored',
  options: 'set session.cookie.maxAge, or the option cookie of the plugin'
}
for (const [name, advice] of Object.entries(replaced)) {
  Object.defineProperty(Members.prototype, name, {
    get() {
      throw new SessionError('ARGUMENT_INVALID', `request.session.${name} is only in @fastify/session: ${advice}`)
    }
  })
}

const reserved: ReadonlySet<string | symbol> = new Set(
  Object.getOwnPropertyNames(Members.prototype).filter((name) => name !== 'constructor')
)

function refuseReserved(name: string | symbol): void {
  if (!reserved.has(name)) return
  throw new SessionError(
    'DATA_RESERVED_NAME',
    `request.session.${String(name)} is a member of the session: rename the field, or use getSession(request).data`
  )
}

function define({ owner }: Members, name: string | symbol, value: unknown): boolean {
  refuseReserved(name)
  // Defined, not assigned: a key such as `__proto__` is data.
  const property = { value, writable: true, enumerable: true, configurable: true }
  return typeof name === 'string' && Reflect.defineProperty(owner.session.data, name, property)
}

/** Every property that is not a member is one of the session's current data. */
const dataTraps: ProxyHandler<Members> = {
  get(members, name) {
    if (!reserved.has(name) && typeof name !== 'symbol') return Reflect.get(members.owner.session.data, name)
    const member: unknown = Reflect.get(members, name, members)
    return typeof member === 'function' ? member.bind(members) : member
  },
  set: define,
  defineProperty: (members, name, { value }) => define(members, name, value),
  has: ({ owner }, name) => reserved.has(name) || name in owner.session.data,
  deleteProperty: ({ owner }, name) => reserved.has(name) || Reflect.deleteProperty(owner.session.data, name),
  ownKeys: ({ owner }) => Reflect.ownKeys(owner.session.data).filter((name) => !reserved.has(name)),
  getOwnPropertyDescriptor({ owner: { session } }, name) {
    if (reserved.has(name) || !Object.hasOwn(session.data, name)) return undefined
    return { value: Reflect.get(session.data, name), writable: true, enumerable: true, configurable: true }
  }
}

function deliver(
  { session }: SessionOwner,
  operation: Promise<unknown>,
  callback: SessionCallback | undefined
): Promise<void> | undefined {
  const done = operation.then(() => {})
  // If nothing can receive the error, the commit fails with it.
  if (!callback) return failCommitUnlessTaken(session, done)
  if (callback.length === 0) void failCommitUnlessTaken(session, done)
  // Outside the promise, so that an error thrown by the callback is an uncaught exception, as with Node's own callbacks.
  done.then(
    () => process.nextTick(callback),
    (error: unknown) => process.nextTick(callback, error)
  )
  return undefined
}

/** The application declares the type of its data. */
function asFastifySession(properties: object): FastifySession {
  return properties as FastifySession
}
