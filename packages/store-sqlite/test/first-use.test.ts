import { DatabaseSync } from 'node:sqlite'
import { createSessionManager } from '@kvsession/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSqliteStore, type SqliteStore } from '../src/index.ts'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile, type SqliteFile } from './support/sqlite-file.ts'

const later = Date.UTC(9999, 0)

const calls: readonly [name: string, call: (store: SqliteStore) => Promise<unknown>][] = [
  ['get', async (store) => store.get('key')],
  ['set', (store) => store.set('key', 'value', later)],
  ['delete', (store) => store.delete('key')],
  ['create', async (store) => store.compareAndSet('key', undefined, 'value', later)],
  ['replace', async (store) => store.compareAndSet('key', 'old', 'value', later)],
  ['keys', (store) => store.keys('')[Symbol.asyncIterator]().next()],
  ['deleteExpired', (store) => store.deleteExpired()]
]

describe.each(driverNames)('The first use of a database without the table, %s', (driver) => {
  let file: SqliteFile
  beforeEach(() => {
    file = createSqliteFile(driver)
  })
  afterEach(() => file.remove())

  it.each(calls)('A first call of %s creates the table', async (_name, call) => {
    const { store, database } = file.open()
    await call(store)
    expect(database.prepare('PRAGMA journal_mode').all()).toEqual([{ journal_mode: 'wal' }])
    await store.set('other', 'value', later)
    expect(await store.get('other')).toBe('value')
  })

  it('A session is stored without a call of ensureSchema', async () => {
    const { store } = file.open()
    const manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
    const session = await manager.open('')
    session.data.views = 1
    await manager.commit(session)
    expect((await manager.find(session.id))?.data).toEqual({ views: 1 })
    await manager.close()
  })

  it.each(calls)(
    'A first call of %s says what to do and creates nothing with createTable: false',
    async (_name, call) => {
      const { store, database } = file.open({ createTable: false })
      await expect(call(store)).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringMatching(/no table "kvsession".*ensureSchema\(\).*schema\.sql/),
        cause: expect.any(Error)
      })
      expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([])
      await store.ensureSchema()
      await call(store)
    }
  )

  it('A table that disappears after use is an error and is not created again', async () => {
    const { store, database } = file.open()
    await store.set('key', 'value', later)
    await store.close()
    database.exec('DROP TABLE kvsession')
    await expect(store.get('key')).rejects.toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringContaining('no table "kvsession"')
    })
  })

  it('The first call waits for the lock of another connection, and then creates the table', async () => {
    const other = file.open().database
    other.exec('CREATE TABLE neighbour (id); BEGIN EXCLUSIVE')
    const { store } = file.open({ busyTimeout: 20 })
    await expect(store.set('key', 'value', later)).rejects.toThrow('database is locked')
    other.exec('ROLLBACK')
    await store.set('key', 'value', later)
    expect(await store.get('key')).toBe('value')
  })
})

it('A read-only database without the table is a typed error that names the reason', async () => {
  const file = createSqliteFile()
  new DatabaseSync(file.path).exec('CREATE TABLE neighbour (id)')
  const database = new DatabaseSync(file.path, { readOnly: true })
  await expect(createSqliteStore(database).get('key')).rejects.toMatchObject({
    code: 'STORE_INVALID',
    message: expect.stringMatching(/no table "kvsession".*read-only/),
    cause: expect.any(Error)
  })
  database.close()
  file.remove()
})

it('createTable accepts only a boolean', () => {
  const database = new DatabaseSync(':memory:')
  const options = JSON.parse('{ "createTable": "no" }')
  expect(() => createSqliteStore(database, options)).toThrow('createTable must be true or false. [OPTION_INVALID]')
  database.close()
})
