import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createFileStore } from '@kvsession/store-file'
import { createLmdbStore } from '@kvsession/store-lmdb'
import { createSqliteStore } from '@kvsession/store-sqlite'
import { open } from 'lmdb'
import { expect } from 'vitest'
import type { FileStoreName } from './file-stores.ts'
import { type Model, readModel } from './write-steps.ts'

/** Reads a store when its writers are dead: it is the first to open it after them, and has to recover it. */
export interface FileInspector {
  readonly address: string
  read(lane: string): Promise<Model>
  /** Checks the files at the end. `live`: how many records all lanes have. */
  finish(live: number): Promise<void>
}

export const fileInspectors: Readonly<Record<FileStoreName, (folder: string) => FileInspector>> = {
  sqlite(folder) {
    const address = join(folder, 'sessions.db')
    return {
      address,
      async read(lane) {
        const database = new DatabaseSync(address)
        const store = createSqliteStore(database)
        await store.ensureSchema()
        const model = await readModel(store, lane)
        expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
        database.close()
        return model
      },
      async finish(live) {
        const database = new DatabaseSync(address)
        expect(database.prepare('SELECT COUNT(*) AS live FROM kvsession').get()).toEqual({ live })
        database.close()
      }
    }
  },
  lmdb(folder) {
    const address = join(folder, 'sessions.mdb')
    return {
      address,
      async read(lane) {
        const database = open<string>({ path: address, encoding: 'string' })
        const store = createLmdbStore(database)
        const model = await readModel(store, lane)
        await store.close()
        await database.close()
        return model
      },
      async finish(live) {
        const database = open<string>({ path: address, encoding: 'string' })
        // Each record has a deadline: neither stays without the other.
        expect(database.getCount()).toBe(2 * live)
        await database.close()
        // Values of at most 12 kB are live, and 16 MB and more were written: freed pages are used again.
        expect(statSync(address).size).toBeLessThan(8_000_000)
      }
    }
  },
  file(folder) {
    const address = join(folder, 'sessions')
    const filesOf = (): string[] => {
      if (!existsSync(address)) return []
      const entries = readdirSync(address, { recursive: true, withFileTypes: true })
      return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
    }
    let reads = 0
    let mostFiles = 0
    return {
      address,
      async read(lane) {
        const store = createFileStore(address)
        const model = await readModel(store, lane)
        mostFiles = Math.max(mostFiles, filesOf().length - model.size)
        if (++reads % 5 === 0) expect(await store.deleteExpired()).toBe(0)
        return model
      },
      async finish(live) {
        expect(await createFileStore(address).deleteExpired()).toBe(0)
        expect(filesOf()).toHaveLength(live)
        // Otherwise no kill met a writer in the middle, and the test shows nothing.
        expect(mostFiles).toBeGreaterThan(0)
      }
    }
  }
}
