import { createSessionManager } from '@kvsession/core'
import { describeOn, type RedisEngine, startProxy, startRedis } from 'engine-harness'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RedisStore } from '../src/index.ts'
import { type Connected, connect, type DriverName, driverNames } from './support/drivers.ts'
import { later, recovered, secret } from './support/requests.ts'

describeOn('redis', { own: true })('a connection to Redis that breaks', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    redis = await startRedis({ own: true })
  })
  afterAll(() => redis.stop())

  /** Cuts after 0, 1, 2 … bytes of the answer, on a connection that is open already, until the call gets all of it. */
  async function cutEverywhere(
    driver: DriverName,
    call: (store: RedisStore, turn: number) => Promise<unknown>,
    answer: unknown
  ): Promise<number> {
    const proxy = await startProxy(redis)
    const { store, end } = connect(driver, proxy.url)
    try {
      for (let bytes = 0; ; bytes++) {
        await recovered(store)
        proxy.cutAfter(bytes)
        const outcome = await call(store, bytes).catch((error: unknown) => error)
        if (outcome instanceof Error) continue
        expect(outcome).toEqual(answer)
        return bytes
      }
    } finally {
      end()
      await proxy.close()
    }
  }

  describe.each(driverNames)('%s', (driver) => {
    let direct: Connected
    beforeAll(() => {
      direct = connect(driver, redis.url)
    })
    afterAll(() => direct.end())

    it('cut at any byte of an answer: a read is never absence, a write old or new and never a refusal', async () => {
      const { store } = direct
      await store.set('read', 'value', later)
      expect(await cutEverywhere(driver, (cut) => cut.get('read'), 'value')).toBeGreaterThan(10)
      const create = async (cut: RedisStore, turn: number): Promise<unknown> => {
        const key = `${driver.replace(' ', '.')}.created.${turn}`
        const outcome = await cut.compareAndSet(key, undefined, 'value', later).catch((error: unknown) => error)
        expect([undefined, 'value']).toContain(await store.get(key))
        return outcome
      }
      expect(await cutEverywhere(driver, create, true)).toBeGreaterThan(2)
      const replace = async (cut: RedisStore): Promise<unknown> => {
        await store.set('replaced', 'old', later)
        const outcome = await cut.compareAndSet('replaced', 'old', 'new', later).catch((error: unknown) => error)
        expect(['old', 'new']).toContain(await store.get('replaced'))
        return outcome
      }
      expect(await cutEverywhere(driver, replace, true)).toBeGreaterThan(2)
      const remove = async (cut: RedisStore): Promise<unknown> => {
        await store.set('deleted', 'old', later)
        const outcome = await cut.delete('deleted').catch((error: unknown) => error)
        expect([undefined, 'old']).toContain(await store.get('deleted'))
        return outcome
      }
      expect(await cutEverywhere(driver, remove, undefined)).toBeGreaterThan(2)
    })

    it('with lost answers an update of the session manager counts once', async () => {
      const proxy = await startProxy(redis)
      const through = connect(driver, proxy.url)
      const manager = createSessionManager({ store: through.store, secret, storeTimeout: 5_000 })
      const session = await manager.open('')
      session.data.count = 0
      await manager.commit(session)
      for (let counted = 1; counted <= 8; counted++) {
        // The answer to the script, `:1`, has four bytes: up to three of them arrive.
        // Drivers go on greeting a new connection while they use it: none of those answers may be what is cut.
        for (let quiet = 0; quiet < 3; quiet++) await recovered(through.store)
        proxy.cutAfter(counted % 4)
        await session.update((data) => {
          data.count = Number(data.count) + 1
        })
        expect(session.data.count).toBe(counted)
      }
      await manager.close()
      through.end()
      await proxy.close()
    })
  })
})
