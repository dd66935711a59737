import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Driver } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import fsLiteDriver from 'unstorage/drivers/fs-lite'
import lruCacheDriver from 'unstorage/drivers/lru-cache'
import memoryDriver from 'unstorage/drivers/memory'

export interface DriverUnderTest {
  readonly driver: Driver
  cleanup(): void
}

/** Drivers that need no server. */
export const localDrivers: Readonly<Record<string, () => DriverUnderTest>> = {
  memory: () => ({ driver: memoryDriver(), cleanup: () => undefined }),
  'lru-cache': () => ({ driver: lruCacheDriver({ max: 10_000 }), cleanup: () => undefined }),
  fs: () => inFolder((base) => fsDriver({ base })),
  'fs-lite': () => inFolder((base) => fsLiteDriver({ base }))
}

function inFolder(create: (folder: string) => Driver): DriverUnderTest {
  const folder = mkdtempSync(join(tmpdir(), 'kvsession-unstorage-'))
  return { driver: create(folder), cleanup: () => rmSync(folder, { recursive: true, force: true }) }
}
