import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, type StoreCaseOptions, storeCases } from '@kvsession/testkit'
import { expect, it } from 'vitest'
import { failingCases } from './failing-cases.ts'
import { createMapStore } from './map-store.ts'

it('A test clock starts now, in the middle of a second, and never behind the clock of an engine', () => {
  const before = Date.now()
  const start = createTestClock().now()
  expect(start).toBeGreaterThan(before)
  expect(start).toBeLessThan(Date.now() + 1_300)
  expect(start % 1_000).toBe(250)
})

/** A store whose engine removes values that have expired by the system clock, regardless of the store's clock. */
function createExpiringStore(now: () => number): KeyValueStore {
  const engine = createMapStore(Date.now)
  const store = createMapStore(now)
  return {
    ...store,
    get: async (key) => ((await engine.get(key)) === undefined ? undefined : store.get(key)),
    async set(key, value, expiresAt) {
      await engine.set(key, value, expiresAt)
      await store.set(key, value, expiresAt)
    },
    async compareAndSet(key, expected, value, expiresAt) {
      const wrote = await store.compareAndSet(key, expected, value, expiresAt)
      if (wrote) await engine.set(key, value, expiresAt)
      return wrote
    }
  }
}

function optionsAt(start?: number): StoreCaseOptions {
  return {
    methods: ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'],
    createStore() {
      const clock = createTestClock(start)
      return { store: createExpiringStore(clock.now), clock }
    }
  }
}

it('A store whose engine expires keys by its own time passes with the default test clock', async () => {
  expect(await failingCases(optionsAt())).toEqual([])
})

it('The first case names the clock if it is behind the engine', async () => {
  const [first] = storeCases(optionsAt(Date.UTC(2025, 0, 1)))
  await expect(first?.run()).rejects.toThrow(
    /binding's clock is at 2025-01-01T.*the system clock at .*createTestClock\(\)/s
  )
})
