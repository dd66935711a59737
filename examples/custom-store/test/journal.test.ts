import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSessionManager } from '@kvsession/core'
import { afterAll, afterEach, expect, it } from 'vitest'
import { createJournalStore } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'journal-'))
const path = join(folder, 'sessions.journal')
const later = Date.now() + 60_000

afterEach(() => rmSync(path, { force: true }))
afterAll(() => rmSync(folder, { recursive: true }))

it('A new process finds all entries', async () => {
  const first = createJournalStore(path)
  await first.set('kept', 'with\na line break', later)
  await first.set('deleted', 'text', later)
  await first.delete('deleted')
  const second = createJournalStore(path)
  expect(await second.get('kept')).toBe('with\na line break')
  expect(await second.get('deleted')).toBeUndefined()
})

it('A truncated line affects no other write', async () => {
  await createJournalStore(path).set('before', 'text', later)
  appendFileSync(path, '\n["torn","te')
  await createJournalStore(path).set('after', 'text', later)
  const store = createJournalStore(path)
  expect([await store.get('before'), await store.get('torn'), await store.get('after')]).toEqual([
    'text',
    undefined,
    'text'
  ])
})

it('Compaction keeps live entries, and later writes work', async () => {
  const store = createJournalStore(path)
  await store.set('over', 'text', Date.now() - 1)
  await store.set('live', 'text', later)
  expect(await store.deleteExpired()).toBe(1)
  await store.set('new', 'text', later)
  expect(readFileSync(path, 'utf8')).not.toContain('over')
  const again = createJournalStore(path)
  expect([await again.get('live'), await again.get('new')]).toEqual(['text', 'text'])
})

it('50 parallel updates of a session lose no update', async () => {
  const secret = 'a secret for this test alone, 32 bytes and more'
  const sessions = createSessionManager<{ count?: number }>({ store: createJournalStore(path), secret })
  const visitor = await sessions.open('')
  visitor.data.count = 0
  const { headers } = await sessions.commit(visitor)
  const cookie = headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? ''
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      const session = await sessions.open(cookie)
      await session.update((data) => {
        data.count = (data.count ?? 0) + 1
      })
      await sessions.commit(session)
    })
  )
  expect((await sessions.find(visitor.id))?.data.count).toBe(50)
  await sessions.close()
})
