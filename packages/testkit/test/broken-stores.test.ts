import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, type StoreUnderTest, storeCases } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { brokenStores, createBrokenStore, type Mistake } from './broken-stores.ts'
import { expectedFailures } from './expected-failures.ts'
import { failingCases } from './failing-cases.ts'
import { createMapStore } from './map-store.ts'

const methods = ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'] as const

describe('Broken stores', () => {
  it.each(Object.entries(brokenStores))('A store that %s fails exactly the expected cases', async (name, mistake) => {
    expect((await failuresByClock(mistake)).sort()).toEqual(expectedFailures[name]?.toSorted())
  })

  it('Every case detects at least one mistake', () => {
    const caught = new Set(Object.values(expectedFailures).flat())
    const idle = storeCases({ methods, createStore: () => createMapStore(Date.now) })
      .map(({ group, name }) => `${group}: ${name}`)
      .filter((title) => !caught.has(title) && !/^(?:methods|clock): /.test(title))
    expect(idle).toEqual([])
  })

  it('Every mistake is detected by at least one case, and the correct store passes', async () => {
    expect(Object.keys(expectedFailures).sort()).toEqual(Object.keys(brokenStores).sort())
    expect(Object.entries(expectedFailures).filter(([, failures]) => failures.length === 0)).toEqual([])
    expect(await failuresByClock(() => ({}))).toEqual([])
  })
})

describe('Broken stores in real time, without an injected clock', () => {
  it.each(['ignores expiry on get', 'lets an expired value match', 'moves the deadline on every read'])(
    'A store that %s fails the same cases in real time',
    async (name) => {
      const mistake = brokenStores[name] ?? (() => ({}))
      const failures = await failingCases({ methods, createStore: () => createBrokenStore(mistake, Date.now) })
      expect(failures.sort()).toEqual(expectedFailures[name]?.toSorted())
    }
  )

  it.each(['rounds deadlines down to seconds', 'keeps every value for at least one second'])(
    'A store that %s fails the case about milliseconds in real time',
    async (name) => {
      const mistake = brokenStores[name] ?? (() => ({}))
      const failures = await failingCases({ methods, createStore: () => createBrokenStore(mistake, Date.now) })
      expect(failures).toContain('expiry: a value is live until the exact millisecond of its deadline')
    }
  )
})

describe('Mistakes that only a second handle detects', () => {
  it('A cache per handle that misses writes of the other handle is detected', async () => {
    const createStore = (): StoreUnderTest => {
      const clock = createTestClock()
      return { store: createMapStore(clock.now), clock }
    }
    const failures = await failingCases({ createStore, methods, createSecondStore: withReadCache })
    expect(failures).toContain('get, set, delete: get sees every write that resolved before the call began')
    expect(failures).toContain('races: 50 concurrent increments by compareAndSet lose no update')
  })

  it('A handle that closes the engine of the other handle is detected', async () => {
    const closed = new Set<KeyValueStore>()
    const createStore = (): StoreUnderTest => {
      const clock = createTestClock()
      const store: KeyValueStore = { ...createMapStore(clock.now), close: async () => void closed.add(store) }
      return { store, clock }
    }
    const createSecondStore = (first: KeyValueStore): KeyValueStore => ({
      ...first,
      get: async (key) => {
        if (closed.has(first)) throw new Error('the engine is closed')
        return first.get(key)
      }
    })
    const failures = await failingCases({ createStore, methods, createSecondStore })
    expect(failures).toEqual(['close: closing one handle does not close the others'])
  })
})

function failuresByClock(mistake: Mistake): Promise<string[]> {
  return failingCases({
    methods,
    createStore: () => {
      const clock = createTestClock()
      return { store: createBrokenStore(mistake, clock.now), clock }
    }
  })
}

function withReadCache(store: KeyValueStore): KeyValueStore {
  const cache = new Map<string, string | undefined>()
  return {
    ...store,
    get: async (key) => {
      if (!cache.has(key)) cache.set(key, await store.get(key))
      return cache.get(key)
    }
  }
}
