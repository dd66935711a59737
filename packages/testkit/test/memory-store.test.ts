import { createMemoryStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'

testStore({
  describe,
  it,
  name: 'memory store',
  methods: ['compareAndSet', 'keys', 'deleteExpired', 'watch'],
  createStore: () => {
    const clock = createTestClock()
    return { store: createMemoryStore({ clock }), clock }
  }
})

testStore({
  describe,
  it,
  name: 'memory store with a limit that is never reached',
  methods: ['compareAndSet', 'keys', 'deleteExpired', 'watch'],
  createStore: () => {
    const clock = createTestClock()
    return { store: createMemoryStore({ clock, maxEntries: 10_000 }), clock }
  }
})
