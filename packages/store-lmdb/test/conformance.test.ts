import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createLmdbFile } from './support/lmdb-file.ts'

const seconds = new Map<KeyValueStore, () => KeyValueStore>()
const createStore = async () => {
  const clock = createTestClock()
  const file = createLmdbFile()
  const { store, database } = file.open({ clock })
  seconds.set(store, () => file.open({ clock }).store)
  return { store, clock, database, cleanup: () => file.remove() }
}

testStore({
  describe,
  it,
  name: 'LMDB',
  methods: ['compareAndSet', 'keys', 'deleteExpired', 'close'],
  createStore,
  createSecondStore: (first) => seconds.get(first)?.() ?? first,
  createFailingStore: async () => {
    const created = await createStore()
    await created.database.close()
    return created
  }
})
