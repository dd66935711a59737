import { SessionError } from '@kvsession/core'
import { failCommitUnlessTaken } from '@kvsession/core/adapter'
import type { RequestEntry } from './entry.ts'
import { createSessionCookie, type SessionCookie } from './session-cookie.ts'

type Fields = Record<string | symbol, unknown>
type Callback = (error?: Error) => void

const internals: unique symbol = Symbol('kvsession request session')
const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** The state behind a `req.session` object. */
interface Internals {
  readonly entry: RequestEntry
  /** The data and id at the time of `regenerate` or `destroy`: still readable, never stored. */
  left: { readonly id: string; readonly data: Fields } | undefined
  /** True once `regenerate` has completed or `destroy` was called: the methods then do nothing. */
  inert: boolean
  cookie: SessionCookie | undefined
  /** Node reads this from the proxy's target, so that printing a session shows its data. */
  readonly [inspect]: () => Fields
}

/**
 * `req.session`: the core session's data as plain properties, and express-session's members. Data cannot shadow the
 * members: a stored field with a member's name stays stored, but only `getSession(req).data` shows it.
 */
export function createRequestSession(entry: RequestEntry): object {
  const target: Internals = { entry, left: undefined, inert: false, cookie: undefined, [inspect]: inspectData }
  return new Proxy(target, view)
}

const view: ProxyHandler<Internals> = {
  get(target, key, receiver) {
    if (key === internals) return target
    if (Object.hasOwn(members, key)) return memberOf(target, key)
    const data = dataOf(target)
    return Object.hasOwn(data, key) ? data[key] : Reflect.get(prototype, key, receiver)
  },
  has: (target, key) => Reflect.has(prototype, key) || Object.hasOwn(dataOf(target), key),
  ownKeys: (target) => Reflect.ownKeys(dataOf(target)).filter((key) => !Object.hasOwn(members, key)),
  getOwnPropertyDescriptor(target, key) {
    if (Object.hasOwn(members, key)) return undefined
    const descriptor = Reflect.getOwnPropertyDescriptor(dataOf(target), key)
    return descriptor && { ...descriptor, configurable: true }
  },
  set(target, key, value) {
    const data = dataOf(target)
    // An inherited name such as `__proto__` would not become data by an assignment.
    if (Object.hasOwn(members, key) || (key in data && !Object.hasOwn(data, key))) {
      return define(target, key, { value, writable: true, enumerable: true, configurable: true })
    }
    data[key] = value
    return true
  },
  defineProperty: define,
  deleteProperty: (target, key) => Object.hasOwn(members, key) || Reflect.deleteProperty(dataOf(target), key),
  getPrototypeOf: () => prototype,
  setPrototypeOf: () => false,
  preventExtensions: () => false
}

function memberOf(target: Internals, key: string | symbol): unknown {
  if (key === 'id') return target.left?.id ?? target.entry.session.tokenId
  if (key !== 'cookie') return Reflect.get(members, key)
  target.cookie ??= createSessionCookie(target.entry.session, target.entry.manager.policy)
  return target.cookie
}

function define(target: Internals, key: string | symbol, descriptor: PropertyDescriptor): boolean {
  if (typeof key === 'string') refuseReserved(key)
  return Reflect.defineProperty(dataOf(target), key, descriptor)
}

/** @throws SessionError for the names of express-session's members. */
export function refuseReserved(key: string): void {
  if (!Object.hasOwn(members, key)) return
  throw new SessionError(
    'DATA_RESERVED_NAME',
    `req.session.${key} is a member of the session: rename the field, or use getSession(req).data`
  )
}

function dataOf({ entry, left }: Internals): Fields {
  return left?.data ?? asFields(entry.session.data)
}

/** Every object can be read and written by key. */
function asFields(data: object): Fields {
  return data as Fields
}

function inspectData(this: object): Fields {
  return { ...this }
}

const members = {
  id: undefined,
  cookie: undefined,
  save(this: unknown, callback?: Callback): unknown {
    return act(this, callback, save)
  },
  reload(this: unknown, callback?: Callback): unknown {
    return act(this, callback, reload)
  },
  regenerate(this: unknown, callback?: Callback): unknown {
    return act(this, callback, regenerate)
  },
  destroy(this: unknown, callback?: Callback): unknown {
    return act(this, callback, destroy)
  },
  touch(this: unknown, callback?: Callback): unknown {
    return restart(this, callback)
  },
  resetMaxAge(this: unknown, callback?: Callback): unknown {
    return restart(this, callback)
  }
}

/**
 * The prototype of every `req.session`, and of no other object. Some middlewares read the arity of its methods; others
 * add members to it.
 */
const prototype: object = Object.create(Object.prototype, hidden(members))

/** Not enumerable, because `for…in` shows only the data. */
function hidden(of: object): PropertyDescriptorMap {
  return Object.fromEntries(
    Object.entries(of).map(([name, value]) => [name, { value, writable: true, configurable: true }])
  )
}

/** A lifetime of 0 ends the session now, because a socket has no response that would end it later. */
async function save({ entry: { session } }: Internals): Promise<boolean> {
  if (!session.loaded || session.permanent !== 0) return session.save()
  await session.destroy()
  return false
}

async function reload({ entry }: Internals): Promise<void> {
  if (!(await entry.session.reload())) throw new SessionError('SESSION_MISSING', 'failed to load session')
  entry.requestSession = undefined
}

async function regenerate(target: Internals): Promise<void> {
  const { session } = target.entry
  if (!session.loaded) await session.load()
  const { data, tokenId } = session
  // The core empties its data object, so it gets a new one; the old req.session keeps the current one.
  target.left = { id: tokenId, data: asFields(data) }
  session.data = {}
  try {
    await session.regenerate({ anonymous: true })
  } catch (error) {
    session.data = data
    target.left = undefined
    throw error
  }
  target.inert = true
  target.entry.requestSession = undefined
  target.entry.ended = false
}

async function destroy(target: Internals): Promise<void> {
  const { entry } = target
  entry.ended = 'gone'
  target.inert = true
  if (entry.session.loaded) target.left = { id: entry.session.tokenId, data: asFields(entry.session.data) }
  await entry.session.destroy()
}

function restart(self: unknown, callback: Callback | undefined): unknown {
  const { entry, inert } = internalsOf(self)
  const { permanent } = entry.session
  if (!inert && typeof permanent === 'number') entry.session.permanent = permanent
  if (typeof callback === 'function') process.nextTick(callback)
  return self
}

/** Operations that a later commit does not repeat. */
const unrepeated: ReadonlySet<unknown> = new Set([regenerate, destroy])

/**
 * Runs `task` and reports its end through a callback, called once and asynchronously, or through a promise. Some
 * applications ignore both: if a logout then fails (the promise has no handler, or the callback has no parameter), the
 * response fails instead.
 */
function act<T>(self: unknown, callback: Callback | undefined, task: (target: Internals) => Promise<T>): unknown {
  const target = internalsOf(self)
  const { inert, entry } = target
  const done = inert ? Promise.reject(replacedError()) : task(target)
  const hasCallback = typeof callback === 'function'
  const errorMayBeIgnored = !inert && unrepeated.has(task) && !(hasCallback && callback.length > 0)
  const returned = errorMayBeIgnored ? failCommitUnlessTaken(entry.session, done) : done
  if (!hasCallback) {
    // An unhandled rejection must not end the process.
    done.catch(ignore)
    return returned
  }
  // Outside the promise, so that an error thrown by the callback is an uncaught exception, as with Node's own callbacks.
  done.then(
    () => process.nextTick(callback),
    (error: unknown) => process.nextTick(callback, error)
  )
  return self
}

function internalsOf(self: unknown): Internals {
  const found: unknown = typeof self === 'object' && self !== null ? Reflect.get(self, internals) : undefined
  if (isInternals(found)) return found
  throw new SessionError('ARGUMENT_INVALID', 'Call the methods of req.session on req.session')
}

/** Only {@link createRequestSession} makes objects that have the private symbol. */
function isInternals(value: unknown): value is Internals {
  return typeof value === 'object' && value !== null && 'entry' in value
}

function replacedError(): SessionError {
  return new SessionError('SESSION_MISSING', 'regenerate() or destroy() replaced this object: use req.session')
}

function ignore(): void {}
