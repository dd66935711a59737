import { Redis } from 'ioredis'
import { createClient, createClientPool } from 'redis'
import { describeOn, type RedisEngine, startRedis } from 'test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRedisStore, type RedisStore } from '../src/index.ts'
import { type Connected, connect, driverNames } from './support/drivers.ts'
import { later } from './support/requests.ts'

const ignore = (): void => undefined

describeOn('redis', { own: true })('The connection for writes that wait for replicas', () => {
  let master: RedisEngine
  let replica: RedisEngine
  beforeAll(async () => {
    master = await startRedis({ own: true })
    replica = await startRedis({ own: true, replicaOf: master.port })
  })
  afterAll(async () => {
    await replica.stop()
    await master.stop()
  })

  /** Connections of clients, except the one that runs the command. */
  async function connections(): Promise<number> {
    return (await master.command('CLIENT', 'LIST', 'TYPE', 'NORMAL')).trim().split('\n').length - 1
  }

  const connectionsAre = (expected: number): Promise<unknown> =>
    vi.waitUntil(async () => (await connections()) === expected, { timeout: 10_000 })

  describe.each(driverNames)('%s', (driver) => {
    let connected: Connected
    let store: RedisStore
    beforeEach(async () => {
      await connectionsAre(0)
      connected = connect(driver, master.url, { waitReplicas: 1, waitTimeout: 5_000 })
      store = connected.store
    })
    afterEach(() => connected.end())

    it('The first write opens the connection, and close() of the store closes it but not the client', async () => {
      await store.get('key')
      expect(await connections()).toBe(1)
      await store.set('key', 'value', later)
      expect(await connections()).toBe(2)
      await store.close()
      await connectionsAre(1)
      expect(await store.get('key')).toBe('value')
      await store.close()
    })

    it('The end of the client closes the connection, so that the process can end', async () => {
      const other = connect(driver, master.url, { waitReplicas: 1, waitTimeout: 5_000 })
      await connectionsAre(2)
      await other.store.set('key', 'value', later)
      expect(await connections()).toBe(3)
      other.end()
      await connectionsAre(1)
    })

    it('Concurrent writes share one WAIT', async () => {
      await store.compareAndSet('first', undefined, 'value', later)
      await master.command('CONFIG', 'RESETSTAT')
      const keys = Array.from({ length: 50 }, (_, index) => `${driver}.${index}`)
      const written = await Promise.all(keys.map((key) => store.compareAndSet(key, undefined, 'value', later)))
      expect(written).toEqual(keys.map(() => true))
      const [, waits] = /cmdstat_wait:calls=(\d+)/.exec(await master.command('INFO', 'commandstats')) ?? []
      expect(Number(waits)).toBeLessThanOrEqual(2)
      await Promise.all(keys.concat('first').map((key) => store.delete(key)))
    })

    it('The connection recovers with the server', async () => {
      await store.set('key', 'value', later)
      await master.restart()
      await vi.waitUntil(() => store.set('key', 'new', later).then(() => true, ignore), {
        timeout: 20_000,
        interval: 20
      })
      expect(await store.get('key')).toBe('new')
      await store.close()
    })

    it('Errors of the connection are emitted on the client', async () => {
      const errors: unknown[] = []
      Reflect.apply(Reflect.get(connected.client, 'on'), connected.client, [
        'error',
        (error: unknown) => errors.push(error)
      ])
      await store.set('key', 'value', later)
      await master.kill()
      // One from each connection.
      await vi.waitUntil(() => errors.length >= 2, { timeout: 20_000 })
      await master.restart()
      await vi.waitUntil(async () => /slave0:.*online/.test(await master.command('INFO', 'replication')), {
        timeout: 20_000
      })
    })
  })

  it.each([
    [
      'node-redis',
      () => {
        const client = createClient({ url: master.url, socket: { reconnectStrategy: false } })
        client.on('error', ignore)
        client.connect().catch(ignore)
        return { client, listeners: () => client.listenerCount('end'), end: () => client.destroy() }
      }
    ],
    [
      'ioredis',
      () => {
        const client = new Redis(master.url, { maxRetriesPerRequest: 0, retryStrategy: () => null })
        client.on('error', ignore)
        return { client, listeners: () => client.listenerCount('end'), end: () => client.disconnect() }
      }
    ]
  ])(
    'A client of %s that never reconnects gets a new connection when it is lost, without additional listeners',
    async (_, open) => {
      const { client, listeners, end } = open()
      const store = createRedisStore(client, { waitReplicas: 1, waitTimeout: 5_000 })
      await store.set('key', 'value', later)
      const before = listeners()
      for (let round = 0; round < 12; round++) {
        const ids = Array.from(
          (await master.command('CLIENT', 'LIST', 'TYPE', 'NORMAL')).matchAll(/^id=(\d+) .*cmd=wait/gm)
        )
        expect(ids).toHaveLength(1)
        await master.command('CLIENT', 'KILL', 'ID', ids[0]?.[1] ?? '')
        await vi.waitUntil(() => store.set('key', `${round}`, later).then(() => true, ignore), { timeout: 10_000 })
        expect(await store.get('key')).toBe(`${round}`)
      }
      expect(listeners()).toBe(before)
      end()
    }
  )

  it('A client of node-redis with a local cache reads its own write on the other connection', async () => {
    const client = createClient({ url: master.url, RESP: 3, clientSideCache: { ttl: 60_000, maxEntries: 1_000 } })
    client.on('error', ignore)
    await client.connect()
    const store = createRedisStore(client, { waitReplicas: 1, waitTimeout: 5_000 })
    for (let round = 0; round < 200; round++) {
      await store.set('cached', `${round}`, later)
      expect(await store.get('cached')).toBe(`${round}`)
    }
    client.destroy()
  })

  it('A pool waits with a second client, which the store does not close', async () => {
    const pool = createClientPool({ url: master.url })
    pool.on('error', ignore)
    await pool.connect()
    const second = new Redis(master.url, { maxRetriesPerRequest: 0 })
    second.on('error', ignore)
    const store = createRedisStore(pool, { waitReplicas: 1, waitTimeout: 5_000, waitClient: second })
    expect(await store.compareAndSet('pooled', undefined, 'value', later)).toBe(true)
    expect(await replica.command('EXISTS', 'pooled')).toBe('1')
    expect(await store.get('pooled')).toBe('value')
    await store.close()
    expect(await second.ping()).toBe('PONG')
    second.disconnect()
    pool.destroy()
  })
})

describe('waitClient', () => {
  const url = 'redis://127.0.0.1:1'
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0 })
  const pool = createClientPool({ url })
  pool.on('error', ignore)

  it.each([
    ['without waitReplicas', { waitClient: client }, 'OPTION_INVALID', /set both, or neither/],
    ['that is the client itself', { waitReplicas: 1, waitClient: client }, 'OPTION_INVALID', /a second client/],
    ['of several connections', { waitReplicas: 1, waitClient: pool }, 'OPTION_INVALID', /one connection/],
    [
      'that repeats writes',
      { waitReplicas: 1, waitClient: new Redis(url, { lazyConnect: true }) },
      'STORE_INVALID',
      /repeats writes/
    ]
  ])('A waitClient %s is refused with a hint', (_, options, code, message) => {
    expect(() => createRedisStore(client, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) })
    )
  })
})
