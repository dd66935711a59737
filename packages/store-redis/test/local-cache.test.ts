import { createSessionManager, type SessionManager } from '@kvsession/core'
import { createClient } from 'redis'
import { describeOn, type RedisEngine, startProxy, startRedis } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connect } from './support/drivers.ts'
import { begin, later, recovered, secret } from './support/requests.ts'

/** KVSESSION_CACHE_ROUNDS=1000 prints how long a deleted session can still be read. */
const rounds = Number(process.env.KVSESSION_CACHE_ROUNDS ?? 20)

describeOn('redis', { own: true })('The local cache of node-redis', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    redis = await startRedis({ own: true })
  })
  afterAll(() => redis.stop())

  it('The cache serves its entries without the server, and drops those that another process deletes or writes', async () => {
    const cached = createClient({ url: redis.url, RESP: 3, clientSideCache: { ttl: 60_000, maxEntries: 10_000 } })
    cached.on('error', () => undefined)
    await cached.connect()
    const reader = createRedisStore(cached)
    const other = connect('node-redis 6', redis.url)
    const delays: number[] = []
    for (let round = 0; round < rounds; round++) {
      const key = `key.${round}`
      await other.store.set(key, 'value', later)
      expect(await reader.get(key)).toBe('value')
      await redis.command('CONFIG', 'RESETSTAT')
      expect(await reader.get(key)).toBe('value')
      expect(await redis.command('INFO', 'commandstats')).not.toContain('cmdstat_get:')
      await other.store.delete(key)
      const deleted = performance.now()
      while ((await reader.get(key)) !== undefined) await new Promise((resolve) => setImmediate(resolve))
      delays.push(performance.now() - deleted)
    }
    if (rounds > 100) {
      delays.sort((a, b) => a - b)
      const at = (share: number): string => (delays[Math.floor(rounds * share)] ?? 0).toFixed(2)
      console.log(
        `readable after the delete was acknowledged, ms: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(0.9999)}`
      )
    }
    other.end()
    cached.destroy()
  })

  it('The cache is cleared when the connection ends, and after its ttl when the connection is silent', async () => {
    const proxy = await startProxy(redis)
    const cached = createClient({ url: proxy.url, RESP: 3, clientSideCache: { ttl: 500, maxEntries: 10_000 } })
    cached.on('error', () => undefined)
    await cached.connect()
    const reader = createRedisStore(cached)
    const other = connect('node-redis 6', redis.url)
    for (const key of ['cut', 'silent']) {
      await other.store.set(key, 'value', later)
      await recovered(reader)
      expect(await reader.get(key)).toBe('value')
      if (key === 'cut') {
        proxy.cutAll()
        while (cached.isReady) await new Promise((resolve) => setImmediate(resolve))
      } else proxy.freeze()
      await other.store.delete(key)
      const read = (): Promise<unknown> =>
        Promise.race([
          reader.get(key).catch(() => 'failed'),
          new Promise((resolve) => setTimeout(resolve, 100, 'no answer'))
        ])
      if (key === 'cut') expect(await read()).not.toBe('value')
      else while ((await read()) === 'value');
      proxy.thaw()
      await recovered(reader)
      expect(await reader.get(key)).toBeUndefined()
    }
    other.end()
    cached.destroy()
    await proxy.close()
  })

  it('Two processes that update one session, one of them with a cache, lose no update', async () => {
    const cached = createClient({ url: redis.url, RESP: 3, clientSideCache: { ttl: 60_000, maxEntries: 10_000 } })
    cached.on('error', () => undefined)
    await cached.connect()
    const other = connect('node-redis 6', redis.url)
    const managers = [createRedisStore(cached), other.store].map((store) =>
      createSessionManager({ store, secret, storeTimeout: 5_000 })
    )
    const [first] = managers
    const cookie = first === undefined ? '' : await begin(first)
    const count = async (manager: SessionManager): Promise<void> => {
      for (let round = 0; round < 30; round++) {
        const session = await manager.open(cookie)
        await session.update((data) => {
          data.count = Number(data.count) + 1
        })
      }
    }
    await Promise.all(managers.map(count))
    expect((await managers[1]?.open(cookie))?.data.count).toBe(60)
    for (const manager of managers) await manager.close()
    other.end()
    cached.destroy()
  })
})
