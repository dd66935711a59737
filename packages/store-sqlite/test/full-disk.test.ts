import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DriverName, driverNames } from './support/drivers.ts'
import { createSqliteFile, type OpenedStore, type SqliteFile } from './support/sqlite-file.ts'

const later = Date.UTC(9999, 0)
const disk = mkdtempSync(join(tmpdir(), 'kvsession-sqlite-full-'))
const megabyte = 1_048_576
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'none', disk]).status === 0
if (!mounted) rmSync(disk, { recursive: true })

describe.skipIf(!mounted)('A full disk (needs the right to mount a tmpfs)', () => {
  let file: SqliteFile
  beforeEach(() => {
    mkdirSync(join(disk, 'data'))
  })
  afterEach(() => {
    file.remove()
    rmSync(join(disk, 'rest'), { force: true })
  })
  afterAll(() => {
    spawnSync('umount', [disk])
    rmSync(disk, { recursive: true, force: true })
  })

  async function open(driver: DriverName): Promise<OpenedStore> {
    file = createSqliteFile(driver, join(disk, 'data'))
    const opened = file.open({ durability: 'normal' })
    await opened.store.ensureSchema()
    return opened
  }

  it.each(driverNames)(
    'A full disk rejects writes and logouts, keeps the old values, and recovers, %s',
    async (driver) => {
      const { store, database } = await open(driver)
      await store.set('key', 'old', later)
      await store.set('other', 'value', later)
      spawnSync('sh', ['-c', `cat /dev/zero > ${join(disk, 'rest')}`], { stdio: 'ignore' })
      await exhaust(store)
      const large = 'x'.repeat(50_000)
      for (const write of [
        () => store.set('key', large, later),
        () => store.compareAndSet('key', 'old', large, later),
        () => store.delete('key')
      ]) {
        await expect(write()).rejects.toThrow('database or disk is full')
      }
      expect(await store.get('key')).toBe('old')
      expect(await store.get('other')).toBe('value')
      rmSync(join(disk, 'rest'))
      await store.delete('other')
      expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
      expect(await store.get('key')).toBe('new')
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    }
  )

  it.each(driverNames)('A file capped below the size of the disk allows all deletes, %s', async (driver) => {
    const { store, database } = await open(driver)
    database.exec(`PRAGMA max_page_count = ${(4 * megabyte) / 4096}`)
    const stored = await exhaust(store)
    expect(stored).toBeGreaterThan(100)
    for (let index = 0; index < stored; index++) await store.delete(`filler.${index}`)
    await store.set('key', 'value', later)
    expect(await keysOf(store)).toEqual(['key'])
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  })
})

/** Returns the number of values written until the disk was full. */
async function exhaust(store: OpenedStore['store']): Promise<number> {
  for (let index = 0; ; index++) {
    try {
      await store.set(`filler.${index}`, 'x'.repeat(20_000), later)
    } catch {
      return index
    }
  }
}

async function keysOf(store: OpenedStore['store']): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys('')) keys.push(key)
  return keys
}
