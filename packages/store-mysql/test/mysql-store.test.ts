import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { createTestClock } from '@kvsession/testkit'
import mysqlWithCallbacks from 'mysql2'
import type { PoolOptions } from 'mysql2/promise'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMysqlStore } from '../src/index.ts'
import { schemaSql } from '../src/sql.ts'
import { failureOf, keysOf, later } from './support/calls.ts'
import { type MariadbFixture, startFixture } from './support/mariadb-fixture.ts'

const values = ['', ' ', 'é', 'e\u0301', "'; DROP TABLE x; --\\", '\\', '\ufeffmark', '😀𝒳 日本', '{"a":1}']

describeOn('mariadb')('createMysqlStore', () => {
  let fixture: MariadbFixture
  beforeAll(async () => {
    fixture = await startFixture()
  })
  afterAll(() => fixture.stop())

  it('createMysqlStore sends nothing before the first call, and close() leaves the pool open', async () => {
    const pool = fixture.pool()
    let connections = 0
    pool.on('connection', () => connections++)
    const store = createMysqlStore(pool, { table: 'quiet' })
    expect(connections).toBe(0)
    await store.ensureSchema()
    expect(connections).toBe(1)
    await store.close()
    await store.close()
    expect(await pool.query('SELECT 1 AS one')).toMatchObject([[{ one: 1 }], {}])
  })

  it('createMysqlStore accepts a pool of the callback API and a single connection', async () => {
    const pool = mysqlWithCallbacks.createPool({ uri: fixture.engine.url })
    const connection = await fixture.connection()
    for (const client of [pool, connection]) {
      const store = createMysqlStore(client, { table: 'clients' })
      await store.ensureSchema()
      await store.set('key', 'value', later)
      expect(await store.compareAndSet('key', 'value', 'new', later)).toBe(true)
      expect(await store.get('key')).toBe('new')
    }
    await pool.promise().end()
  })

  it('ensureSchema may run concurrently and repeatedly, and keeps stored values', async () => {
    for (let round = 0; round < 5; round++) {
      const stores = Array.from({ length: 8 }, () =>
        createMysqlStore(fixture.pool({ connectionLimit: 1 }), { table: `shared_${round}` })
      )
      await Promise.all(stores.map((store) => store.ensureSchema()))
      const [store] = stores
      await store?.set('key', 'value', later)
      await store?.ensureSchema()
      expect(await store?.get('key')).toBe('value')
    }
  })

  it('ensureSchema creates an InnoDB table of bytes, whatever the defaults of server and connection', async () => {
    const connection = await fixture.connection()
    await connection.query("SET default_storage_engine = 'Aria', sql_mode = 'ANSI', collation_database = 'utf8mb3_bin'")
    await createMysqlStore(connection, { table: 'engine' }).ensureSchema()
    const where = "table_schema = 'kvsession' AND table_name = 'engine'"
    expect(await fixture.ask(`SELECT engine FROM information_schema.tables WHERE ${where}`)).toEqual([
      { engine: 'InnoDB' }
    ])
    const columns = `SELECT column_name AS name, column_type AS type FROM information_schema.columns WHERE ${where}`
    expect(await fixture.ask(`${columns} ORDER BY ordinal_position`)).toEqual([
      { name: 'key', type: 'varbinary(200)' },
      { name: 'expires_at', type: 'bigint(20)' },
      { name: 'value', type: 'mediumblob' }
    ])
  })

  it('Tables and databases are separate, even with reserved words and hyphens in their names', async () => {
    await fixture.admin.query('CREATE DATABASE `my-app`')
    const pool = fixture.pool()
    const stores = [
      { table: 'order' },
      { table: 'Order2' },
      { table: '1st' },
      { table: 'order', database: 'my-app' },
      { database: 'my-app' }
    ].map((options) => createMysqlStore(pool, options))
    for (const [index, store] of stores.entries()) {
      await store.ensureSchema()
      await store.set('key', `value ${index}`, later)
    }
    for (const [index, store] of stores.entries()) expect(await store.get('key')).toBe(`value ${index}`)
    const lost = createMysqlStore(fixture.pool({ database: 'mysql' }), { database: 'my-app' })
    expect(await lost.get('key')).toBe('value 4')
  })

  it.each<[string, PoolOptions]>([
    ['rows as arrays', { rowsAsArray: true }],
    ['rows by table', { nestTables: true }],
    ['rows by table and column', { nestTables: '_' }],
    ['a typeCast of its own', { typeCast: (field) => field.string() }],
    ['no typeCast', { typeCast: false }],
    ['named placeholders', { namedPlaceholders: true }],
    ['big numbers as strings', { supportBigNumbers: true, bigNumberStrings: true }],
    ['latin1', { charset: 'LATIN1_SWEDISH_CI' }],
    ['no eval', { disableEval: true }],
    ['compression', { compress: true }]
  ])('A pool with %s works like any other', async (_name, options) => {
    // Otherwise the parsers of an earlier pool with the same columns would serve this one.
    mysqlWithCallbacks.clearParserCache()
    const clock = createTestClock()
    const { store } = await fixture.open(options, { clock })
    for (const value of values) {
      await store.set('key', value, clock.now() + 10)
      expect(await store.get('key')).toBe(value)
      expect(await store.compareAndSet('key', `${value} `, 'new', later)).toBe(false)
      expect(await store.compareAndSet('key', value, value, later)).toBe(true)
      expect(await store.compareAndSet('key', undefined, 'new', later)).toBe(false)
    }
    expect(await keysOf(store, 'k')).toEqual(['key'])
    await store.set('key', 'over', clock.now())
    expect(await keysOf(store, '')).toEqual([])
    expect(await store.deleteExpired()).toBe(1)
  })

  it('Bytes are unchanged on a connection that converts character sets', async () => {
    const connection = await fixture.connection()
    const store = createMysqlStore(connection, { table: 'converting' })
    await store.ensureSchema()
    await connection.query("SET character_set_client = 'latin1', character_set_connection = 'utf16'")
    await connection.query("SET character_set_results = 'cp850', sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'")
    for (const value of values) {
      await store.set('key', value, later)
      expect(await store.get('key')).toBe(value)
      expect(await store.compareAndSet('key', value, value, later)).toBe(true)
    }
    expect(await keysOf(store, 'ke')).toEqual(['key'])
  })

  it('keys() lists every key and an empty value rejects if MariaDB treats an empty string as NULL', async () => {
    const { store: plain, table } = await fixture.open()
    await plain.set('key', 'value', later)
    const connection = await fixture.connection()
    await connection.query("SET sql_mode = 'EMPTY_STRING_IS_NULL,STRICT_ALL_TABLES'")
    const store = createMysqlStore(connection, { table })
    expect(await keysOf(store, '')).toEqual(['key'])
    expect(await failureOf(store.set('key', '', later))).toMatchObject({ errno: 1048 })
    expect(await store.get('key')).toBe('value')
  })

  it.each(['START TRANSACTION', 'SET autocommit = 0'])(
    'Writes after %s are refused, because they are not committed',
    async (sql) => {
      const { store: other, table } = await fixture.open()
      const connection = await fixture.connection()
      const store = createMysqlStore(connection, { table })
      await connection.query(sql)
      const calls = [
        () => store.set('key', 'value', later),
        () => store.compareAndSet('new', undefined, 'value', later),
        () => store.delete('key')
      ]
      for (const call of calls) {
        const message = expect.stringContaining('transaction')
        expect(await failureOf(call())).toMatchObject({ code: 'STORE_INVALID', message })
      }
      await connection.query('ROLLBACK')
      expect(await keysOf(other, '')).toEqual([])
    }
  )

  it('The store keeps the async context of its caller', async () => {
    const { store } = await fixture.open({ connectionLimit: 2 })
    const context = new AsyncLocalStorage<number>()
    const seen = Array.from({ length: 30 }, (_, number) =>
      context.run(number, async () => {
        await store.set(`key.${number}`, 'value', later)
        await store.compareAndSet(`key.${number}`, 'value', 'new', later)
        for await (const _key of store.keys(`key.${number}`)) if (context.getStore() !== number) return 'lost'
        await store.deleteExpired()
        await store.get('absent')
        return context.getStore()
      })
    )
    expect(await Promise.all(seen)).toEqual(Array.from({ length: 30 }, (_, number) => number))
  })

  it('A sweep removes a backlog completely, in batches', async () => {
    const clock = createTestClock()
    const { store, table } = await fixture.open({}, { clock })
    await fixture.admin.query(
      `INSERT INTO ${table} SELECT CONCAT('key.', seq), ${clock.now()} + seq MOD 2, 'x' FROM seq_1_to_2000`
    )
    expect(await store.deleteExpired()).toBe(1_000)
    expect(await store.deleteExpired()).toBe(0)
    expect(await keysOf(store, '')).toHaveLength(1_000)
  })

  it('schema.sql is the statement of ensureSchema, and creates a table for the store', async () => {
    const shipped = readFileSync(new URL('../schema.sql', import.meta.url), 'utf8')
    expect(shipped).toBe(schemaSql('`kvsession`'))
    await fixture.admin.query(shipped)
    const store = createMysqlStore(fixture.admin)
    await store.set('schema', 'value', later)
    expect(await store.get('schema')).toBe('value')
    await store.delete('schema')
  })
})

describe('createMysqlStore', () => {
  it.each([
    ['an address', 'mysql://127.0.0.1/kvsession'],
    ['undefined', undefined],
    ['null', null],
    ['a class', Map],
    ['a client without execute()', { query: async () => [[], []] }],
    ['a promise of a connection', Promise.resolve({ execute: async () => [[], []] })],
    ['promise() that returns something else', { promise: () => undefined }]
  ])('createMysqlStore refuses %s and says what to pass', (_name, value) => {
    expect(() => Reflect.apply(createMysqlStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining('mysql.createPool(') })
    )
  })

  it.each([
    ...['', '12', 'a`b', 'a b', 'db.t', 'täble', 'x'.repeat(65), 'x\n', null, 7].map((table) => ({ table })),
    ...['', 'a`b', 'a.b', 'x\n', 'x'.repeat(65), null, 7].map((database) => ({ database })),
    ...[null, 7, {}, 'now', { now: 7 }].map((clock) => ({ clock }))
  ])('createMysqlStore refuses the option %j', (options) => {
    const client = { execute: async () => [[], []] }
    expect(() => Reflect.apply(createMysqlStore, undefined, [client, options])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' })
    )
  })

  it.each([
    ['rows without their fields', async () => [{ value: Buffer.from('x') }]],
    ['a header without an insert id', async () => [{ affectedRows: 1, serverStatus: 2 }, undefined]],
    ['a header without a status', async () => [{ affectedRows: 1, insertId: 0 }, undefined]],
    ['undefined', async () => undefined]
  ])('The store refuses a driver that returns %s', async (_name, execute) => {
    const store = Reflect.apply(createMysqlStore, undefined, [{ execute }])
    expect(await failureOf(store.get('key'))).toMatchObject({ code: 'STORE_INVALID' })
    expect(await failureOf(store.compareAndSet('key', undefined, 'value', later))).toMatchObject({
      code: 'STORE_INVALID'
    })
  })
})
