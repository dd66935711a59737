import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteStore, type SqliteStore, type SqliteStoreOptions } from '../../src/index.ts'
import { type DriverName, type OpenedDatabase, openDatabase } from './drivers.ts'

export interface OpenedStore {
  readonly store: SqliteStore
  readonly database: OpenedDatabase
}

/** A database file in its own folder, with everything that was opened on it. */
export interface SqliteFile {
  readonly path: string
  open(options?: SqliteStoreOptions): OpenedStore
  /** An in-memory database. */
  openInMemory(options?: SqliteStoreOptions): OpenedStore
  remove(): void
}

export function createSqliteFile(
  driver: DriverName = 'node:sqlite',
  folder: string = mkdtempSync(join(tmpdir(), 'kvsession-sqlite-'))
): SqliteFile {
  const path = join(folder, 'sessions.db')
  const opened: OpenedDatabase[] = []
  const openAt = (location: string, options?: SqliteStoreOptions): OpenedStore => {
    const database = openDatabase(driver, location)
    opened.push(database)
    return { database, store: createSqliteStore(database, options) }
  }
  return {
    path,
    open: (options) => openAt(path, options),
    openInMemory: (options) => openAt(':memory:', options),
    remove() {
      for (const database of opened) closeOnce(database)
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** A test may have closed it already, and node:sqlite rejects a second close. */
function closeOnce(database: OpenedDatabase): void {
  try {
    database.close()
  } catch (error) {
    if (!(error instanceof Error && /not open/.test(error.message))) throw error
  }
}
