import { SessionError } from '@kvsession/core'

/**
 * The methods of node-redis 5 and 6 that the store calls: the client of `createClient`, `createClientPool`,
 * `createCluster`, or `createSentinel` with `maxCommandRediscovers: 0`. With another number, a sentinel client repeats a
 * write whose reply was lost, so a change is applied twice. The store cannot detect that setting.
 */
export interface NodeRedisClient {
  get(key: string): Promise<unknown>
  getRange(key: string, start: number, end: number): Promise<unknown>
  set(key: string, value: string, options: { expiration: { type: 'PXAT'; value: number } }): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** The methods of ioredis 5 and 6 that the store calls: a `Redis`, with or without sentinels, or a `Cluster`. */
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

/** One server with keys. Returns a page of them at a cursor. */
export type Scan = (cursor: string, pattern: string, count: number) => Promise<ScanPage>

/** The commands of the store, independent of the driver. */
export interface RedisCommands {
  get(key: string): Promise<unknown>
  /** One command; on a cluster one for each key, sent together, because each key may belong to a different server. */
  getMany(keys: readonly string[]): Promise<unknown>
  /** The first characters of a value. */
  head(key: string, length: number): Promise<unknown>
  set(key: string, value: string, expiresAt: number): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, key: string, args: string[]): Promise<unknown>
  evalSha(sha1: string, key: string, args: string[]): Promise<unknown>
  /** Every master. */
  masters(): Promise<readonly Scan[]>
  /** The number of replicas that have all writes of the connection. Missing if a client has several connections. */
  readonly wait?: ((replicas: number, milliseconds: number) => Promise<unknown>) | undefined
  /** Opens another connection to the same server. `onEnd` is called when this client is closed. */
  readonly duplicate?: ((onEnd: () => void) => Duplicate) | undefined
  /** For a client with a local cache: resolves once it has been notified of the writes of other connections. */
  readonly catchUp?: ((key: string) => Promise<unknown>) | undefined
}

export interface Duplicate {
  readonly client: RedisClient
  /** Resolves when it accepts commands. The first call opens it. */
  open(): Promise<unknown>
  /** True if the connection is lost and the driver will not reopen it. */
  isClosed(): boolean
  end(): void
}

const clients =
  'createRedisStore(client) takes the client of createClient(), createClientPool(), createSentinel() or createCluster() of redis, or a Redis or Cluster of ioredis'

/** @throws SessionError `STORE_INVALID` */
export function commandsOf(client: RedisClient): RedisCommands {
  if (typeof client !== 'object' || client === null) throw invalidClient('it is not a client', clients)
  if (hasMethods(client, ['get', 'getRange', 'set', 'del', 'eval', 'evalSha'])) return nodeRedis(asNodeRedis(client))
  if (hasMethods(client, ['get', 'getrange', 'set', 'del', 'eval', 'evalsha'])) return ioredis(asIoredis(client))
  throw invalidClient('it lacks the commands of a client', clients)
}

function nodeRedis(client: NodeRedisClient): RedisCommands {
  assertListened(client)
  const isCluster = hasMethods(client, ['nodeClient'])
  const options = propertyOf(client, '_options')
  if (propertyOf(options, 'useReplicas') === true) throw invalidClient('useReplicas reads outdated data', 'Remove it')
  // By default a sentinel client may send read-only commands to a replica (`replicaPoolSize`).
  const onMaster = hasMethods(client, ['acquire'])
    ? async (...args: string[]): Promise<unknown> => call(client, 'sendCommand', [false, args])
    : undefined
  return {
    get: (key) => onMaster?.('GET', key) ?? client.get(key),
    getMany: isCluster
      ? (keys) => Promise.all(keys.map((key) => client.get(key)))
      : (keys) => onMaster?.('MGET', ...keys) ?? mGet(client, 'mGet', keys),
    head: (key, length) => onMaster?.('GETRANGE', key, '0', String(length - 1)) ?? client.getRange(key, 0, length - 1),
    set: (key, value, at) => client.set(key, value, { expiration: { type: 'PXAT', value: at } }),
    del: (key) => client.del(key),
    eval: (script, key, args) => client.eval(script, { keys: [key], arguments: args }),
    evalSha: (sha1, key, args) => client.evalSha(sha1, { keys: [key], arguments: args }),
    async masters() {
      if (onMaster !== undefined) {
        const scan = (...args: [string, string, number]) => onMaster('SCAN', ...ioredisScanArgs(...args).map(String))
        return [pagesBy(scan)]
      }
      if (!isCluster) return [scanOf(client, nodeScanArgs)]
      const masters: unknown = propertyOf(client, 'masters')
      if (!Array.isArray(masters) || masters.length === 0) throw incomplete()
      const nodes = await Promise.all(masters.map((node: unknown) => call(client, 'nodeClient', [node])))
      return nodes.map((node) => scanOf(node, nodeScanArgs))
    },
    // WAIT must use the connection of the write. A client that can watch keys has one connection.
    wait: hasMethods(client, ['watch'])
      ? async (replicas, milliseconds) => call(client, 'wait', [replicas, milliseconds])
      : undefined,
    duplicate: hasMethods(client, ['watch', 'duplicate']) ? (onEnd) => duplicateNodeRedis(client, onEnd) : undefined,
    // The server sends the invalidation before the reply to a later command. Not with `get`, which reads the cache.
    catchUp: propertyOf(client, 'clientSideCache')
      ? async (key) => call(client, 'sendCommand', [['GETRANGE', key, '0', '0']])
      : undefined
  }
}

/** @returns `undefined` for a client that cannot be duplicated: a pool, or a sentinel client of node-redis. */
export function duplicateOf(client: RedisClient, onEnd: () => void): Duplicate | undefined {
  if (!hasMethods(client, ['duplicate', 'get', 'set', 'del', 'eval'])) return undefined
  if (hasMethods(client, ['evalsha'])) return duplicateIoredis(client, onEnd)
  assertListened(client)
  return duplicateNodeRedis(client, onEnd)
}

function duplicateNodeRedis(client: object, onEnd: () => void): Duplicate {
  const overrides = { clientSideCache: undefined, useReplicas: false, disableOfflineQueue: true }
  const { copy, forget } = copyOf(client, [overrides], onEnd)
  let opening: Promise<unknown> | undefined
  const open = (): Promise<unknown> => {
    if (opening === undefined || propertyOf(copy, 'isOpen') === false) {
      opening = Promise.resolve(call(copy, 'connect', []))
      opening.catch(() => undefined)
    }
    return opening
  }
  const end = (): void => {
    forget()
    try {
      call(copy, 'destroy', [])
    } catch {
      // It is closed.
    }
  }
  const isClosed = (): boolean => opening !== undefined && propertyOf(copy, 'isOpen') === false
  return { client: asNodeRedis(copy), open, isClosed, end }
}

/** Uses the settings that the store needs, regardless of those of the client. */
function duplicateIoredis(client: object, onEnd: () => void): Duplicate {
  const options = { lazyConnect: true, maxRetriesPerRequest: 0, keyPrefix: '' }
  const { copy, forget } = copyOf(
    client,
    propertyOf(client, 'isCluster') === true
      ? [[], clusterOptions(client, options)]
      : [{ ...options, enableOfflineQueue: false }],
    onEnd
  )
  let opening: Promise<unknown> | undefined
  const open = async (): Promise<void> => {
    if (propertyOf(copy, 'status') === 'wait') opening = Promise.resolve(call(copy, 'connect', []))
    try {
      await opening
    } finally {
      // The driver retries by itself after a failure.
      opening = undefined
    }
  }
  const end = (): void => {
    forget()
    call(copy, 'disconnect', [])
  }
  const isClosed = (): boolean => propertyOf(copy, 'status') === 'end'
  return { client: asIoredis(copy), open, isClosed, end }
}

function clusterOptions(client: object, options: object): object {
  const redisOptions = Object(propertyOf(propertyOf(client, 'options'), 'redisOptions'))
  return {
    ...options,
    retryDelayOnFailover: 0,
    scaleReads: 'master',
    redisOptions: { ...redisOptions, maxRetriesPerRequest: 0, keyPrefix: '' }
  }
}

/** Emits its errors on the client that was passed to the store, so that its listeners receive them. */
export function copyOf(
  client: object,
  overrides: readonly unknown[],
  onEnd: () => void
): { copy: object; forget: () => void } {
  const copy = call(client, 'duplicate', overrides)
  if (typeof copy !== 'object' || copy === null) throw invalidClient('duplicate() returns no client', clients)
  const report = (error: unknown): void => {
    if (call(client, 'listenerCount', ['error']) !== 0) call(client, 'emit', ['error', error])
  }
  call(copy, 'on', ['error', report])
  call(client, 'once', ['end', onEnd])
  return { copy, forget: () => void call(client, 'off', ['end', onEnd]) }
}

function ioredis(client: IoredisClient): RedisCommands {
  const isCluster = propertyOf(client, 'isCluster') === true
  const options = propertyOf(client, 'options')
  assertNeverRepeats(options, isCluster)
  if (propertyOf(options, 'keyPrefix'))
    throw invalidClient('keyPrefix hides keys', 'Remove it, and set the namespace of the manager')
  if (isCluster && ![undefined, 'master'].includes(asString(propertyOf(options, 'scaleReads')))) {
    throw invalidClient('scaleReads reads outdated data', "Set scaleReads: 'master'")
  }
  return {
    get: (key) => client.get(key),
    getMany: isCluster
      ? (keys) => Promise.all(keys.map((key) => client.get(key)))
      : (keys) => mGet(client, 'mget', keys),
    head: (key, length) => client.getrange(key, 0, length - 1),
    set: (key, value, at) => client.set(key, value, 'PXAT', at),
    del: (key) => client.del(key),
    eval: (script, key, args) => client.eval(script, 1, key, ...args),
    evalSha: (sha1, key, args) => client.evalsha(sha1, 1, key, ...args),
    async masters() {
      const nodes = isCluster ? ioredisMasters(client) : [client]
      return nodes.map((node) => scanOf(node, ioredisScanArgs))
    },
    wait: isCluster ? undefined : async (replicas, milliseconds) => call(client, 'wait', [replicas, milliseconds]),
    duplicate: isCluster ? undefined : (onEnd) => duplicateIoredis(client, onEnd)
  }
}

/** The cluster client drops a master whose connection ended and continues without its keys, so every slot must have one. */
function ioredisMasters(client: object): readonly unknown[] {
  const nodes: unknown = call(client, 'nodes', ['master'])
  const slots: unknown = propertyOf(client, 'slots')
  if (!Array.isArray(nodes) || !Array.isArray(slots) || slots.length === 0) throw incomplete()
  const addressOf = (node: unknown): string => {
    const options = propertyOf(node, 'options')
    return `${propertyOf(options, 'host')}:${propertyOf(options, 'port')}`
  }
  const known = new Set(nodes.map(addressOf))
  const isKnown = (slot: unknown): boolean => !Array.isArray(slot) || known.has(String(slot[0]))
  if (!slots.every(isKnown)) throw incomplete()
  return nodes
}

/** Without a listener, the end of any connection ends the process. */
function assertListened(client: object): void {
  const count = hasMethods(client, ['listenerCount']) ? call(client, 'listenerCount', ['error']) : 1
  if (count === 0) {
    throw invalidClient(
      'it has no error listener, so a restart of the server would end this process',
      "Call client.on('error', report) first"
    )
  }
}

/** If the driver repeats a write that was applied, the reply is "not written". */
function assertNeverRepeats(options: unknown, isCluster: boolean): void {
  const repeats = 'it repeats writes whose reply was lost'
  if (isCluster) {
    if (propertyOf(options, 'retryDelayOnFailover') !== 0)
      throw invalidClient(repeats, 'Set retryDelayOnFailover: 0', ownConnection)
    // Without it, a node's connection is never reopened.
    if (typeof propertyOf(options, 'clusterNodeRetryStrategy') !== 'function') return
  }
  const connection = isCluster ? propertyOf(options, 'redisOptions') : options
  if (propertyOf(connection, 'maxRetriesPerRequest') === 0) return
  if (propertyOf(connection, 'autoResendUnfulfilledCommands') === false) return
  throw invalidClient(
    repeats,
    isCluster ? 'Set redisOptions: { maxRetriesPerRequest: 0 }' : 'Set maxRetriesPerRequest: 0',
    ownConnection
  )
}

async function mGet(client: object, name: 'mGet' | 'mget', keys: readonly string[]): Promise<unknown> {
  return call(client, name, [keys])
}

type ScanArgs = (cursor: string, pattern: string, count: number) => readonly unknown[]

const nodeScanArgs: ScanArgs = (cursor, pattern, count) => [cursor, { MATCH: pattern, COUNT: count }]
const ioredisScanArgs: ScanArgs = (cursor, pattern, count) => [cursor, 'MATCH', pattern, 'COUNT', count]

function scanOf(node: unknown, argsOf: ScanArgs): Scan {
  return pagesBy(async (...args) => call(node, 'scan', argsOf(...args)))
}

function pagesBy(scan: (cursor: string, pattern: string, count: number) => Promise<unknown>): Scan {
  return async (cursor, pattern, count) => {
    const page = await scan(cursor, pattern, count)
    const [next, keys]: unknown[] = Array.isArray(page) ? page : [propertyOf(page, 'cursor'), propertyOf(page, 'keys')]
    if (!Array.isArray(keys)) throw invalidClient('scan() returns no page of keys', clients)
    return { cursor: String(next), keys: keys.map(String) }
  }
}

function incomplete(): Error {
  return new Error('The cluster client cannot reach every master now. List the keys again later')
}

const ownConnection = ', or set ownConnection: true for a client that other code uses too'

function invalidClient(problem: string, hint: string, otherHint = ''): SessionError {
  return new SessionError('STORE_INVALID', `The Redis store cannot use this client: ${problem}. ${hint}${otherHint}`)
}

export function hasMethods(value: object, names: readonly string[]): boolean {
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

export function call(target: unknown, name: string, args: readonly unknown[]): unknown {
  const method = propertyOf(target, name)
  if (typeof method !== 'function') throw invalidClient(`${name}() is missing`, clients)
  return Reflect.apply(method, target, args)
}

export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function asString(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value)
}
