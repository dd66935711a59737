import { createCachedStore } from '@kvsession/core/cached-store'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { createSentinel as createSentinel5 } from 'redis5'
import { describeOn, type RedisEngine, startProxy, startRedis, startRedisSentinel } from 'test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRedisStore, type RedisStore } from '../src/index.ts'
import { connect } from './support/drivers.ts'
import { later, recovered } from './support/requests.ts'

interface Watched {
  readonly store: RedisStore
  end(): Promise<void> | void
}

async function openIoredis(port: number): Promise<Watched> {
  const client = new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: 'main', maxRetriesPerRequest: 0 })
  client.on('error', () => undefined)
  return { store: createRedisStore(client), end: () => client.disconnect() }
}

const clients: readonly (readonly [string, (port: number) => Promise<Watched>])[] = [
  ['ioredis', openIoredis],
  [
    'node-redis 6',
    async (port) => {
      const client = createSentinel(sentinelOptions(port))
      client.on('error', () => undefined)
      await client.connect()
      return { store: createRedisStore(client), end: () => client.destroy() }
    }
  ],
  [
    'node-redis 5',
    async (port) => {
      const client = createSentinel5(sentinelOptions(port))
      client.on('error', () => undefined)
      await client.connect()
      return { store: createRedisStore(client), end: () => client.destroy() }
    }
  ]
]

const sentinelOptions = (port: number) => ({
  name: 'main',
  sentinelRootNodes: [{ host: '127.0.0.1', port }],
  scanInterval: 500,
  // As in the README.
  maxCommandRediscovers: 0,
  // Reads go to the replica, except those of the store.
  replicaPoolSize: 1
})

describeOn('redis', { own: true })('Redis behind a sentinel', () => {
  let master: RedisEngine
  let replica: RedisEngine
  let sentinel: RedisEngine
  beforeEach(async () => {
    master = await startRedis({ own: true })
    replica = await startRedis({ own: true, replicaOf: master.port })
    while (!(await replica.command('INFO', 'replication')).includes('master_link_status:up'));
    sentinel = await startRedisSentinel(master)
    while (!(await sentinel.command('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)));
  })
  afterEach(async () => {
    await sentinel.stop()
    await replica.stop()
    await master.stop()
  })

  describe.each(clients)('%s', (_, open) => {
    it("After a failover, calls fail for a while and then reach the new master's sessions", {
      timeout: 60_000
    }, async () => {
      const { store, end } = await open(sentinel.port)
      expect(await store.compareAndSet('key', undefined, 'before', later)).toBe(true)
      while ((await replica.command('EXISTS', 'key')) !== '1');
      await master.kill()
      let found: unknown
      while (found !== 'before') {
        found = await Promise.race([
          store.get('key').catch(() => 'failed'),
          new Promise((resolve) => setTimeout(resolve, 300, 'late'))
        ])
        // This is an outage, not an absent session.
        expect(['before', 'failed', 'late']).toContain(found)
      }
      // The script cache of the new master is empty.
      expect(await store.compareAndSet('key', 'before', 'after', later)).toBe(true)
      expect(await replica.command('GET', 'key')).toBe(`${later} after`)
      expect(await keysOf(store, 'k')).toEqual(['key'])
      await end()
    })

    it('Reads see the latest write, however far behind the replica is', async () => {
      const { store, end } = await open(sentinel.port)
      replica.freeze()
      for (let round = 0; round < 20; round++) {
        expect(await store.compareAndSet(`key.${round}`, undefined, 'value', later)).toBe(true)
        expect(await store.get(`key.${round}`)).toBe('value')
      }
      expect(await keysOf(store, 'key.')).toHaveLength(20)
      replica.thaw()
      await end()
    })
  })
})

describeOn('redis', { own: true })('A cached store behind a sentinel', () => {
  it('A cached store behind a sentinel receives hints of the writes to the new master after a failover', {
    timeout: 60_000
  }, async () => {
    const master = await startRedis({ own: true })
    const replica = await startRedis({ own: true, replicaOf: master.port })
    while (!(await replica.command('INFO', 'replication')).includes('master_link_status:up'));
    const sentinel = await startRedisSentinel(master)
    while (!(await sentinel.command('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)));
    const [reader, writer] = [await openIoredis(sentinel.port), await openIoredis(sentinel.port)]
    const asked: string[] = []
    const get = (key: string): Promise<string | undefined> => {
      asked.push(key)
      return reader.store.get(key)
    }
    // Nothing leaves the memory for its age.
    const cached = createCachedStore({ ...reader.store, get }, { clock: { now: () => 0 } })
    const read = (): Promise<unknown> => cached.getCached('key', () => true).catch(() => 'failed')
    const held = async (): Promise<void> => {
      for (let before = -1; before !== asked.length; ) {
        before = asked.length
        await read()
      }
    }
    await writer.store.set('key', 'before', later)
    await held()
    while ((await replica.command('EXISTS', 'key')) !== '1');
    await master.kill()
    while ((await writer.store.set('key', 'after', later).catch(() => 'failed')) === 'failed')
      await recovered(writer.store)
    while ((await read()) !== 'after') await new Promise((resolve) => setImmediate(resolve))
    await held()
    await writer.store.delete('key')
    while ((await read()) !== undefined) await new Promise((resolve) => setImmediate(resolve))
    await cached.close?.()
    for (const one of [reader, writer]) await one.end()
    for (const server of [sentinel, replica, master]) await server.stop()
  })

  it('A sentinel client of node-redis is refused, because it has no watch', async () => {
    const client = createSentinel(sentinelOptions(1))
    client.on('error', () => undefined)
    const lacks = expect.objectContaining({ code: 'STORE_LACKS_METHOD' })
    expect(() => createCachedStore(createRedisStore(client))).toThrow(lacks)
  })
})

describeOn('redis', { own: true })('A write behind a sentinel whose response is lost', () => {
  it.each(clients)('A lost response is an error, not a refused write: %s', { timeout: 60_000 }, async (_, open) => {
    const master = await startRedis({ own: true })
    const proxy = await startProxy(master)
    // There is no failover here: a master that is slow on a busy machine must not count as down.
    const sentinel = await startRedisSentinel(proxy, { downAfter: 20_000 })
    const direct = connect('node-redis 6', master.url)
    const { store, end } = await open(sentinel.port)
    for (let round = 0; round < 5; round++) {
      await recovered(store)
      await recovered(store)
      const write = store.compareAndSet(`key.${round}`, undefined, 'value', later).catch(() => 'failed')
      proxy.cutAfter(0)
      expect(await write).toBe('failed')
      expect([undefined, 'value']).toContain(await direct.store.get(`key.${round}`))
    }
    await end()
    direct.end()
    await sentinel.stop()
    await proxy.close()
    await master.stop()
  })
})

async function keysOf(store: RedisStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys(prefix)) keys.push(key)
  return keys
}
