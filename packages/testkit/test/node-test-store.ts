import { describe, it } from 'node:test'
import { createTestClock, testStore } from '@kvsession/testkit'
import { brokenStores, createBrokenStore } from './broken-stores.ts'

/** A program for `node --test`, which shows that the kit needs no particular runner. */
const mistake = brokenStores[process.env.KVSESSION_TESTKIT_MISTAKE ?? '']

testStore({
  describe,
  it,
  name: 'map store',
  methods: ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'],
  createStore: () => {
    const clock = createTestClock()
    return { store: createBrokenStore(mistake ?? (() => ({})), clock.now), clock }
  }
})
