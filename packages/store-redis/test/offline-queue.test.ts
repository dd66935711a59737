import { createSessionManager } from '@kvsession/core'
import { describeOn, type RedisEngine, startRedis } from 'engine-harness'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectWithoutQueue, driverNames } from './support/drivers.ts'
import { begin, recovered, secret, visit } from './support/requests.ts'

describeOn('redis', { own: true })('a client without an offline queue', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    // Every write is on the disk before it is answered: a kill loses nothing that was acknowledged.
    redis = await startRedis({ own: true, settings: { appendonly: 'yes', appendfsync: 'always' } })
  })
  afterAll(() => redis.stop())

  it.each(driverNames)(
    '%s: while Redis is down a logout is refused at once, and does not happen later',
    async (driver) => {
      const { store, end } = await connectWithoutQueue(driver, redis.url)
      // A queue would hold the logout until Redis is back.
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
})
