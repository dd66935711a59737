import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createStoreFolder } from './support/store-folder.ts'

const seconds = new Map<KeyValueStore, () => KeyValueStore>()
const createStore = (inTheWay = false) => {
  const clock = createTestClock()
  const folder = createStoreFolder()
  if (inTheWay) {
    mkdirSync(dirname(folder.path), { recursive: true })
    writeFileSync(folder.path, 'a file where the folder should be')
  }
  const store = folder.open({ clock, durability: 'normal' })
  seconds.set(store, () => folder.open({ clock, durability: 'normal' }))
  return { store, clock, cleanup: () => folder.remove() }
}

testStore({
  describe,
  it,
  name: 'files',
  methods: ['compareAndSet', 'keys', 'deleteExpired', 'close'],
  createStore: () => createStore(),
  createSecondStore: (first) => seconds.get(first)?.() ?? first,
  createFailingStore: () => createStore(true)
})
