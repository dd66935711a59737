import { SessionError } from '@kvsession/core'
import { frameworkPrototype } from '../framework-prototype.ts'
import { entriesOf, type RequestEntry, useSession } from './entry.ts'
import { createRequestSession, refuseReserved } from './request-session.ts'

/** Defines `req.session` and `req.sessionID`, unless the request inherits them from an earlier definition. */
export function defineSessionProperties(request: object): void {
  // An own, empty property would hide the accessor of the framework's prototype.
  const hides = Object.hasOwn(request, 'session')
  if (!hides && 'session' in request) return
  const target = (hides ? undefined : frameworkPrototype(request)) ?? request
  // One by one, because defineProperties takes twice as long.
  Object.defineProperty(target, 'session', sessionAccessor)
  Object.defineProperty(target, 'sessionID', sessionIdAccessor)
  Object.defineProperty(target, 'sessionStore', sessionStoreAccessor)
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
    // Another session middleware sets it, on a path where ours is not mounted.
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
      throw new SessionError(
        'ARGUMENT_INVALID',
        'req.sessionID cannot be set: regenerate() gives a new one, and manager.find(id) finds other sessions'
      )
    }
    Object.defineProperty(this, 'sessionID', { value, writable: true, enumerable: true, configurable: true })
  }
}

/** Stands in for express-session's store: each method throws an error that names its replacement. */
const sessionStore: object = Object.fromEntries(
  [
    'all',
    'clear',
    'createSession',
    'destroy',
    'generate',
    'get',
    'length',
    'load',
    'on',
    'regenerate',
    'set',
    'touch'
  ].map((name) => [name, () => refuseStore(name)])
)

function refuseStore(name: string): never {
  throw new SessionError(
    'ARGUMENT_INVALID',
    `req.sessionStore.${name}() exists only in express-session: use the manager that you pass to session() (find, list, update, revoke)`
  )
}

// Not enumerable, so that a copied or printed request does not show it.
const sessionStoreAccessor: PropertyDescriptor = {
  configurable: true,
  get(this: object): object | undefined {
    return entriesOf(this) && sessionStore
  },
  set(this: object, value: unknown) {
    Object.defineProperty(this, 'sessionStore', { value, writable: true, enumerable: true, configurable: true })
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
