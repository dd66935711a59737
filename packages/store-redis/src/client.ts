import { SessionError } from '@kvsession/core'

/** What the store calls of node-redis 5 and 6: the client of `createClient`, `createSentinel` or `createCluster`. */
export interface NodeRedisClient {
  get(key: string): Promise<unknown>
  getRange(key: string, start: number, end: number): Promise<unknown>
  set(key: string, value: string, options: { expiration: { type: 'PXAT'; value: number } }): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** What the store calls of ioredis 5 and 6: a `Redis`, with sentinels or without, or a `Cluster`. */
export interface IoredisClient {
  get(key: string): Promise<unknown>
  getrange(key: string, start: number, end: number): Promise<unknown>
  set(key: string, value: string, mode: 'PXAT', time: number): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>
  evalsha(sha1: string, keys: number, ...args: string[]): Promise<unknown>
}

export type RedisClient = NodeRedisClient | IoredisClient

export interface ScanPage {
  readonly cursor: string
  readonly keys: readonly string[]
}

/** One server that holds keys: it is asked for a page of them at a cursor. */
export type Scan = (cursor: string, pattern: string, count: number) => Promise<ScanPage>

/** The commands of the store, whichever driver sends them. */
export interface RedisCommands {
  get(key: string): Promise<unknown>
  /** The first characters of a value. */
  head(key: string, length: number): Promise<unknown>
  set(key: string, value: string, expiresAt: number): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, key: string, args: string[]): Promise<unknown>
  evalSha(sha1: string, key: string, args: string[]): Promise<unknown>
  /** Every master. */
  masters(): Promise<readonly Scan[]>
  /** How many replicas have what this connection wrote; `undefined` where a client has several connections. */
  readonly wait: ((replicas: number, milliseconds: number) => Promise<unknown>) | undefined
}

const clients =
  'createRedisStore(client) takes the client of createClient(), createSentinel() or createCluster() of redis, or a Redis or Cluster of ioredis'

/** @throws SessionError `STORE_INVALID` */
export function commandsOf(client: RedisClient): RedisCommands {
  if (typeof client !== 'object' || client === null) throw misfit('it is no client', clients)
  if (hasMethods(client, ['get', 'getRange', 'set', 'del', 'eval', 'evalSha'])) return nodeRedis(asNodeRedis(client))
  if (hasMethods(client, ['get', 'getrange', 'set', 'del', 'eval', 'evalsha'])) return ioredis(asIoredis(client))
  throw misfit('it lacks the commands of a client', clients)
}

function nodeRedis(client: NodeRedisClient): RedisCommands {
  assertListened(client)
  const isCluster = hasMethods(client, ['nodeClient'])
  const options = propertyOf(client, '_options')
  if (propertyOf(options, 'useReplicas') === true) throw misfit('useReplicas reads what is out of date', 'Leave it out')
  return {
    get: (key) => client.get(key),
    head: (key, length) => client.getRange(key, 0, length - 1),
    set: (key, value, at) => client.set(key, value, { expiration: { type: 'PXAT', value: at } }),
    del: (key) => client.del(key),
    eval: (script, key, args) => client.eval(script, { keys: [key], arguments: args }),
    evalSha: (sha1, key, args) => client.evalSha(sha1, { keys: [key], arguments: args }),
    async masters() {
      if (!isCluster) return [scanOf(client, nodeScanArgs)]
      const masters: unknown = propertyOf(client, 'masters')
      const nodes = Array.isArray(masters) ? masters.map((node: unknown) => call(client, 'nodeClient', [node])) : []
      return (await Promise.all(nodes)).map((node) => scanOf(node, nodeScanArgs))
    },
    // A sentinel client keeps a pool of connections; only a plain one is sure to ask where it wrote.
    wait:
      isCluster || hasMethods(client, ['acquire'])
        ? undefined
        : async (replicas, milliseconds) => call(client, 'wait', [replicas, milliseconds])
  }
}

function ioredis(client: IoredisClient): RedisCommands {
  const isCluster = propertyOf(client, 'isCluster') === true
  const options = propertyOf(client, 'options')
  assertNeverRepeats(options, isCluster)
  if (propertyOf(options, 'keyPrefix'))
    throw misfit('keyPrefix hides keys', 'Leave it out, and set the namespace of the manager')
  if (isCluster && ![undefined, 'master'].includes(asText(propertyOf(options, 'scaleReads')))) {
    throw misfit('scaleReads reads what is out of date', "Set scaleReads: 'master'")
  }
  return {
    get: (key) => client.get(key),
    head: (key, length) => client.getrange(key, 0, length - 1),
    set: (key, value, at) => client.set(key, value, 'PXAT', at),
    del: (key) => client.del(key),
    eval: (script, key, args) => client.eval(script, 1, key, ...args),
    evalSha: (sha1, key, args) => client.evalsha(sha1, 1, key, ...args),
    async masters() {
      const nodes: unknown = isCluster ? call(client, 'nodes', ['master']) : [client]
      return (Array.isArray(nodes) ? nodes : []).map((node: unknown) => scanOf(node, ioredisScanArgs))
    },
    wait: isCluster ? undefined : async (replicas, milliseconds) => call(client, 'wait', [replicas, milliseconds])
  }
}

/** Without a listener the end of any connection ends the process. */
function assertListened(client: object): void {
  const count = hasMethods(client, ['listenerCount']) ? call(client, 'listenerCount', ['error']) : 1
  if (count === 0) {
    throw misfit(
      'nobody listens to its errors, so that a restart of the server would end this process',
      "Call client.on('error', report) first"
    )
  }
}

/** A write that the driver sends again after it was applied is answered with "not written". */
function assertNeverRepeats(options: unknown, isCluster: boolean): void {
  if (isCluster) {
    if (propertyOf(options, 'retryDelayOnFailover') === 0) return
    throw misfit('it repeats writes whose answer was lost', 'Set retryDelayOnFailover: 0')
  }
  if (propertyOf(options, 'maxRetriesPerRequest') === 0) return
  if (propertyOf(options, 'autoResendUnfulfilledCommands') === false) return
  throw misfit('it repeats writes whose answer was lost', 'Set maxRetriesPerRequest: 0')
}

type ScanArgs = (cursor: string, pattern: string, count: number) => readonly unknown[]

const nodeScanArgs: ScanArgs = (cursor, pattern, count) => [cursor, { MATCH: pattern, COUNT: count }]
const ioredisScanArgs: ScanArgs = (cursor, pattern, count) => [cursor, 'MATCH', pattern, 'COUNT', count]

function scanOf(node: unknown, argsOf: ScanArgs): Scan {
  return async (cursor, pattern, count) => {
    const page: unknown = await call(node, 'scan', argsOf(cursor, pattern, count))
    const [next, keys]: unknown[] = Array.isArray(page) ? page : [propertyOf(page, 'cursor'), propertyOf(page, 'keys')]
    if (!Array.isArray(keys)) throw misfit('scan() gives no page of keys', clients)
    return { cursor: String(next), keys: keys.map(String) }
  }
}

function misfit(what: string, cure: string): SessionError {
  return new SessionError('STORE_INVALID', `The Redis store cannot use this client: ${what}. ${cure}`)
}

function hasMethods(value: object, names: readonly string[]): boolean {
  return names.every((name) => typeof propertyOf(value, name) === 'function')
}

/** `commandsOf` has looked for the methods. */
function asNodeRedis(client: object): NodeRedisClient {
  return client as NodeRedisClient
}

/** `commandsOf` has looked for the methods. */
function asIoredis(client: object): IoredisClient {
  return client as IoredisClient
}

function call(target: unknown, name: string, args: readonly unknown[]): unknown {
  const method = propertyOf(target, name)
  if (typeof method !== 'function') throw misfit(`${name}() is missing`, clients)
  return Reflect.apply(method, target, args)
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function asText(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value)
}
