import { createMemoryStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'

testStore({
  describe,
  it,
  name: 'memory store',
  createStore: () => {
    const clock = createTestClock()
    return { store: createMemoryStore({ clock }), clock }
  }
})

testStore({
  describe,
  it,
  name: 'memory store with a limit that is never reached',
  createStore: () => {
    const clock = createTestClock()
    return { store: createMemoryStore({ clock, maxEntries: 10_000 }), clock }
  }
})
