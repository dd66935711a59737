import { createTestClock, testStore } from '@kvsession/testkit'
import { createStorage, prefixStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import { describe, it } from 'vitest'
import { createUnstorageStore } from '../src/index.ts'
import { localDrivers } from './support/drivers.ts'

for (const [name, create] of Object.entries(localDrivers)) {
  testStore({
    describe,
    it,
    name: `unstorage, ${name}`,
    methods: ['keys', 'deleteExpired'],
    createStore: () => {
      const clock = createTestClock()
      const { driver, cleanup } = create()
      const storage = prefixStorage(createStorage({ driver }), 'sessions')
      return { store: createUnstorageStore(storage, { clock }), clock, cleanup }
    },
    // A file in place of the folder.
    createFailingStore: () => createUnstorageStore(createStorage({ driver: fsDriver({ base: '/dev/null' }) }))
  })
}
