import { createTestClock, testStore } from '@kvsession/testkit'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { createClient, createClientPool, createCluster } from 'redis'
import { createClient as createClient5 } from 'redis5'
import { describeOn, type RedisCluster, type RedisEngine, startRedis, startRedisCluster } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createRedisStore, type RedisClient, type RedisStore, type RedisStoreOptions } from '../src/index.ts'
import { later } from './support/requests.ts'

const ignore = (): void => undefined

interface Shared {
  readonly client: RedisClient
  /** A command of the application, on its own connection. */
  ping(): Promise<unknown>
  end(): void
}

/** The settings of a queue such as BullMQ: a command waits for the server without limit, and is repeated. */
const ofQueue = { maxRetriesPerRequest: null, enableReadyCheck: false }

function shareNodeRedis(client: ReturnType<typeof createClient> | ReturnType<typeof createClient5>): Shared {
  client.on('error', ignore)
  client.connect().catch(ignore)
  return { client, ping: () => client.ping(), end: () => client.destroy() }
}

function shareIoredis(client: Redis | Redis5): Shared {
  client.on('error', ignore)
  return { client, ping: () => client.ping(), end: () => client.disconnect() }
}

const sharedClients: readonly (readonly [name: string, share: (url: string) => Shared])[] = [
  ['node-redis 6', (url) => shareNodeRedis(createClient({ url }))],
  ['node-redis 5', (url) => shareNodeRedis(createClient5({ url }))],
  ['ioredis 6', (url) => shareIoredis(new Redis(url, { ...ofQueue, keyPrefix: 'app:' }))],
  ['ioredis 5', (url) => shareIoredis(new Redis5(url, ofQueue))]
]

const sharedClusters: readonly (readonly [name: string, share: (urls: readonly string[]) => Shared])[] = [
  [
    'node-redis 6',
    (urls) => {
      const client = createCluster({ rootNodes: urls.map((url) => ({ url })), useReplicas: true })
      client.on('error', ignore)
      const connected = client.connect()
      return { client, ping: () => connected.then(() => client.get('none')), end: () => client.destroy() }
    }
  ],
  ['ioredis 6', (urls) => shareCluster(new Cluster([...urls], { scaleReads: 'slave', redisOptions: ofQueue }))],
  ['ioredis 5', (urls) => shareCluster(new Cluster5([...urls], { keyPrefix: 'app:' }))]
]

function shareCluster(client: Cluster | Cluster5): Shared {
  client.on('error', ignore)
  return { client, ping: () => client.get('none'), end: () => client.disconnect() }
}

describeOn('redis', { own: true })('A separate connection of the store next to a shared client', () => {
  let server: RedisEngine
  beforeAll(async () => {
    server = await startRedis({ own: true })
  })
  afterAll(() => server.stop())

  const open = (shared: Shared, options: RedisStoreOptions = {}) =>
    createRedisStore(shared.client, { ownConnection: true, ...options })

  /** Connections of clients, except the one that runs the command. */
  async function connections(): Promise<number> {
    return (await server.command('CLIENT', 'LIST', 'TYPE', 'NORMAL')).trim().split('\n').length - 1
  }

  const connectionsAre = (expected: number): Promise<unknown> =>
    vi.waitUntil(async () => (await connections()) === expected, { timeout: 10_000 })

  describe.each(sharedClients)('%s', (name, share) => {
    const create = (): Shared => share(server.url)

    it('The first call opens the connection, and close() of the store closes it but not the client', async () => {
      await connectionsAre(0)
      const shared = create()
      await shared.ping()
      const store = open(shared)
      expect(await connections()).toBe(1)
      await store.set('key', 'value', later)
      expect(await store.get('key')).toBe('value')
      expect(await connections()).toBe(2)
      await store.close()
      await connectionsAre(1)
      await shared.ping()
      await expect(store.get('key')).rejects.toThrow()
      shared.end()
    })

    it('The connection ends with the client, so that the process can end', async () => {
      await connectionsAre(0)
      const shared = create()
      await shared.ping()
      const store = open(shared)
      await store.get('key')
      shared.end()
      await connectionsAre(0)
      await expect(store.get('key')).rejects.toThrow()
      expect(await connections()).toBe(0)
    })

    it('waitReplicas opens a third connection', async () => {
      await connectionsAre(0)
      const shared = create()
      await shared.ping()
      const store = open(shared, { waitReplicas: 1, waitTimeout: 10 })
      await expect(store.set('key', 'value', later)).rejects.toThrow('replica')
      await store.get('key').catch(ignore)
      expect(await connections()).toBe(3)
      await store.close()
      await connectionsAre(1)
      shared.end()
    })

    it("The client's own retries and prefix stay unchanged", async () => {
      const shared = create()
      const store = open(shared)
      await store.set('plain', 'value', later)
      expect(await server.command('EXISTS', 'plain')).toBe('1')
      await server.command('DEL', 'plain')
      await store.close()
      if (name.startsWith('ioredis')) expect(shared.client).toHaveProperty('options.maxRetriesPerRequest', null)
      shared.end()
    })
  })

  it('Errors of the connection are emitted on the client', async () => {
    const own = await startRedis({ own: true })
    const client = new Redis(own.url, ofQueue)
    const errors: unknown[] = []
    client.on('error', (error: unknown) => errors.push(error))
    const store = createRedisStore(client, { ownConnection: true })
    await store.set('key', 'value', later)
    await own.kill()
    // One from each connection.
    await vi.waitUntil(() => errors.length >= 2, { timeout: 20_000 })
    client.disconnect()
    await own.stop()
  })
})

describeOn('redis', { own: true })('The Redis store next to a shared client', () => {
  describe.each(sharedClients)('%s', (_name, share) => {
    let server: RedisEngine
    let shared: Shared
    let store: RedisStore
    const clock = createTestClock(Date.now())
    beforeAll(async () => {
      server = await startRedis({ own: true })
      shared = share(server.url)
      store = createRedisStore(shared.client, { ownConnection: true, clock })
    })
    afterAll(async () => {
      shared.end()
      await server.stop()
    })
    testStore({
      describe,
      it,
      name: 'store',
      methods: ['getMany', 'compareAndSet', 'keys', 'watch', 'close'],
      async createStore() {
        await server.command('FLUSHALL')
        // The suite closes its store, but this one serves all cases.
        return { store: { ...store, close: async () => undefined }, clock }
      },
      createFailingStore() {
        const lost = share('redis://127.0.0.1:1')
        const failing = createRedisStore(lost.client, { ownConnection: true })
        lost.end()
        return failing
      }
    })
  })
})

describeOn('redis', { own: true })('A separate connection of the store next to a shared cluster client', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
  })
  afterAll(() => cluster.stop())

  it.each(sharedClusters)('%s', async (_name, share) => {
    const shared = share(cluster.urls)
    await shared.ping()
    const store = createRedisStore(shared.client, { ownConnection: true })
    const keys = Array.from({ length: 20 }, (_, index) => `cluster.${index}`)
    expect(await Promise.all(keys.map((key) => store.compareAndSet(key, undefined, 'value', later)))).toEqual(
      keys.map(() => true)
    )
    const listed: string[] = []
    for await (const key of store.keys('cluster.')) listed.push(key)
    expect(listed.sort()).toEqual(keys.sort())
    await Promise.all(keys.map((key) => store.delete(key)))
    await store.close()
    await shared.ping()
    shared.end()
  })
})

describe('ownConnection', () => {
  const url = 'redis://127.0.0.1:1'

  it('ownConnection is refused with a hint for a client that cannot be duplicated', () => {
    const pool = createClientPool({ url })
    pool.on('error', ignore)
    expect(() => createRedisStore(pool, { ownConnection: true })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(/remove ownConnection/) })
    )
  })

  it('ownConnection accepts only a boolean', () => {
    const options = JSON.parse('{ "ownConnection": "yes" }')
    const client = new Redis(url, { lazyConnect: true })
    expect(() => createRedisStore(client, options)).toThrow('ownConnection must be true or false. [OPTION_INVALID]')
  })

  it('The error for an ioredis client that repeats writes names ownConnection', () => {
    const client = new Redis(url, { lazyConnect: true })
    expect(() => createRedisStore(client)).toThrow(/maxRetriesPerRequest: 0.*ownConnection: true/)
  })
})
