import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createKeyvStore } from '../src/index.ts'
import { createKeyvOf, createWithoutIterator, keyvVersions } from './support/keyvs.ts'

for (const version of keyvVersions) {
  const over = (adapter: () => unknown, clock = createTestClock()) => ({
    store: createKeyvStore(createKeyvOf(version, adapter()), { clock }),
    clock
  })
  testStore({
    describe,
    it,
    name: `Keyv ${version} over a Map`,
    methods: ['keys', 'deleteExpired'],
    createStore: () => over(() => new Map())
  })
  testStore({
    describe,
    it,
    name: `Keyv ${version} over an adapter without iterator`,
    methods: [],
    createStore: () => over(() => createWithoutIterator())
  })
}
