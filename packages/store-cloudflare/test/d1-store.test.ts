import { readFileSync } from 'node:fs'
import { createTestClock } from '@kvsession/testkit'
import { createWorker, describeOnWorkerd, type Worker } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createD1Store, type D1Binding, type D1Statement } from '../src/index.ts'
import { databaseOf, type TestDatabase } from './support/workerd.ts'

const later = Date.UTC(9999, 0)

describeOnWorkerd('createD1Store', () => {
  let worker: Worker
  let database: TestDatabase
  beforeAll(async () => {
    const script = 'export default { fetch: () => new Response(null) }'
    worker = createWorker({ modules: true, script, cf: false, d1Databases: ['DB'] })
    database = await databaseOf(worker)
    await createD1Store(database).ensureSchema()
  })
  afterAll(() => worker.dispose())

  it('ensureSchema creates the same schema as schema.sql and may run again', async () => {
    const shipped = readFileSync(new URL('../schema.sql', import.meta.url), 'utf8')
    await createD1Store(database).ensureSchema()
    const { results } = await database.prepare("SELECT sql FROM sqlite_master WHERE name LIKE 'kvsession%'").all()
    const made = results.map((row) => `${row.sql};`.replace(/^CREATE (TABLE|INDEX)/, 'CREATE $1 IF NOT EXISTS'))
    expect(shipped.trim().split('\n\n').sort()).toEqual(made.sort())
  })

  it('A missing table is an error that says what to do', async () => {
    const store = createD1Store(database, { table: 'missing' })
    const problem = { code: 'STORE_INVALID', message: expect.stringMatching(/no table "missing".*schema\.sql/) }
    const calls = [() => store.get('key'), () => store.set('key', 'value', later), () => store.deleteExpired()]
    for (const call of calls) await expect(call()).rejects.toMatchObject(problem)
  })

  it('A column value that is not a string is an error that names the column', async () => {
    const sql = 'INSERT INTO kvsession (key, expires_at, value) VALUES (?, ?, ?)'
    await database
      .prepare(sql)
      .bind('foreign', later, new Uint8Array([0, 255]))
      .run()
    const message = expect.stringContaining('its own table')
    await expect(createD1Store(database).get('foreign')).rejects.toMatchObject({ code: 'STORE_INVALID', message })
  })

  it('Stores with different tables are separate', async () => {
    const stores = ['one', 'two'].map((table) => createD1Store(database, { table }))
    for (const [index, store] of stores.entries()) {
      await store.ensureSchema()
      await store.set('key', String(index), later)
    }
    expect(await Promise.all(stores.map((store) => store.get('key')))).toEqual(['0', '1'])
  })

  it('Each call runs one statement with an index, and a sweep removes 100 rows per statement', async () => {
    const clock = createTestClock()
    const recorded = record(database)
    const store = createD1Store(recorded.binding, { clock, table: 'swept' })
    await store.ensureSchema()
    const fill = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 249)
      INSERT INTO swept (key, expires_at, value) SELECT 'key.' || i, ?, 'value' FROM n`
    await database
      .prepare(fill)
      .bind(clock.now() + 1)
      .run()
    recorded.statements.length = 0
    await store.get('key.1')
    await store.set('key.1', 'value', clock.now() + 1)
    await store.compareAndSet('key.1', 'value', 'next', clock.now() + 1)
    await store.compareAndSet('key.2', undefined, 'next', clock.now() + 1)
    await store.delete('key.3')
    for await (const _ of store.keys('key.1')) break
    expect(recorded.statements).toHaveLength(6)
    clock.advance(1)
    expect(await store.deleteExpired()).toBe(249)
    expect(recorded.statements).toHaveLength(9)
    for (const { sql, values } of recorded.statements) {
      const { results } = await database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...values)
        .all()
      for (const { detail } of results) expect(detail, sql).not.toMatch(/^SCAN (?!CONSTANT)|TEMP B-TREE/)
    }
  })

  it.each([
    ['no binding', undefined, 'got no binding'],
    ['null', null, 'got no binding'],
    ['a name', 'DB', 'without prepare()']
  ])('createD1Store refuses %s and says what to pass', (_name, value, message) => {
    expect(() => Reflect.apply(createD1Store, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
    )
  })

  it('createD1Store refuses a D1 session, whose reads may be outdated', () => {
    const session = { prepare: () => undefined, batch: () => undefined, getBookmark: () => null }
    expect(() => Reflect.apply(createD1Store, undefined, [session])).toThrow('a replica')
  })

  it.each(['', 'a b', '1a', 'sqlite_x', '_cf_x', 'a"b', 'x'.repeat(64)])(
    'createD1Store refuses %j as a table',
    (table) => {
      expect(() => createD1Store(database, { table })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  )

  it('createD1Store refuses a driver that reports no changes', async () => {
    const statement: D1Statement = {
      bind: () => statement,
      first: async () => null,
      all: async () => [],
      run: async () => ({})
    }
    const store = createD1Store({ prepare: () => statement })
    await expect(store.set('key', 'value', later)).rejects.toMatchObject({ code: 'STORE_INVALID' })
    await expect(store.keys('')[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'STORE_INVALID' })
  })
})

interface RecordedStatement {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** The same database, with a list of its statements. */
function record(database: D1Binding): { binding: D1Binding; statements: RecordedStatement[] } {
  const statements: RecordedStatement[] = []
  const binding: D1Binding = {
    prepare(sql) {
      const statement = database.prepare(sql)
      return {
        bind(...values) {
          statements.push({ sql, values })
          return statement.bind(...values)
        },
        first: () => statement.first(),
        all: () => statement.all(),
        run: () => statement.run()
      }
    }
  }
  return { binding, statements }
}
