import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileStore, type FileStoreOptions } from '../../src/index.ts'

export type FileStore = ReturnType<typeof createFileStore>

/** Stores on one folder, which is not there yet, inside a folder of their own. */
export interface StoreFolder {
  readonly path: string
  open(options?: FileStoreOptions): FileStore
  /** Paths below the folder, sorted: no folders, all files. */
  files(): string[]
  remove(): void
}

export function createStoreFolder(parent: string = mkdtempSync(join(tmpdir(), 'kvsession-file-'))): StoreFolder {
  const path = join(parent, 'sessions')
  return {
    path,
    open: (options) => createFileStore(path, options),
    files() {
      const entries = readdirSync(path, { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    },
    remove: () => rmSync(parent, { recursive: true, force: true })
  }
}
