import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createSqliteStore } from '../src/index.ts'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile } from './support/sqlite-file.ts'

for (const driver of driverNames) {
  for (const place of ['file', 'memory'] as const) {
    const seconds = new Map<KeyValueStore, () => KeyValueStore>()
    const methods = ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'] as const
    const createStore = async () => {
      const clock = createTestClock()
      const file = createSqliteFile(driver)
      const { store, database } = place === 'file' ? file.open({ clock }) : file.openInMemory({ clock })
      await store.ensureSchema()
      seconds.set(store, () => (place === 'file' ? file.open({ clock }).store : createSqliteStore(database, { clock })))
      return { store, clock, database, cleanup: () => file.remove() }
    }
    const createFailingStore = async () => {
      const created = await createStore()
      created.database.close()
      return created
    }
    const createRefusingStore = async () => {
      const clock = createTestClock()
      const file = createSqliteFile(driver)
      const { store } = file.open({ clock, busyTimeout: 10 })
      await store.ensureSchema()
      const other = file.open().database
      return {
        store,
        clock,
        refuse: () => void other.exec('BEGIN IMMEDIATE'),
        allow: () => void other.exec('ROLLBACK'),
        cleanup: () => file.remove()
      }
    }
    const createSecondStore = (first: KeyValueStore) => seconds.get(first)?.() ?? first
    testStore({
      describe,
      it,
      name: `${driver}, ${place}`,
      methods,
      createStore,
      createSecondStore,
      createFailingStore,
      // An in-memory database has no other connection that could hold a lock.
      ...(place === 'file' && { createRefusingStore })
    })
  }
}
