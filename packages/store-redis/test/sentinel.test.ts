import { describeOn, type RedisEngine, startRedis, startRedisSentinel } from 'engine-harness'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createRedisStore, type RedisStore } from '../src/index.ts'
import { later } from './support/requests.ts'

describeOn('redis', { own: true })('behind a sentinel', () => {
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

  async function failOver(store: RedisStore): Promise<void> {
    expect(await store.compareAndSet('key', undefined, 'before', later)).toBe(true)
    while ((await replica.command('EXISTS', 'key')) !== '1');
    await master.kill()
    let found: unknown
    while (found !== 'before') {
      found = await Promise.race([
        store.get('key').catch(() => 'failed'),
        new Promise((resolve) => setTimeout(resolve, 300, 'late'))
      ])
      // An outage, and never a session that is gone.
      expect(['before', 'failed', 'late']).toContain(found)
    }
    // The script cache of the new master is empty.
    expect(await store.compareAndSet('key', 'before', 'after', later)).toBe(true)
    expect(await replica.command('GET', 'key')).toBe(`${later} after`)
    const keys: string[] = []
    for await (const key of store.keys('k')) keys.push(key)
    expect(keys).toEqual(['key'])
  }

  it("ioredis follows a failover: a while of failures, then the new master's sessions", {
    timeout: 60_000
  }, async () => {
    const client = new Redis({
      sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      name: 'main',
      maxRetriesPerRequest: 0
    })
    client.on('error', () => undefined)
    await failOver(createRedisStore(client))
    client.disconnect()
  })

  it("node-redis follows a failover: a while of failures, then the new master's sessions", {
    timeout: 60_000
  }, async () => {
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
      scanInterval: 500
    })
    client.on('error', () => undefined)
    await client.connect()
    await failOver(createRedisStore(client))
    await client.destroy()
  })
})
