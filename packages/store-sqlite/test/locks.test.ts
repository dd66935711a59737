import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile, type SqliteFile } from './support/sqlite-file.ts'

const script = fileURLToPath(new URL('support/locking-process.ts', import.meta.url))
const later = Date.UTC(9999, 0)

describe.each(driverNames)('a lock held elsewhere, %s', (driver) => {
  let file: SqliteFile
  beforeEach(() => {
    file = createSqliteFile(driver)
  })
  afterEach(() => file.remove())

  it('compareAndSet waits for a lock that is released within busyTimeout, and succeeds', async () => {
    const { store } = file.open({ busyTimeout: 20_000 })
    await store.ensureSchema()
    await store.set('key', 'old', later)
    const holder = spawn(process.execPath, [script, file.path, '200'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    expect(await store.get('witness')).toBeUndefined()
    expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
    expect(await store.get('witness')).toBe('held')
    expect(await once(holder, 'exit')).toEqual([0, null])
  })

  it("rejects with the engine's own error when the lock outlasts busyTimeout, changes nothing, and recovers", async () => {
    const { store } = file.open({ busyTimeout: 20 })
    await store.ensureSchema()
    await store.set('key', 'old', later)
    const other = file.open().database
    other.exec('BEGIN EXCLUSIVE')
    const writes = [
      () => store.set('key', 'top secret', later),
      () => store.compareAndSet('key', 'old', 'top secret', later),
      () => store.compareAndSet('new', undefined, 'top secret', later),
      () => store.delete('key'),
      () => store.deleteExpired()
    ]
    for (const write of writes) {
      const error: unknown = await write().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ message: 'database is locked' })
      expect(error).toMatchObject(driver === 'node:sqlite' ? { errcode: 5 } : { code: 'SQLITE_BUSY' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('top secret')
    }
    expect(await store.get('key')).toBe('old')
    expect(await store.get('new')).toBeUndefined()
    other.exec('ROLLBACK')
    expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
  })

  it('ensureSchema gives up after busyTimeout, and succeeds when called again', async () => {
    const other = file.open().database
    other.exec('CREATE TABLE neighbour (id); BEGIN EXCLUSIVE')
    const { store } = file.open({ busyTimeout: 20 })
    await expect(store.ensureSchema()).rejects.toThrow('database is locked')
    other.exec('ROLLBACK')
    await store.ensureSchema()
    await store.set('key', 'value', later)
  })

  it('refuses to write inside a transaction that somebody could roll back', async () => {
    const { store, database } = file.open()
    await store.ensureSchema()
    database.exec('BEGIN')
    for (const write of [() => store.set('key', 'value', later), () => store.delete('key')]) {
      await expect(write()).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining('its own connection')
      })
    }
    expect(await store.get('key')).toBeUndefined()
    database.exec('ROLLBACK')
    await store.set('key', 'value', later)
  })

  it('refuses to begin inside a transaction, where durability cannot be set', async () => {
    const { store, database } = file.open()
    database.exec('BEGIN')
    for (const call of [() => store.get('key'), () => store.ensureSchema()]) {
      await expect(call()).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining('inside a transaction')
      })
    }
    database.exec('ROLLBACK')
    await store.ensureSchema()
  })
})
