import { createTestClock, testStore } from '@kvsession/testkit'
import { describeOn, type RedisEngine, startRedis } from 'test-servers'
import { createStorage } from 'unstorage'
import redisDriver from 'unstorage/drivers/redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUnstorageStore } from '../src/index.ts'

describeOn('redis')('unstorage over Redis', () => {
  let redis: RedisEngine
  let bases = 0
  beforeAll(async () => {
    redis = await startRedis()
    // The user may connect but run no command, so every call of a store is refused without a lost connection.
    await redis.command('ACL', 'SETUSER', 'limited', 'on', '>nothing', '~*', '-@all', '+info', '+client', '+ping')
  })
  afterAll(() => redis.stop())

  const open = (user = '') => {
    const clock = createTestClock()
    const base = `unstorage-test-${process.pid}-${bases++}`
    const storage = createStorage({ driver: redisDriver({ base, url: redis.url.replace('//', `//${user}`) }) })
    return { store: createUnstorageStore(storage, { clock }), clock, base, cleanup: () => storage.dispose() }
  }

  testStore({
    describe,
    it,
    name: 'redis driver',
    methods: ['keys', 'deleteExpired'],
    createStore: () => open(),
    createFailingStore: () => open('limited:nothing@')
  })

  it('Redis gets a time to live beyond the deadline', async () => {
    const { store, clock, base, cleanup } = open()
    await store.set('key', 'value', clock.now() + 5_000)
    const left = Number.parseInt((await redis.command('PTTL', `${base}:key_`)).replace(':', ''), 10)
    expect(left).toBeGreaterThan(5_000)
    expect(left).toBeLessThanOrEqual(65_000)
    await cleanup()
  })

  it("A value that is not a string rejects with the driver's error", async () => {
    const { store, base, cleanup } = open()
    await redis.command('LPUSH', `${base}:key_`, 'a list')
    await expect(store.get('key')).rejects.toThrow('WRONGTYPE')
    await cleanup()
  })
})
