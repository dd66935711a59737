import { SessionError } from '@kvsession/core'
import { entriesOf, type RequestEntry, useSession } from './entry.ts'
import { createRequestSession, refuseReserved } from './request-session.ts'

/** Gives a request `req.session` and `req.sessionID`, unless it inherits them from an earlier request's definition. */
export function defineSessionProperties(request: object): void {
  if ('session' in request) return
  const target = frameworkRequest(request) ?? request
  // One by one: defineProperties takes twice as long.
  Object.defineProperty(target, 'session', sessionAccessor)
  Object.defineProperty(target, 'sessionID', sessionIdAccessor)
}

/**
 * The prototype that Express gives all its requests, below those of the applications: an application may hand its
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
    useSession(entry)
    entry.requestSession ??= createRequestSession(entry)
    return entry.requestSession
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
    return entry && useSession(entry).tokenId
  },
  set(this: object, value: unknown) {
    if (entriesOf(this)) {
      throw new SessionError('ARGUMENT_INVALID', 'req.sessionID cannot be set: regenerate() gives another one')
    }
    Object.defineProperty(this, 'sessionID', { value, writable: true, enumerable: true, configurable: true })
  }
}

function assign(entry: RequestEntry, value: unknown): void {
  if (value === null || value === undefined) {
    if (entry.ended) return
    useSession(entry)
    entry.ended = 'null'
    return
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new SessionError('ARGUMENT_INVALID', 'req.session can be set to an object or to null')
  }
  if (entry.ended) {
    throw new SessionError('ARGUMENT_INVALID', 'This request has ended its session: call regenerate() to start another')
  }
  if (value === entry.requestSession) return
  const session = useSession(entry)
  for (const key of Object.keys(value)) refuseReserved(key)
  session.data = { ...value }
  entry.requestSession = undefined
}
