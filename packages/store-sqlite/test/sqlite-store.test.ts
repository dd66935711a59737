import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { createTestClock } from '@kvsession/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSqliteStore } from '../src/index.ts'
import { schemaSql } from '../src/sql.ts'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile, type SqliteFile } from './support/sqlite-file.ts'

const later = Date.UTC(9999, 0)

describe.each(driverNames)('createSqliteStore, %s', (driver) => {
  let file: SqliteFile
  beforeEach(() => {
    file = createSqliteFile(driver)
  })
  afterEach(() => file.remove())

  const pragma = (database: ReturnType<SqliteFile['open']>['database'], name: string): unknown =>
    Object.values(Object(database.prepare(`PRAGMA ${name}`).get()))[0]

  it('createSqliteStore runs nothing before the first call', () => {
    const { database } = file.open({ busyTimeout: 1234 })
    expect(pragma(database, 'busy_timeout')).not.toBe(1234)
    expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([])
  })

  it('ensureSchema may run repeatedly, and keeps stored values', async () => {
    const { store } = file.open()
    await Promise.all([store.ensureSchema(), store.ensureSchema()])
    await store.set('key', 'value', later)
    await store.ensureSchema()
    expect(await store.get('key')).toBe('value')
  })

  it('The store uses a write-ahead log and syncs every commit by default', async () => {
    const { store, database } = file.open()
    await store.ensureSchema()
    expect(pragma(database, 'journal_mode')).toBe('wal')
    expect(pragma(database, 'synchronous')).toBe(2)
    // The engine's wait blocks the process, so the store waits for the rest of busyTimeout.
    expect(pragma(database, 'busy_timeout')).toBe(2)
  })

  it('The store sets durability and timeout on a connection whose schema another one created', async () => {
    await file.open().store.ensureSchema()
    const { store, database } = file.open({ durability: 'normal', busyTimeout: 1 })
    await store.get('key')
    expect(pragma(database, 'synchronous')).toBe(1)
    expect(pragma(database, 'busy_timeout')).toBe(1)
  })

  it('Tables with other names are separate', async () => {
    const database = file.open().database
    const one = createSqliteStore(database, { table: 'One' })
    const two = createSqliteStore(database, { table: 'order' })
    await one.ensureSchema()
    await two.ensureSchema()
    await one.set('key', 'one', later)
    await two.set('key', 'two', later)
    expect([await one.get('key'), await two.get('key')]).toEqual(['one', 'two'])
  })

  it('close() leaves the database open', async () => {
    const { store, database } = file.open()
    await store.ensureSchema()
    await store.close()
    expect(database.prepare('SELECT count(*) AS rows FROM kvsession').get()).toEqual({ rows: 0 })
  })

  it('A sweep removes a backlog in batches between which other calls run', async () => {
    const clock = createTestClock()
    const { store } = file.open({ clock, durability: 'normal' })
    await store.ensureSchema()
    for (let row = 0; row < 1_000; row++) await store.set(`key.${row}`, 'value', clock.now() + 1)
    await store.set('live', 'value', later)
    await clock.advance(1)
    let turns = 0
    let sweeping = true
    const turn = (): void => {
      turns++
      if (sweeping) setImmediate(turn)
    }
    setImmediate(turn)
    expect(await store.deleteExpired()).toBe(1_000)
    sweeping = false
    expect(turns).toBeGreaterThanOrEqual(9)
    expect(await store.get('live')).toBe('value')
  })

  it('keys() lists many keys in pages between which other calls run', async () => {
    const { store } = file.open({ durability: 'normal' })
    await store.ensureSchema()
    for (let row = 0; row < 1_000; row++) await store.set(`key.${row}`, 'value', later)
    let turns = 0
    let listing = true
    const turn = (): void => {
      turns++
      if (listing) setImmediate(turn)
    }
    setImmediate(turn)
    const seen = new Set<string>()
    for await (const key of store.keys('key.')) seen.add(key)
    listing = false
    expect(seen.size).toBe(1_000)
    expect(turns).toBeGreaterThanOrEqual(4)
  })
})

describe('createSqliteStore', () => {
  it.each([
    ['a path', 'sessions.db'],
    ['undefined', undefined],
    ['null', null],
    ['a class', createSqliteFile],
    ['a pool', { query: () => undefined }]
  ])('createSqliteStore refuses %s and says what to pass', (_name, value) => {
    expect(() => Reflect.apply(createSqliteStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining('new DatabaseSync(') })
    )
  })

  it.each(
    [
      ['', 'sqlite_x', 'SQLITE_x', '1st', 'a"b', 'a b', 'main.t', 'täble', 'x'.repeat(64), 'x\n', null, 7].map(
        (table) => ({ table })
      ),
      ['FULL', 'off', null].map((durability) => ({ durability })),
      [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '1000', null].map((busyTimeout) => ({ busyTimeout }))
    ].flat()
  )('createSqliteStore refuses the option %j', (options) => {
    const database = { exec: () => undefined, prepare: () => undefined }
    const [name] = Object.keys(options)
    expect(() => Reflect.apply(createSqliteStore, undefined, [database, options])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(`^${name} must be .`) })
    )
  })

  it.each([
    { table: 'x'.repeat(63) },
    { table: '_' },
    { table: 'A9_z' },
    { table: 'my_sqlite_' },
    { durability: 'full' },
    { durability: 'normal' },
    { busyTimeout: 0 },
    { busyTimeout: 2 ** 31 - 1 }
  ] as const)('createSqliteStore accepts the option %j', async (options) => {
    const file = createSqliteFile()
    try {
      const { store } = file.open(options)
      await store.ensureSchema()
      await store.set('key', 'value', later)
      expect(await store.get('key')).toBe('value')
    } finally {
      file.remove()
    }
  })

  it('A file system without a write-ahead log is an error that names it', async () => {
    const file = createSqliteFile()
    const database = new DatabaseSync(new URL('?vfs=unix-dotfile', pathToFileURL(file.path)))
    try {
      await expect(createSqliteStore(database).ensureSchema()).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringMatching(/write-ahead log here .*mode delete.* local disk/)
      })
    } finally {
      database.close()
      file.remove()
    }
  })

  it('A driver with asynchronous results is refused, so that a promise does not count as a write', async () => {
    const statement = { get: async () => undefined, all: () => [], run: async () => ({ changes: 1 }) }
    const store = createSqliteStore({ exec: () => undefined, prepare: () => statement })
    await expect(store.get('key')).rejects.toMatchObject({ code: 'STORE_INVALID' })
    await expect(store.set('key', 'value', later)).rejects.toMatchObject({ code: 'STORE_INVALID' })
  })
})

describe('schema.sql', () => {
  it('schema.sql is the statement of ensureSchema', () => {
    const shipped = readFileSync(new URL('../schema.sql', import.meta.url), 'utf8')
    expect(shipped).toBe(`PRAGMA journal_mode = WAL;\n\n${schemaSql('kvsession')}`)
  })

  it('schema.sql creates a database for the store', async () => {
    const file = createSqliteFile()
    try {
      const { store, database } = file.open()
      database.exec(readFileSync(new URL('../schema.sql', import.meta.url), 'utf8'))
      await store.set('key', 'value', later)
      expect(await store.get('key')).toBe('value')
    } finally {
      file.remove()
    }
  })
})
