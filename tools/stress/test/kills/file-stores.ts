import type { KeyValueStore } from '@kvsession/core'
import { createFileStore } from '@kvsession/store-file'
import { createLmdbStore } from '@kvsession/store-lmdb'
import { createSqliteStore } from '@kvsession/store-sqlite'
import type { WrittenStore } from './write-steps.ts'

/** Stores of files: a killed process shares them with its successors and, except on LMDB, with other processes. */
export type FileStoreName = 'sqlite' | 'lmdb' | 'file'

export interface OpenOptions {
  readonly address: string
  /** Syncing is about power cuts: a store that syncs less must not lose more to a kill. */
  readonly synced: boolean
  /** SQLite alone. */
  readonly driver: 'node:sqlite' | 'better-sqlite3'
}

type Open = () => Promise<KeyValueStore & WrittenStore>

/** Loads the driver, and returns a function that opens the store: a process loads before it is told to write. */
const loaders: Readonly<Record<FileStoreName, (options: OpenOptions) => Promise<Open>>> = {
  async sqlite({ address, synced, driver }) {
    const connect =
      driver === 'node:sqlite'
        ? await import('node:sqlite').then(
            ({ DatabaseSync }) =>
              () =>
                new DatabaseSync(address)
          )
        : await import('better-sqlite3').then(
            ({ default: Database }) =>
              () =>
                new Database(address)
          )
    return async () => {
      const database = connect()
      // Small, so that checkpoints are killed too.
      database.exec('PRAGMA wal_autocheckpoint = 8')
      const store = createSqliteStore(database, { durability: synced ? 'full' : 'normal', busyTimeout: 20_000 })
      await store.ensureSchema()
      return store
    }
  },
  async lmdb({ address, synced }) {
    const { open } = await import('lmdb')
    return async () => createLmdbStore(open({ path: address, encoding: 'string', ...(!synced && { noSync: true }) }))
  },
  file:
    async ({ address, synced }) =>
    async () =>
      createFileStore(address, { durability: synced ? 'full' : 'normal' })
}

export function isFileStore(name: string): name is FileStoreName {
  return Object.hasOwn(loaders, name)
}

export function loadStore(name: FileStoreName, options: OpenOptions): Promise<Open> {
  return loaders[name](options)
}
