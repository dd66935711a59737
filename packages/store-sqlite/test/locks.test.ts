import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { createSessionManager } from '@kvsession/core'
import { createTestClock } from '@kvsession/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile, type SqliteFile } from './support/sqlite-file.ts'

const script = fileURLToPath(new URL('support/locking-process.ts', import.meta.url))
const later = Date.UTC(9999, 0)

describe.each(driverNames)('A lock held by another connection, %s', (driver) => {
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
    const ended = once(holder, 'exit')
    await once(holder.stdout, 'data')
    expect(await store.get('witness')).toBeUndefined()
    expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
    expect(await store.get('witness')).toBe('held')
    expect(await ended).toEqual([0, null])
  })

  it('Eight writes that wait for a lock do not block the event loop', async () => {
    // The engine's own wait blocks the process, so the lock of this test would be held until all writes have failed.
    const { store } = file.open({ busyTimeout: 60_000 })
    await store.ensureSchema()
    const other = file.open().database
    other.exec('BEGIN IMMEDIATE')
    let ended = 0
    const writes = Array.from({ length: 8 }, async (_, index) => {
      await store.set('key', `${index}`, later)
      ended++
    })
    for (let turn = 0; turn < 100; turn++) {
      await oneTimer()
      expect(await store.get('key')).toBeUndefined()
    }
    expect(ended).toBe(0)
    other.exec('ROLLBACK')
    await Promise.all(writes)
    expect(await store.get('key')).toBe('7')
  })

  it('Writes that wait for a lock run in the order of their calls', async () => {
    const { store } = file.open({ busyTimeout: 60_000 })
    await store.ensureSchema()
    const other = file.open().database
    other.exec('BEGIN IMMEDIATE')
    const ended: string[] = []
    const note = (name: string) => (): unknown => ended.push(name)
    const writes = [
      store.set('key', 'set', later).then(note('set')),
      Promise.resolve(store.compareAndSet('key', 'set', 'swapped', later)).then(note('compareAndSet')),
      store.delete('key').then(note('delete'))
    ]
    await oneTimer()
    other.exec('ROLLBACK')
    writes.push(store.set('key', 'last', later).then(note('last')))
    await Promise.all(writes)
    expect(ended).toEqual(['set', 'compareAndSet', 'delete', 'last'])
    expect(await store.get('key')).toBe('last')
  })

  it('A value that expires while a write waits for the lock is absent for that write', async () => {
    // The time of the write differs from the time of the call.
    const clock = createTestClock()
    const { store } = file.open({ clock, busyTimeout: 60_000 })
    await store.ensureSchema()
    for (const key of ['replaced', 'created']) await store.set(key, 'old', clock.now() + 1_000)
    const other = file.open().database
    other.exec('BEGIN IMMEDIATE')
    const replaced = store.compareAndSet('replaced', 'old', 'new', later)
    const created = store.compareAndSet('created', undefined, 'new', later)
    await clock.advance(1_000)
    other.exec('ROLLBACK')
    expect([await replaced, await created]).toEqual([false, true])
  })

  it('A write whose lock outlasts busyTimeout is one attempt for the manager: a 503 with a known outcome', async () => {
    const { store } = file.open({ busyTimeout: 20 })
    await store.ensureSchema()
    let attempts = 0
    const counted = {
      ...store,
      compareAndSet(...parameters: Parameters<typeof store.compareAndSet>) {
        attempts++
        return store.compareAndSet(...parameters)
      }
    }
    const manager = createSessionManager({
      store: counted,
      secret: 'a secret for this test, and long enough',
      storeTimeout: 15_000
    })
    const session = await manager.open(new Headers())
    Object.assign(session.data, { name: 'Ada' })
    const other = file.open().database
    other.exec('BEGIN IMMEDIATE')
    await expect(manager.commit(session)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      status: 503,
      cause: { message: 'database is locked', wroteNothing: true }
    })
    expect(attempts).toBe(1)
    other.exec('ROLLBACK')
    await manager.close()
  })

  it('A write that failed for another reason than a lock is not repeated', async () => {
    const { store, database } = file.open({ busyTimeout: 60_000 })
    await store.ensureSchema()
    const other = file.open().database
    other.exec('BEGIN IMMEDIATE')
    const waiting = store.set('key', 'value', later)
    await oneTimer()
    other.exec('ROLLBACK; DROP TABLE kvsession')
    await expect(waiting).rejects.toMatchObject({ code: 'STORE_INVALID', message: expect.stringContaining('no table') })
    expect(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()).toEqual({ tables: 0 })
  })

  it("A write rejects with the engine's error when the lock outlasts busyTimeout, changes nothing, and recovers", async () => {
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
      const error: unknown = await Promise.resolve(write()).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ message: 'database is locked', wroteNothing: true })
      expect(error).toMatchObject(driver === 'node:sqlite' ? { errcode: 5 } : { code: 'SQLITE_BUSY' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('top secret')
    }
    expect(await store.get('key')).toBe('old')
    expect(await store.get('new')).toBeUndefined()
    other.exec('ROLLBACK')
    expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
  })

  it('ensureSchema gives up after busyTimeout, and succeeds if it is called again', async () => {
    const other = file.open().database
    other.exec('CREATE TABLE neighbour (id); BEGIN EXCLUSIVE')
    const { store } = file.open({ busyTimeout: 20 })
    await expect(store.ensureSchema()).rejects.toThrow('database is locked')
    other.exec('ROLLBACK')
    await store.ensureSchema()
    await store.set('key', 'value', later)
  })

  it('A write inside a transaction that could be rolled back is refused', async () => {
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

  it('The first call inside a transaction is refused, because durability cannot be set there', async () => {
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

/** Runs a timer of this process. */
function oneTimer(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}
