import { SessionError } from '@kvsession/core'

/**
 * What the store calls of node-redis 5 and 6: the client of `createClient`, `createClientPool`, `createCluster`, or
 * `createSentinel` with `maxCommandRediscovers: 0`. With another number a sentinel client sends a write again whose answer
 * was lost, is told that nothing was written, and a change counts twice; the store cannot see that setting.
 */
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
  /** Missing on a cluster, where each key may belong to another server. */
  readonly getMany?: ((keys: readonly string[]) => Promise<unknown>) | undefined
  /** The first characters of a value. */
  head(key: string, length: number): Promise<unknown>
  set(key: string, value: string, expiresAt: number): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, key: string, args: string[]): Promise<unknown>
  evalSha(sha1: string, key: string, args: string[]): Promise<unknown>
  /** Every master. */
  masters(): Promise<readonly Scan[]>
  /** How many replicas have what the connection has written so far; missing where a client has several connections. */
  readonly wait?: ((replicas: number, milliseconds: number) => Promise<unknown>) | undefined
  /** Opens another connection to the same server. `onEnd` is called when this client is closed. */
  readonly duplicate?: ((onEnd: () => void) => Duplicate) | undefined
  /** Where a client keeps what it has read: resolves when it has heard of what another connection has written by now. */
  readonly catchUp?: ((key: string) => Promise<unknown>) | undefined
}

export interface Duplicate {
  readonly client: RedisClient
  /** Resolves when it takes commands; the first call opens it. */
  open(): Promise<unknown>
  /** Lost, and not to be opened again by the driver. */
  isClosed(): boolean
  end(): void
}

const clients =
  'createRedisStore(client) takes the client of createClient(), createClientPool(), createSentinel() or createCluster() of redis, or a Redis or Cluster of ioredis'

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
  // A sentinel client may send what only reads to a replica (`replicaPoolSize`), unless it is told not to.
  const onMaster = hasMethods(client, ['acquire'])
    ? async (...args: string[]): Promise<unknown> => call(client, 'sendCommand', [false, args])
    : undefined
  return {
    get: (key) => onMaster?.('GET', key) ?? client.get(key),
    getMany: isCluster ? undefined : (keys) => onMaster?.('MGET', ...keys) ?? mGet(client, 'mGet', keys),
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
    // WAIT has to go where the write went: a client that can watch keys has one connection.
    wait: hasMethods(client, ['watch'])
      ? async (replicas, milliseconds) => call(client, 'wait', [replicas, milliseconds])
      : undefined,
    duplicate: hasMethods(client, ['watch', 'duplicate']) ? (onEnd) => duplicateNodeRedis(client, onEnd) : undefined,
    // The server announces a write before it answers what it is asked afterwards. Not by `get`, which reads the cache.
    catchUp: propertyOf(client, 'clientSideCache')
      ? async (key) => call(client, 'sendCommand', [['GETRANGE', key, '0', '0']])
      : undefined
  }
}

/** @returns `undefined` for a client that its driver cannot duplicate: a pool, a sentinel client of node-redis. */
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

/** With the settings that the store needs, whatever those of the client are. */
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
      // After a failure the driver tries again by itself.
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

/** Emits its errors on the client that the store was given, so that the listeners there get them. */
export function copyOf(
  client: object,
  overrides: readonly unknown[],
  onEnd: () => void
): { copy: object; forget: () => void } {
  const copy = call(client, 'duplicate', overrides)
  if (typeof copy !== 'object' || copy === null) throw misfit('duplicate() gives no client', clients)
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
    throw misfit('keyPrefix hides keys', 'Leave it out, and set the namespace of the manager')
  if (isCluster && ![undefined, 'master'].includes(asText(propertyOf(options, 'scaleReads')))) {
    throw misfit('scaleReads reads what is out of date', "Set scaleReads: 'master'")
  }
  return {
    get: (key) => client.get(key),
    getMany: isCluster ? undefined : (keys) => mGet(client, 'mget', keys),
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

/** The cluster forgets a master whose connection ended, and goes on without its keys: each slot must have one. */
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
  const repeats = 'it repeats writes whose answer was lost'
  if (isCluster) {
    if (propertyOf(options, 'retryDelayOnFailover') !== 0)
      throw misfit(repeats, 'Set retryDelayOnFailover: 0', ownConnection)
    // Without it a node's connection is never opened again.
    if (typeof propertyOf(options, 'clusterNodeRetryStrategy') !== 'function') return
  }
  const connection = isCluster ? propertyOf(options, 'redisOptions') : options
  if (propertyOf(connection, 'maxRetriesPerRequest') === 0) return
  if (propertyOf(connection, 'autoResendUnfulfilledCommands') === false) return
  throw misfit(
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
    if (!Array.isArray(keys)) throw misfit('scan() gives no page of keys', clients)
    return { cursor: String(next), keys: keys.map(String) }
  }
}

function incomplete(): Error {
  return new Error('The cluster client does not reach every master now. List the keys again when it does')
}

const ownConnection = ', or set ownConnection: true for a client that serves others too'

function misfit(what: string, cure: string, otherCure = ''): SessionError {
  return new SessionError('STORE_INVALID', `The Redis store cannot use this client: ${what}. ${cure}${otherCure}`)
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
  if (typeof method !== 'function') throw misfit(`${name}() is missing`, clients)
  return Reflect.apply(method, target, args)
}

export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function asText(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value)
}
