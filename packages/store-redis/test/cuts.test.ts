import { createSessionManager } from '@kvsession/core'
import { describeOn, type RedisEngine, startProxy, startRedis } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RedisStore } from '../src/index.ts'
import { type Connected, connect, type DriverName, driverNames } from './support/drivers.ts'
import { later, recovered, secret } from './support/requests.ts'

/** KVSESSION_REDIS_CUTS=1 also cuts at every byte of a request. */
const step = Number(process.env.KVSESSION_REDIS_CUTS ?? 23)

describeOn('redis', { own: true })('A lost connection to Redis', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    redis = await startRedis({ own: true })
  })
  afterAll(() => redis.stop())

  /** Cuts after 0, 1, 2 … bytes of the response, on an open connection, until the call gets all of it. */
  async function cutEverywhere(
    driver: DriverName,
    call: (store: RedisStore, turn: number) => Promise<unknown>,
    answer: unknown,
    { direction = 'answers', step = 1 }: { direction?: 'answers' | 'requests'; step?: number } = {}
  ): Promise<number> {
    const proxy = await startProxy(redis)
    const { store, end } = connect(driver, proxy.url)
    try {
      for (let bytes = 0; ; bytes += step) {
        // Drivers keep sending greetings on a new connection while they use it.
        await recovered(store)
        await recovered(store)
        proxy.cutAfter(bytes, direction)
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

    it('A response cut at any byte never makes a read absent, and a write is old or new but never refused', async () => {
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
      const overwrite = async (cut: RedisStore): Promise<unknown> => {
        await store.set('overwritten', 'old', later)
        const outcome = await cut.set('overwritten', 'new', later).catch((error: unknown) => error)
        expect(['old', 'new']).toContain(await store.get('overwritten'))
        return outcome
      }
      expect(await cutEverywhere(driver, overwrite, undefined)).toBeGreaterThan(2)
      const list = async (cut: RedisStore): Promise<unknown> => {
        const keys: string[] = []
        for await (const key of cut.keys('read')) keys.push(key)
        return keys
      }
      expect(await cutEverywhere(driver, list, ['read'])).toBeGreaterThan(10)
    })

    it('A request cut at any byte has no effect', { timeout: step === 1 ? 300_000 : 30_000 }, async () => {
      const { store } = direct
      const cuts: [(cut: RedisStore) => Promise<unknown>, answer: unknown][] = [
        [(cut) => cut.compareAndSet('asked', 'old', 'new', later), true],
        [(cut) => cut.set('asked', 'new', later), undefined],
        [(cut) => cut.delete('asked'), undefined]
      ]
      for (const [call, answer] of cuts) {
        await store.set('asked', 'old', later)
        const ask = async (cut: RedisStore): Promise<unknown> => {
          const outcome = await call(cut).catch((error: unknown) => error)
          if (outcome instanceof Error) expect(await store.get('asked')).toBe('old')
          return outcome
        }
        expect(await cutEverywhere(driver, ask, answer, { direction: 'requests', step })).toBeGreaterThan(20)
      }
    })

    it('An update of the session manager with lost responses counts once', async () => {
      const proxy = await startProxy(redis)
      const through = connect(driver, proxy.url)
      const manager = createSessionManager({ store: through.store, secret, storeTimeout: 5_000 })
      const session = await manager.open('')
      session.data.count = 0
      await manager.commit(session)
      for (let counted = 1; counted <= 8; counted++) {
        // The response to the script, `:1`, has four bytes: up to three of them arrive.
        // Drivers keep sending greetings on a new connection; the responses to them must not be cut.
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
