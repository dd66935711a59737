import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileStore, type FileStoreOptions } from '../../src/index.ts'

export type FileStore = ReturnType<typeof createFileStore>

/** Stores on one folder, which does not exist yet, inside a temporary folder. */
export interface StoreFolder {
  readonly path: string
  open(options?: FileStoreOptions): FileStore
  /** Paths of all files below the folder, sorted. */
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
