import { SessionError } from '@kvsession/core'

/** The methods of a `MemcacheClient` of memcache-client that the store calls. */
export interface MemcachedClient {
  /** Resolves to `{ value, casUniq }`, or to `undefined` for an absent key. */
  gets(key: string): Promise<unknown>
  set(key: string, value: string, options: MemcachedWrite): Promise<unknown>
  /** Rejects with `NOT_STORED` if the key exists. */
  add(key: string, value: string, options: MemcachedWrite): Promise<unknown>
  /** Rejects with `EXISTS` for another version of the key, and with `NOT_FOUND` for an absent key. */
  cas(key: string, value: string, options: MemcachedWrite & { casUniq: string }): Promise<unknown>
  /** Rejects with `NOT_FOUND` for an absent key. */
  delete(key: string): Promise<unknown>
}

export interface MemcachedWrite {
  /** Unix time in seconds; 0 for never, negative for immediately. */
  lifetime: number
}

const methods = ['gets', 'set', 'add', 'cas', 'delete']

const hint =
  "Pass a client of one server: createMemcachedStore(new MemcacheClient({ server: '127.0.0.1:11211' })), with MemcacheClient of memcache-client, or a list of such clients"

/** @throws SessionError `STORE_INVALID` */
export function assertClient(value: unknown): asserts value is MemcachedClient {
  const missing = methods.find((name) => typeof propertyOf(value, name) !== 'function')
  if (missing !== undefined) throw invalidClient(`got no client: ${missing}() is missing`)
  // `memcached` has these methods too, but with callbacks, and never calls back after its connection was lost.
  if (propertyOf(value, 'HashRing') !== undefined)
    throw invalidClient("cannot use the client of the package 'memcached'")
  const servers = propertyOf(propertyOf(propertyOf(value, 'options'), 'server'), 'servers')
  // With several servers it chooses one at random, so a session written to one would be missing on the next.
  if (Array.isArray(servers) && servers.length > 1)
    throw invalidClient(`cannot use a client of ${servers.length} servers`)
}

export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

export function invalidClient(problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The memcached store ${problem}. ${hint}`)
}
