import { AsyncLocalStorage } from 'node:async_hooks'
import { createSessionManager } from '@kvsession/core'
import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { describeOn, type RedisEngine, startRedis } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRedisStore, type RedisStore } from '../src/index.ts'
import { type Connected, connect, driverNames } from './support/drivers.ts'
import { begin, later, secret, visit } from './support/requests.ts'

const create: (client: unknown, options?: unknown) => RedisStore = (...args) =>
  Reflect.apply(createRedisStore, undefined, args)
const listening = <T extends { on(event: 'error', listener: () => void): unknown }>(client: T): T => {
  client.on('error', () => undefined)
  return client
}

describe('createRedisStore() with a client that it cannot use', () => {
  const url = 'redis://127.0.0.1:1'
  const lazy = { lazyConnect: true, maxRetriesPerRequest: 0 }

  it.each([
    ['undefined', undefined, /not a client.*createClient\(\)/],
    ['an address', url, /not a client/],
    ['another object', { get: () => undefined }, /lacks the commands/],
    ['node-redis without a listener', createClient({ url }), /no error listener.*client\.on\('error'/],
    ['a cluster without a listener', createCluster({ rootNodes: [{ url }] }), /no error listener/],
    [
      'a cluster client with useReplicas',
      listening(createCluster({ rootNodes: [{ url }], useReplicas: true })),
      /useReplicas/
    ],
    ['ioredis with default options', new Redis(url, { lazyConnect: true }), /repeats writes.*maxRetriesPerRequest: 0/],
    ['ioredis with a keyPrefix', new Redis(url, { ...lazy, keyPrefix: 'app:' }), /keyPrefix.*namespace/],
    ['an ioredis cluster with default options', new Cluster([url], { lazyConnect: true }), /retryDelayOnFailover: 0/],
    [
      'an ioredis cluster whose nodes reconnect and repeat',
      new Cluster([url], { lazyConnect: true, retryDelayOnFailover: 0, clusterNodeRetryStrategy: () => 50 }),
      /redisOptions: \{ maxRetriesPerRequest: 0 \}/
    ],
    [
      'a cluster that reads from replicas',
      new Cluster([url], { lazyConnect: true, retryDelayOnFailover: 0, scaleReads: 'slave' }),
      /scaleReads/
    ]
  ])('createRedisStore refuses %s', (_, client, message) => {
    const refused = expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringMatching(message) })
    expect(() => create(client)).toThrow(refused)
  })

  it.each([
    ['ioredis that repeats nothing', new Redis(url, lazy)],
    ['ioredis that drops lost commands', new Redis(url, { lazyConnect: true, autoResendUnfulfilledCommands: false })],
    ['a cluster', listening(createCluster({ rootNodes: [{ url }] }))],
    ['a pool', listening(createClientPool({ url }))],
    [
      'an ioredis cluster whose nodes reconnect and repeat nothing',
      new Cluster([url], {
        lazyConnect: true,
        retryDelayOnFailover: 0,
        clusterNodeRetryStrategy: () => 50,
        redisOptions: { maxRetriesPerRequest: 0 }
      })
    ],
    ['ioredis with sentinels', new Redis({ ...lazy, sentinels: [{ host: '127.0.0.1', port: 1 }], name: 'main' })]
  ])('createRedisStore accepts %s', (_, client) => {
    expect(create(client)).toHaveProperty('compareAndSet')
  })

  it.each([
    [{ waitReplicas: -1 }, /whole number of replicas/],
    [{ waitReplicas: 1.5 }, /whole number of replicas/],
    [{ waitReplicas: 1, waitTimeout: 0 }, /at least 1/]
  ])('createRedisStore refuses the options %j', (options, message) => {
    const refused = expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(message) })
    expect(() => create(new Redis(url, lazy), options)).toThrow(refused)
  })

  it('waitReplicas is refused for a client with several connections', () => {
    const refused = expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/one connection/)
    })
    const clients = [
      listening(createCluster({ rootNodes: [{ url }] })),
      listening(createClientPool({ url })),
      listening(createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] })),
      new Cluster([url], { lazyConnect: true, retryDelayOnFailover: 0 })
    ]
    for (const client of clients) expect(() => create(client, { waitReplicas: 1 })).toThrow(refused)
  })
})

describeOn('redis', { own: true })('The Redis store on a server', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    redis = await startRedis({ own: true })
  })
  afterAll(() => redis.stop())

  describe.each(driverNames)('%s', (driver) => {
    let connected: Connected
    let store: RedisStore
    beforeAll(() => {
      connected = connect(driver, redis.url)
      store = connected.store
    })
    afterAll(() => connected.end())

    it('A foreign value under a key is an error that names the key, and stays', async () => {
      await redis.command('SET', 'foreign', 'hello world')
      await redis.command('DEL', 'list')
      await redis.command('RPUSH', 'list', 'a')
      for (const key of ['foreign', 'list']) {
        const calls = [
          store.get(key),
          store.compareAndSet(key, undefined, 'value', later),
          store.compareAndSet(key, 'hello world', 'value', later)
        ]
        for (const outcome of await Promise.allSettled(calls)) {
          expect(outcome).toMatchObject({
            reason: { code: 'STORE_INVALID', message: expect.stringContaining(`did not write under ${key}`) }
          })
        }
      }
      expect(await redis.command('GET', 'foreign')).toBe('hello world')
      expect(await redis.command('LRANGE', 'list', 0, -1)).toBe('a')
      await redis.command('DEL', 'foreign', 'list')
    })

    it('An unreadable value never becomes a new session', async () => {
      const manager = createSessionManager({ store, secret, storeTimeout: 5_000 })
      const cookie = await begin(manager)
      const [key = ''] = (await redis.command('KEYS', '*')).split('\n').filter((name) => name.includes('.s.'))
      await redis.command('SET', key, 'hello')
      await expect(visit(manager, cookie)).rejects.toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' })
      await redis.command('FLUSHALL')
      await manager.close()
    })

    it('A call after a flush of the script cache works and loads the script once', async () => {
      await store.compareAndSet('flushed', undefined, '1', later)
      await redis.command('SCRIPT', 'FLUSH')
      expect(await store.compareAndSet('flushed', '1', '2', later)).toBe(true)
      await redis.command('CONFIG', 'RESETSTAT')
      expect(await store.compareAndSet('flushed', '2', '3', later)).toBe(true)
      expect(await redis.command('INFO', 'commandstats')).not.toContain('cmdstat_eval:')
      await store.delete('flushed')
    })

    it('The server removes a value a minute after its deadline, by an absolute time', async () => {
      const deadline = Date.now() + 3_600_000
      await store.compareAndSet('collected', undefined, 'value', deadline)
      expect(Number(await redis.command('PEXPIRETIME', 'collected'))).toBe(deadline + 60_000)
      await store.set('collected', 'value', deadline + 1)
      expect(Number(await redis.command('PEXPIRETIME', 'collected'))).toBe(deadline + 60_001)
    })

    it('keys() pages through more keys than one page, without KEYS', async () => {
      await redis.command('FLUSHALL')
      const names = Array.from({ length: 1_700 }, (_, index) => `page.${index}`)
      await Promise.all(names.map((name) => store.set(name, 'value', later)))
      await store.set('other', 'value', later)
      await redis.command('CONFIG', 'RESETSTAT')
      const found: string[] = []
      for await (const key of store.keys('page.')) found.push(key)
      expect(found.sort()).toEqual(names.sort())
      for (const pattern of ['pag?', 'p[a]ge', '*', 'page\\']) {
        for await (const key of store.keys(pattern)) expect.unreachable(`${pattern} found ${key}`)
      }
      const stats = await redis.command('INFO', 'commandstats')
      expect(stats).not.toMatch(/^cmdstat_keys:/m)
      expect(stats).toMatch(/^cmdstat_scan:calls=[1-9]\d/m)
    })

    it('The store keeps the async context of its caller', async () => {
      const context = new AsyncLocalStorage<string>()
      const seen = await context.run('mine', async () => {
        await store.compareAndSet('context', undefined, 'value', later)
        await store.get('context')
        await store.delete('context')
        return context.getStore()
      })
      expect(seen).toBe('mine')
    })
  })

  it('A pool of node-redis works like one client', async () => {
    const pool = createClientPool({ url: redis.url }, { minimum: 2, maximum: 4 })
    pool.on('error', () => undefined)
    await pool.connect()
    const store = createRedisStore(pool)
    const writes = Array.from({ length: 50 }, (_, index) => store.compareAndSet('pool', undefined, `${index}`, later))
    expect((await Promise.all(writes)).filter(Boolean)).toEqual([true])
    const keys: string[] = []
    for await (const key of store.keys('poo')) keys.push(key)
    expect(keys).toEqual(['pool'])
    await store.delete('pool')
    expect(await store.get('pool')).toBeUndefined()
    pool.destroy()
  })
})
