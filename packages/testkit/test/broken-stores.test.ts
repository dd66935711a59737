import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, type StoreUnderTest, storeCases } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { brokenStores, createBrokenStore, type Mistake } from './broken-stores.ts'
import { expectedFailures } from './expected-failures.ts'
import { failingCases } from './failing-cases.ts'
import { createMapStore } from './map-store.ts'

const methods = ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'] as const

describe('a store with one mistake fails exactly the cases that name it', () => {
  it.each(Object.entries(brokenStores))('%s', async (name, mistake) => {
    expect((await failuresByClock(mistake)).sort()).toEqual(expectedFailures[name]?.toSorted())
  })

  it('every case catches some mistake', () => {
    const caught = new Set(Object.values(expectedFailures).flat())
    const idle = storeCases({ methods, createStore: () => createMapStore(Date.now) })
      .map(({ group, name }) => `${group}: ${name}`)
      .filter((title) => !caught.has(title) && !/^(?:methods|clock): /.test(title))
    expect(idle).toEqual([])
  })

  it('every mistake is caught by some case, and the correct store by none', async () => {
    expect(Object.keys(expectedFailures).sort()).toEqual(Object.keys(brokenStores).sort())
    expect(Object.entries(expectedFailures).filter(([, failures]) => failures.length === 0)).toEqual([])
    expect(await failuresByClock(() => ({}))).toEqual([])
  })
})

describe('in real time, without a clock to inject', () => {
  it.each(['ignores expiry on get', 'lets an expired value match its old text', 'moves the deadline on every read'])(
    'the same cases fail: %s',
    async (name) => {
      const mistake = brokenStores[name] ?? (() => ({}))
      const failures = await failingCases({ methods, createStore: () => createBrokenStore(mistake, Date.now) })
      expect(failures.sort()).toEqual(expectedFailures[name]?.toSorted())
    }
  )

  it.each(['rounds deadlines down to seconds', 'lives for at least one second'])(
    'the case about milliseconds fails: %s',
    async (name) => {
      const mistake = brokenStores[name] ?? (() => ({}))
      const failures = await failingCases({ methods, createStore: () => createBrokenStore(mistake, Date.now) })
      expect(failures).toContain('expiry: a value is live until its deadline, to the millisecond and not to the second')
    }
  )
})

describe('mistakes that only a second handle shows', () => {
  it('a cache per handle that does not see what the other one wrote', async () => {
    const createStore = (): StoreUnderTest => {
      const clock = createTestClock()
      return { store: createMapStore(clock.now), clock }
    }
    const failures = await failingCases({ createStore, methods, createSecondStore: withReadCache })
    expect(failures).toContain('get, set, delete: get sees every write that resolved before the call began')
    expect(failures).toContain('races: 50 concurrent increments by compareAndSet lose nothing')
  })

  it('closing one handle closes the engine of the other', async () => {
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
    expect(failures).toEqual(['close: closing one handle leaves the engine to the others'])
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
