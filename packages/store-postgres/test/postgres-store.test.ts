import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { createTestClock } from '@kvsession/testkit'
import pg from 'pg'
import postgres from 'postgres'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresStore } from '../src/index.ts'
import { schemaSql } from '../src/sql.ts'
import { connect, driverNames } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

const later = Date.UTC(9999, 0)

describeOn('postgres', { own: true })('The PostgreSQL store', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  describe.each(driverNames)('%s', (driver) => {
    it('ensureSchema creates the schema once, even concurrently, and keeps stored values', async () => {
      const clients = Array.from({ length: 12 }, () => server.connect(driver, { max: 1 }))
      await Promise.all(clients.map(({ ask }) => ask('SELECT')))
      for (let round = 0; round < 10; round++) {
        await server.admin.ask('DROP TABLE IF EXISTS kvsession')
        await Promise.all(clients.map(({ store }) => store.ensureSchema()))
      }
      for (const { store } of clients) await store.set('key', 'value', later)
      await Promise.all(clients.map(({ store }) => store.ensureSchema()))
      expect(await clients[0]?.store.get('key')).toBe('value')
    })

    it('Tables with other names and schemas are separate, even on one client', async () => {
      await server.admin.ask(`CREATE SCHEMA IF NOT EXISTS "order"`)
      const stores = [
        { table: 'One' },
        { table: 'one' },
        { table: 'select', schema: 'order' },
        { table: 'select' }
      ].map((options) => server.connect(driver, options).store)
      for (const [index, store] of stores.entries()) {
        await store.ensureSchema()
        await store.set('key', `value ${index}`, later)
      }
      const values = await Promise.all(stores.map((store) => store.get('key')))
      expect(values).toEqual(['value 0', 'value 1', 'value 2', 'value 3'])
    })

    it('The store works without prepared statements', async () => {
      const { store, ask } = server.connect(driver, { table: server.freeTable(), prepare: false, max: 1 })
      await store.ensureSchema()
      expect(await store.compareAndSet('key', undefined, 'value', later)).toBe(true)
      expect(await store.compareAndSet('key', 'value', 'next', later)).toBe(true)
      expect(await store.get('key')).toBe('next')
      const names = await ask(`SELECT name FROM pg_prepared_statements WHERE statement LIKE '%expires_at%'`)
      expect(names).toEqual([])
    })

    it('The store prepares each statement once per connection', async () => {
      const { store, ask } = server.connect(driver, { table: server.freeTable(), max: 1 })
      await store.ensureSchema()
      for (let turn = 0; turn < 3; turn++) {
        await store.get('key')
        await store.set('key', 'value', later)
      }
      const statements = await ask(
        `SELECT (generic_plans + custom_plans)::int AS uses FROM pg_prepared_statements WHERE statement LIKE '%expires_at%'`
      )
      expect(statements).toEqual([{ uses: 3 }, { uses: 3 }])
    })

    it('The store keeps the async context of the caller', async () => {
      const { store } = server.connect(driver, { table: server.freeTable(), max: 2 })
      await store.ensureSchema()
      const context = new AsyncLocalStorage<number>()
      const work = Array.from({ length: 20 }, (_, request) =>
        context.run(request, async () => {
          await store.set(`key.${request}`, 'value', later)
          await store.get(`key.${request}`)
          for await (const _key of store.keys(`key.${request}`)) expect(context.getStore()).toBe(request)
          return context.getStore()
        })
      )
      expect(await Promise.all(work)).toEqual(Array.from({ length: 20 }, (_, request) => request))
    })

    it('close() leaves the client open', async () => {
      const { store, ask } = server.connect(driver, { table: server.freeTable() })
      await store.close()
      expect(await ask('SELECT 1 AS one')).toEqual([{ one: 1 }])
    })

    it('Sweeps lose no live session while writers run', async () => {
      const clock = createTestClock()
      const table = server.freeTable()
      const { store, ask } = server.connect(driver, { table, clock })
      await store.ensureSchema()
      const now = clock.now()
      await ask(`INSERT INTO "${table}" SELECT 'key.' || n, ${now + 1}, 'old' FROM generate_series(1, 4000) AS n`)
      await clock.advance(1)
      const other = server.connect(driver, { table, clock }).store
      const renewed = async (): Promise<void> => {
        // Each expired key is either overwritten, or swept and then created again.
        for (let key = 1; key <= 4000; key += 20) {
          expect(await other.compareAndSet(`key.${key}`, undefined, 'new', later)).toBe(true)
        }
      }
      const [first, second] = await Promise.all([store.deleteExpired(), other.deleteExpired(), renewed()])
      const rest = await store.deleteExpired()
      expect(first + second + rest).toBeGreaterThanOrEqual(3800)
      expect(await ask(`SELECT value, count(*)::int AS rows FROM "${table}" GROUP BY value`)).toEqual([
        { value: 'new', rows: 200 }
      ])
    })
  })

  it('Several stores share the prepared statements of one connection', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 }).on('error', () => undefined)
    const stores = ['first', 'second'].map((table) => createPostgresStore(pool, { table }))
    for (const store of stores) await store.ensureSchema()
    for (const store of stores) await store.set('key', 'value', later)
    for (const store of stores) expect(await store.get('key')).toBe('value')
    await pool.end()
  })

  it('keys() pages in the order of its index, whatever the locale of the database', async () => {
    await server.admin.ask(
      `CREATE DATABASE swedish TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'sv' LOCALE 'C' ENCODING 'UTF8'`
    )
    const { store, end } = connect('pg', server.url.replace(/postgres$/, 'swedish'))
    await store.ensureSchema()
    const names = ['a.B', 'A.b', 'a.b', 'a_b', 'a-b', 'a', 'Z', '0']
    const keys = Array.from({ length: 100 }, (_, n) => names.map((name) => `${name}${n}`)).flat()
    for (const key of keys) await store.set(key, 'value', later)
    const found: string[] = []
    for await (const key of store.keys('a')) found.push(key)
    expect(found).toEqual(keys.filter((key) => key.startsWith('a')).sort())
    await end()
  })

  it('A write inside a transaction that could be rolled back is refused', async () => {
    const client = new pg.Client({ connectionString: server.url }).on('error', () => undefined)
    await client.connect()
    const store = createPostgresStore(client, { table: server.freeTable() })
    await store.ensureSchema()
    await client.query('BEGIN')
    await expect(store.set('key', 'value', later)).rejects.toMatchObject({ code: 'STORE_INVALID' })
    await client.query('ROLLBACK')
    await store.set('key', 'value', later)
    await client.end()
    const sql = postgres(server.url)
    await sql.begin((transaction) => {
      expect(() => Reflect.apply(createPostgresStore, undefined, [transaction])).toThrow(/bound to one connection/)
    })
    await sql.end()
  })

  it('schema.sql creates a table for the store', async () => {
    await server.admin.ask('DROP TABLE IF EXISTS kvsession')
    await server.admin.ask(readFileSync(new URL('../schema.sql', import.meta.url), 'utf8'))
    const { store } = server.connect('pg')
    await store.set('key', 'value', later)
    expect(await store.get('key')).toBe('value')
  })
})

describe('createPostgresStore', () => {
  it.each([
    ['an address', 'postgres://127.0.0.1/'],
    ['undefined', undefined],
    ['null', null],
    ['a class', pg.Pool],
    ['a SQLite database', { exec: () => undefined, prepare: () => undefined }]
  ])('createPostgresStore refuses %s and says what to pass', (_name, value) => {
    expect(() => Reflect.apply(createPostgresStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining('new pg.Pool(') })
    )
  })

  it('createPostgresStore refuses a pool whose errors would end the process', () => {
    expect(() => createPostgresStore(new pg.Pool())).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining("pool.on('error'") })
    )
  })

  it.each(
    [
      ['', '1st', 'a"b', 'a b', "a'b", 'public.t', 'täble', 'x'.repeat(53), 'x\n', '$1', null, 7].map((table) => ({
        table
      })),
      ['', '1st', 'a"b', 'a.b', 'pg_temp', 'x'.repeat(64), null, 7].map((schema) => ({ schema })),
      ['yes', null].map((prepare) => ({ prepare }))
    ].flat()
  )('createPostgresStore refuses the option %j', (options) => {
    expect(() => Reflect.apply(createPostgresStore, undefined, [{ query: () => undefined }, options])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' })
    )
  })

  it('createPostgresStore runs nothing before the first call', () => {
    let calls = 0
    createPostgresStore({ query: async () => ({ rows: [], rowCount: ++calls }) })
    expect(calls).toBe(0)
  })

  it('An unexpected result of the driver is refused and does not count as a write', async () => {
    for (const answer of [
      undefined,
      {},
      { rows: [] },
      { rows: [], rowCount: null },
      { rows: [{ value: 7 }], rowCount: 1 }
    ]) {
      const store = Reflect.apply(createPostgresStore, undefined, [{ query: async () => answer }])
      await expect(store.get('key')).rejects.toMatchObject({ code: 'STORE_INVALID' })
    }
  })
})

describe('schema.sql', () => {
  it('schema.sql is the statement of ensureSchema', () => {
    expect(readFileSync(new URL('../schema.sql', import.meta.url), 'utf8')).toBe(schemaSql('kvsession'))
  })
})
