import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createJournalStore } from '../src/index.ts'

function createStore() {
  const folder = mkdtempSync(join(tmpdir(), 'journal-store-'))
  const clock = createTestClock()
  const store = createJournalStore(join(folder, 'sessions.journal'), clock)
  return { store, clock, cleanup: () => rmSync(folder, { recursive: true }) }
}

async function createFailingStore() {
  const created = createStore()
  await created.store.close()
  return created
}

testStore({
  describe,
  it,
  name: 'journal store',
  methods: ['compareAndSet', 'keys', 'deleteExpired', 'close'],
  createStore,
  createFailingStore
})
