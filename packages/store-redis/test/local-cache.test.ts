import { describeOn, type RedisEngine, startRedis } from 'engine-harness'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connect } from './support/drivers.ts'
import { later } from './support/requests.ts'

/** KVSESSION_CACHE_ROUNDS=1000 prints how long a deleted session could still be read. */
const rounds = Number(process.env.KVSESSION_CACHE_ROUNDS ?? 20)

describeOn('redis', { own: true })("node-redis's local cache", () => {
  let redis: RedisEngine
  beforeAll(async () => {
    redis = await startRedis({ own: true })
  })
  afterAll(() => redis.stop())

  it('serves what it has read without the server, and forgets what another process deletes or writes', async () => {
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
})
