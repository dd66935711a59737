import { createSessionManager } from '@kvsession/core'
import { describeOn, type RedisEngine, startRedis } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connect, connectWithoutQueue, driverNames } from './support/drivers.ts'
import { begin, later, recovered, secret, visit } from './support/requests.ts'

describeOn('redis', { own: true })('A client without an offline queue', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    // Every write is on the disk before its response, so a kill loses no acknowledged write.
    redis = await startRedis({ own: true, settings: { appendonly: 'yes', appendfsync: 'always' } })
  })
  afterAll(() => redis.stop())

  it.each(driverNames)(
    'A logout while Redis is down is refused immediately and does not happen later: %s',
    async (driver) => {
      const { store, end } = await connectWithoutQueue(driver, redis.url)
      // A queue would keep the logout until Redis is available again.
      const manager = createSessionManager({ store, secret, storeTimeout: '15s' })
      const cookie = await begin(manager)
      const leaving = await manager.open({ cookie })
      await redis.kill()
      await expect(visit(manager, cookie)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 })
      await expect(leaving.destroy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 })
      await redis.restart()
      await recovered(store)
      expect(await visit(manager, cookie)).toBe(0)
      await manager.close()
      end()
    }
  )

  it.each(driverNames)('A new connection of the store accepts concurrent first calls: %s', async (driver) => {
    const { client, end } = await connectWithoutQueue(driver, redis.url)
    const store = createRedisStore(client, { ownConnection: true })
    expect(await Promise.all(['a', 'b', 'c'].map((key) => store.get(key)))).toEqual([undefined, undefined, undefined])
    await store.close()
    end()
  })

  it.each(driverNames)(
    'A connection of the store has no offline queue, whatever the client has: %s',
    async (driver) => {
      const { client, end } = connect(driver, redis.url)
      const store = createRedisStore(client, { ownConnection: true })
      await recovered(store)
      await store.set('kept', 'a', later)
      await redis.kill()
      await expect(store.get('kept')).rejects.toThrow()
      await expect(store.delete('kept')).rejects.toThrow()
      await redis.restart()
      await recovered(store)
      expect(await store.get('kept')).toBe('a')
      await store.close()
      end()
    }
  )

  it.each(driverNames)(
    'A connection of the store that finds no Redis at first works once it is up: %s',
    async (driver) => {
      const { client, end } = await connectWithoutQueue(driver, redis.url)
      const store = createRedisStore(client, { ownConnection: true })
      await redis.kill()
      const first = store.get('kept').catch(() => undefined)
      await redis.restart()
      await recovered(store)
      await first
      await store.close()
      end()
    }
  )
})
