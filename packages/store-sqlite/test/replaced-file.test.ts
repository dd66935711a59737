import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { createTestClock } from '@kvsession/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile, type OpenedStore, type SqliteFile } from './support/sqlite-file.ts'

const later = Date.UTC(9999, 0)

// On Windows an open file cannot be removed.
describe.skipIf(process.platform === 'win32').each(driverNames)(
  'A database file that is moved while open, %s',
  (driver) => {
    const clock = createTestClock()
    let file: SqliteFile
    beforeEach(() => {
      file = createSqliteFile(driver)
    })
    afterEach(() => file.remove())

    async function open(): Promise<OpenedStore> {
      const opened = file.open({ clock })
      await opened.store.ensureSchema()
      await opened.store.set('key', 'old', later)
      return opened
    }

    const refusal = (part: string): unknown => ({
      code: 'STORE_INVALID',
      message: expect.stringMatching(new RegExp(`${part} was removed or replaced.*estart`))
    })

    it.each([
      ['is removed', (path: string) => rmSync(path)],
      [
        'is removed together with its log',
        (path: string) => {
          for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`)
        }
      ],
      ['is renamed', (path: string) => renameSync(path, `${path}.old`)],
      [
        'is replaced by a copy',
        (path: string) => {
          copyFileSync(path, `${path}.new`)
          renameSync(`${path}.new`, path)
        }
      ]
    ])('No write is acknowledged once the file %s', async (_, move) => {
      // SQLite keeps using the unlinked file, and everything is lost when the process ends.
      const { store } = await open()
      move(file.path)
      for (const write of [
        () => store.set('key', 'new', later),
        () => store.delete('key'),
        () => store.compareAndSet('key', 'old', 'new', later),
        () => store.compareAndSet('other', undefined, 'new', later),
        () => store.deleteExpired(),
        () => store.ensureSchema()
      ]) {
        await expect(write()).rejects.toMatchObject(Object(refusal('sessions.db')))
      }
    })

    it('No write is acknowledged once the log is removed, which the next process would not find', async () => {
      const { store } = await open()
      rmSync(`${file.path}-wal`)
      await expect(store.set('key', 'new', later)).rejects.toMatchObject(Object(refusal('sessions.db-wal')))
    })

    it('Reads detect a replaced file within a second, because another process may have ended the session in the new file', async () => {
      const { store } = await open()
      expect(await store.get('key')).toBe('old')
      rmSync(file.path)
      await clock.advance(1_000)
      await expect(store.get('key')).rejects.toMatchObject(Object(refusal('sessions.db')))
      await expect(store.keys('')[Symbol.asyncIterator]().next()).rejects.toMatchObject(Object(refusal('sessions.db')))
    })

    it('A store works again once the file is back', async () => {
      const { store } = await open()
      renameSync(file.path, `${file.path}.old`)
      await expect(store.set('key', 'new', later)).rejects.toMatchObject({ code: 'STORE_INVALID' })
      renameSync(`${file.path}.old`, file.path)
      await store.set('key', 'newer', later)
      expect(await store.get('key')).toBe('newer')
    })

    it('Checkpoints, a vacuum and the end of other connections do not count as a move', async () => {
      const { store, database } = await open()
      const other = file.open()
      await other.store.set('other', 'value', later)
      other.database.close()
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      await store.set('key', 'new', later)
      database.exec('VACUUM')
      await store.delete('other')
      expect(await store.get('key')).toBe('new')
    })

    it('An in-memory database has no file to lose', async () => {
      const { store } = file.openInMemory({ clock })
      await store.ensureSchema()
      await store.set('key', 'value', later)
      await clock.advance(10_000)
      expect(await store.get('key')).toBe('value')
    })
  }
)
