import { type Session, SessionError, type SessionManager } from '@kvsession/core'
import { noteUse } from './hold-response.ts'
import { createRequestSession, refuseReserved } from './request-session.ts'
import type { ResponseHold } from './response-hold.ts'

/** One manager's session in one request. */
export interface SessionEntry {
  readonly manager: SessionManager<object>
  readonly session: Session<object>
  /** Where errors of the commit go. */
  readonly next: (error?: unknown) => void
  readonly hold: ResponseHold | undefined
  /** Somebody looked: there may be something to store. */
  used: boolean
  /** What `req.session` gives; `undefined` until it is asked for. */
  facade: object | undefined
  /** `null`: set to null, to be destroyed at commit. `gone`: destroyed. */
  ended: false | 'null' | 'gone'
}

/** The sessions of a request, in the order of the middlewares; the first one is `req.session`. */
const entries: unique symbol = Symbol('kvsession entries')

interface Carrier {
  [entries]?: SessionEntry[]
}

/** Only this file knows the symbol, so what is found under it was put there by {@link addEntry}. */
function carrierOf(request: object): Carrier {
  return request as Carrier
}

export function entriesOf(request: object): SessionEntry[] | undefined {
  return carrierOf(request)[entries]
}

/** Adds a manager's session to a request. The first one becomes `req.session`. */
export function addEntry(request: object, list: SessionEntry[], entry: SessionEntry): void {
  list.push(entry)
  if (list.length > 1) return
  carrierOf(request)[entries] = list
  if ('session' in request) return
  const target = frameworkRequest(request) ?? request
  // One by one: defineProperties takes twice as long.
  Object.defineProperty(target, 'session', sessionAccessor)
  Object.defineProperty(target, 'sessionID', sessionIdAccessor)
}

/**
 * What Express gives all its requests as prototype, below those of the applications: an application may hand its
 * requests to another one that it does not mount, as virtual hosts do. Accessors there cost a request nothing, 0.6 µs on
 * each request. `undefined`: the server is not Express.
 */
function frameworkRequest(request: object): object | undefined {
  let prototype: unknown = Object.getPrototypeOf(request)
  if (!isObject(prototype) || !Object.hasOwn(prototype, 'app')) return undefined
  while (isObject(prototype) && Object.hasOwn(prototype, 'app')) prototype = Object.getPrototypeOf(prototype)
  // Node's own has a constructor.
  return isObject(prototype) && !Object.hasOwn(prototype, 'constructor') ? prototype : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

// Shared by all requests: a closure per request costs the garbage collector tens of milliseconds under load.
const sessionAccessor: PropertyDescriptor = {
  configurable: true,
  enumerable: true,
  get(this: object): object | null | undefined {
    const entry = entriesOf(this)?.[0]
    if (!entry || entry.ended) return entry?.ended === 'null' ? null : undefined
    use(entry)
    entry.facade ??= createRequestSession(entry)
    return entry.facade
  },
  set(this: object, value: unknown) {
    const entry = entriesOf(this)?.[0]
    if (entry) assign(entry, value)
    // Another session middleware, on a path where ours is not mounted.
    else Object.defineProperty(this, 'session', { value, writable: true, enumerable: true, configurable: true })
  }
}

const sessionIdAccessor: PropertyDescriptor = {
  configurable: true,
  enumerable: true,
  get(this: object): string | undefined {
    const entry = entriesOf(this)?.[0]
    return entry && use(entry).tokenId
  },
  set(this: object, value: unknown) {
    if (entriesOf(this)) {
      throw new SessionError('ARGUMENT_INVALID', 'req.sessionID cannot be set: regenerate() gives another one')
    }
    Object.defineProperty(this, 'sessionID', { value, writable: true, enumerable: true, configurable: true })
  }
}

function assign(entry: SessionEntry, value: unknown): void {
  if (value === null || value === undefined) {
    if (entry.ended) return
    use(entry)
    entry.ended = 'null'
    return
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new SessionError('ARGUMENT_INVALID', 'req.session can be set to an object or to null')
  }
  if (entry.ended) {
    throw new SessionError('ARGUMENT_INVALID', 'This request has ended its session: call regenerate() to start another')
  }
  if (value === entry.facade) return
  const session = use(entry)
  for (const key of Object.keys(value)) refuseReserved(key)
  session.data = { ...value }
  entry.facade = undefined
}

/** The core session, noting that somebody has it: from now on there may be something to store. */
function use(entry: SessionEntry): Session<object> {
  entry.used = true
  if (entry.hold) noteUse(entry.hold)
  return entry.session
}

/**
 * The core session of a request: `login`, `update`, `take`, `userId` and all that express-session does not have.
 *
 * @param manager whose session, where several middlewares are mounted. Default: the first one's, as `req.session`.
 * @throws SessionError `SESSION_MISSING` when no such middleware ran, or the request is outside its `cookie.path`.
 */
export function getSession(request: object): Session<Partial<Express.SessionData>>
export function getSession<Data extends object>(request: object, manager: SessionManager<Data>): Session<Data>
export function getSession<Data extends object>(request: object, manager?: SessionManager<Data>): Session<Data> {
  const list = entriesOf(request) ?? []
  const entry = manager ? list.find((one) => one.manager === manager) : list[0]
  if (entry) return typed(use(entry))
  throw new SessionError(
    'SESSION_MISSING',
    'This request has no session: mount session() before what uses it, and check cookie.path'
  )
}

/** The manager that was asked for made it; without one, the application says by `Express.SessionData` what it holds. */
function typed<Data extends object>(session: Session<object>): Session<Data> {
  return session as Session<Data>
}
