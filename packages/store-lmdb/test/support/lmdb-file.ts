import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, type RootDatabase, type RootDatabaseOptions } from 'lmdb'
import { createLmdbStore, type LmdbStoreOptions } from '../../src/index.ts'

export type LmdbStore = ReturnType<typeof createLmdbStore>

export interface OpenedStore {
  readonly store: LmdbStore
  readonly database: RootDatabase<string>
}

/** An LMDB file in its own folder, with everything that was opened on it. */
export interface LmdbFile {
  readonly path: string
  open(options?: LmdbStoreOptions, databaseOptions?: RootDatabaseOptions): OpenedStore
  remove(): Promise<void>
}

export function createLmdbFile(folder: string = mkdtempSync(join(tmpdir(), 'kvsession-lmdb-'))): LmdbFile {
  const path = join(folder, 'sessions.mdb')
  const opened: OpenedStore[] = []
  return {
    path,
    open(options, databaseOptions = {}) {
      const database = open<string>({ path, encoding: 'string', ...databaseOptions })
      const one = { database, store: createLmdbStore(database, options) }
      opened.push(one)
      return one
    },
    async remove() {
      for (const { database, store } of opened) {
        await store.close()
        // A test may have closed it already, and lmdb rejects a second close.
        if (Reflect.get(database, 'status') === 'open') await database.close()
      }
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
