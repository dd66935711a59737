import { createSessionManager, type SessionManager } from '@kvsession/core'
import { describeOn, type RedisEngine, startRedis } from 'test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Connected, connect, driverNames } from './support/drivers.ts'
import { begin, later, recovered, secret, visit } from './support/requests.ts'

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
beforeAll(() => {
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
afterEach(() => expect(unhandled.splice(0)).toEqual([]))
afterAll(() => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
})

describeOn('redis', { own: true })('Failures of Redis', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    // Every write is on the disk before its response, so a kill loses no acknowledged write.
    redis = await startRedis({ own: true, settings: { appendonly: 'yes', appendfsync: 'always' } })
  })
  afterAll(() => redis.stop())

  describe.each(driverNames)('%s', (driver) => {
    let connected: Connected
    let manager: SessionManager
    beforeEach(async () => {
      connected = connect(driver, redis.url)
      await recovered(connected.store)
      manager = createSessionManager({ store: connected.store, secret, storeTimeout: 500 })
    })
    afterEach(async () => {
      await manager.close()
      connected.end()
    })

    it('A server that is down at the start is a 503 with a cookie, no error without one, and works once it is up', async () => {
      const cookie = await begin(manager)
      await redis.kill()
      const late = connect(driver, redis.url)
      const started = createSessionManager({ store: late.store, secret, storeTimeout: 500 })
      await expect(visit(started, cookie)).rejects.toMatchObject({ status: 503 })
      await started.commit(await started.open(''))
      await redis.restart()
      await recovered(late.store)
      expect(await visit(started, cookie)).toBe(0)
      await started.close()
      late.end()
    })

    it('A server killed while idle does not end the process, and requests get a 503 until it is up', async () => {
      const cookie = await begin(manager)
      await redis.kill()
      await expect(visit(manager, cookie)).rejects.toMatchObject({ status: 503 })
      await redis.restart()
      await recovered(connected.store)
      expect(await visit(manager, cookie)).toBe(0)
      expect(await visit(manager, cookie)).toBe(1)
    })

    it('A server killed under load loses no acknowledged write and restores no deleted session', async () => {
      const { store } = connected
      const keys = Array.from({ length: 20 }, (_, index) => `${driver.replace(' ', '.')}.${index}`)
      await Promise.all(keys.map((key) => store.set(key, '0', later)))
      const acknowledged = new Map(keys.map((key) => [key, 0]))
      let killed = false
      const traffic = keys.map(async (key, index) => {
        try {
          for (let count = 0; !killed; count++) {
            expect(await store.compareAndSet(key, String(count), String(count + 1), later)).toBe(true)
            acknowledged.set(key, count + 1)
            if (index % 5 === 0 && count === 3) {
              await store.delete(key)
              acknowledged.set(key, -1)
              return
            }
          }
        } catch {}
      })
      while ([...acknowledged.values()].filter((count) => count > 20 || count === -1).length < keys.length / 2) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      await redis.kill()
      killed = true
      await redis.restart()
      await Promise.all(traffic)
      await recovered(store)
      for (const [key, count] of acknowledged) {
        const found = await store.get(key)
        if (count === -1) expect(found).toBeUndefined()
        else expect([String(count), String(count + 1)]).toContain(found)
      }
    })

    it('A frozen server is an error within storeTimeout, keeps the cookie, and works again afterwards', async () => {
      const cookie = await begin(manager)
      redis.freeze()
      await expect(visit(manager, cookie)).rejects.toMatchObject({ code: 'STORE_TIMEOUT', status: 503 })
      redis.thaw()
      await recovered(connected.store)
      expect(await visit(manager, cookie)).toBe(0)
    })

    it('A full server allows reads and deletes, refuses writes, and logs no user out', async () => {
      const cookie = await begin(manager)
      const cookieToEnd = await begin(manager)
      await redis.command('CONFIG', 'SET', 'maxmemory', '1')
      await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      await expect(visit(manager, cookie)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      const session = await manager.open(cookie)
      expect(session.data.count).toBe(0)
      const ended = await manager.open(cookieToEnd)
      await ended.destroy()
      expect((await manager.open(cookieToEnd)).isNew).toBe(true)
      await redis.command('CONFIG', 'SET', 'maxmemory', '0')
      expect(await visit(manager, cookie)).toBe(0)
    })
  })
})
