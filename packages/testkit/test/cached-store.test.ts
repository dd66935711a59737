import { createMemoryStore, type KeyValueStore } from '@kvsession/core'
import { createCachedStore } from '@kvsession/core/cached-store'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'

const engines = new WeakMap<KeyValueStore, KeyValueStore>()

/** A cached store is a store: what it holds in memory is for the manager alone. */
function createHandle(engine: KeyValueStore): KeyValueStore {
  const store = createCachedStore(engine)
  engines.set(store, engine)
  return store
}

testStore({
  describe,
  it,
  name: 'cached store',
  methods: ['compareAndSet', 'keys', 'deleteExpired', 'watch', 'close'],
  createStore() {
    const clock = createTestClock()
    return { store: createHandle(createMemoryStore({ clock })), clock }
  },
  createSecondStore: (first) => createHandle(engines.get(first) ?? first)
})
