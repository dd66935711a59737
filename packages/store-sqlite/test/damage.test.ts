import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SqliteStore } from '../src/index.ts'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile, type SqliteFile } from './support/sqlite-file.ts'

const later = Date.UTC(9999, 0)

describe.each(driverNames)('Damage, %s', (driver) => {
  let file: SqliteFile
  beforeEach(() => {
    file = createSqliteFile(driver)
  })
  afterEach(() => file.remove())

  it('A full disk rejects the write, keeps the old value, and allows deletes', async () => {
    const { store, database } = file.open()
    await store.ensureSchema()
    await store.set('key', 'old', later)
    await store.set('other', 'x'.repeat(50_000), later)
    database.exec('PRAGMA max_page_count = 1')
    const large = 'top secret'.repeat(20_000)
    const writes = [
      () => store.set('key', large, later),
      () => store.compareAndSet('key', 'old', large, later),
      () => store.compareAndSet('new', undefined, large, later)
    ]
    for (const write of writes) {
      const error: unknown = await Promise.resolve(write()).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ message: 'database or disk is full' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('top secret')
    }
    expect(await store.get('key')).toBe('old')
    expect(await store.get('new')).toBeUndefined()
    await store.delete('other')
    expect(await store.get('other')).toBeUndefined()
    await store.set('key', 'x'.repeat(20_000), later)
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  })

  it('A file that is not a database is a typed error for every method', async () => {
    writeFileSync(file.path, 'This is no database. '.repeat(1_000))
    const { store } = file.open()
    for (const [name, call] of Object.entries(callsOf(store))) {
      await expect(call(), name).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining('is not a SQLite database'),
        cause: expect.any(Error)
      })
    }
  })

  it('A damaged file is a typed error', async () => {
    const first = file.open()
    await first.store.ensureSchema()
    for (let row = 0; row < 200; row++) await first.store.set(`key.${row}`, 'x'.repeat(500), later)
    first.database.close()
    overwrite(file.path, 4096)
    const { store } = file.open()
    await expect(store.get('key.7')).rejects.toMatchObject({ code: 'STORE_INVALID', cause: expect.any(Error) })
  })

  it('A value that is not a string is a typed error', async () => {
    const { store, database } = file.open()
    await store.ensureSchema()
    database.exec(`INSERT INTO kvsession (key, expires_at, value) VALUES ('key', ${later}, x'0102')`)
    await expect(store.get('key')).rejects.toMatchObject({ code: 'STORE_INVALID' })
  })
})

function callsOf(store: SqliteStore): Record<string, () => Promise<unknown>> {
  return {
    get: async () => store.get('key'),
    set: () => store.set('key', 'value', later),
    delete: () => store.delete('key'),
    create: async () => store.compareAndSet('key', undefined, 'value', later),
    replace: async () => store.compareAndSet('key', 'old', 'value', later),
    keys: async () => {
      for await (const key of store.keys('')) return key
      return undefined
    },
    deleteExpired: () => store.deleteExpired(),
    ensureSchema: () => store.ensureSchema()
  }
}

/** Overwrites everything from `offset` on, so that each tree loses its pages but the header stays. */
function overwrite(path: string, offset: number): void {
  const handle = openSync(path, 'r+')
  try {
    writeSync(handle, Buffer.alloc(statSync(path).size - offset, 0xff), 0, undefined, offset)
  } finally {
    closeSync(handle)
  }
}
