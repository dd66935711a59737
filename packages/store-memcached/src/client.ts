import { SessionError } from '@kvsession/core'

/** What the store calls of a `MemcacheClient` of memcache-client. */
export interface MemcachedClient {
  /** Resolves to `{ value, casUniq }`, or to `undefined` when nothing is there. */
  gets(key: string): Promise<unknown>
  set(key: string, value: string, options: MemcachedWrite): Promise<unknown>
  /** Rejects with `NOT_STORED` when something is there. */
  add(key: string, value: string, options: MemcachedWrite): Promise<unknown>
  /** Rejects with `EXISTS` or `NOT_FOUND` when something else, or nothing, is there. */
  cas(key: string, value: string, options: MemcachedWrite & { casUniq: string }): Promise<unknown>
  /** Rejects with `NOT_FOUND` when nothing is there. */
  delete(key: string): Promise<unknown>
}

export interface MemcachedWrite {
  /** Unix time in seconds; 0 for never, negative for at once. */
  lifetime: number
}

const methods = ['gets', 'set', 'add', 'cas', 'delete']

const cure =
  "Pass a client of one server: createMemcachedStore(new MemcacheClient({ server: '127.0.0.1:11211' })), with MemcacheClient of memcache-client, or a list of such clients"

/** @throws SessionError `STORE_INVALID` */
export function assertClient(value: unknown): asserts value is MemcachedClient {
  const missing = methods.find((name) => typeof propertyOf(value, name) !== 'function')
  if (missing !== undefined) throw misfit(`got no client: ${missing}() is missing`)
  // `memcached` has these methods too, with callbacks, and never answers a command whose connection was cut.
  if (propertyOf(value, 'HashRing') !== undefined) throw misfit("cannot use the client of the package 'memcached'")
  const servers = propertyOf(propertyOf(propertyOf(value, 'options'), 'server'), 'servers')
  // It asks one of several at random: a session written to one would be absent in the next.
  if (Array.isArray(servers) && servers.length > 1) throw misfit(`cannot use a client of ${servers.length} servers`)
}

export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

export function misfit(what: string): SessionError {
  return new SessionError('STORE_INVALID', `The memcached store ${what}. ${cure}`)
}
