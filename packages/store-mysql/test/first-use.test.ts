import { createSessionManager } from '@kvsession/core'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMysqlStore } from '../src/index.ts'
import { callsOf, failureOf, later } from './support/calls.ts'
import { type MariadbFixture, startFixture } from './support/mariadb-fixture.ts'

const methods = ['get', 'set', 'delete', 'create', 'replace', 'keys', 'deleteExpired']

describeOn('mariadb', { own: true })('The first use of a MariaDB database without the table', () => {
  let fixture: MariadbFixture
  let tables = 0
  const freeTable = (): string => `free_${tables++}`
  beforeAll(async () => {
    fixture = await startFixture({})
  })
  afterAll(() => fixture.stop())

  it.each(methods)('A first call of %s creates the table', async (method) => {
    const store = createMysqlStore(fixture.pool(), { table: freeTable() })
    await callsOf(store)[method]?.()
    await store.set('other', 'value', later)
    expect(await store.get('other')).toBe('value')
  })

  it('A session is stored without a call of ensureSchema', async () => {
    const store = createMysqlStore(fixture.pool(), { table: freeTable() })
    const manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
    const session = await manager.open('')
    session.data.views = 1
    await manager.commit(session)
    expect((await manager.find(session.id))?.data).toEqual({ views: 1 })
    await manager.close()
  })

  it('Many pools with several connections each create the table concurrently, and all succeed', async () => {
    for (let round = 0; round < 5; round++) {
      const table = freeTable()
      const stores = Array.from({ length: 6 }, () => createMysqlStore(fixture.pool({ connectionLimit: 3 }), { table }))
      const writes = stores.flatMap((store) => [
        store.compareAndSet('key', undefined, 'value', later),
        store.get('key').then(() => false),
        store.compareAndSet('key', undefined, 'value', later)
      ])
      expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1)
    }
  })

  it.each(methods)('A first call of %s says what to do and creates nothing with createTable: false', async (method) => {
    const table = freeTable()
    const store = createMysqlStore(fixture.admin, { table, createTable: false })
    expect(await failureOf(callsOf(store)[method]?.() ?? Promise.resolve('no such call'))).toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringMatching(/no table .*ensureSchema\(\).*schema\.sql/),
      cause: expect.objectContaining({ errno: 1146 })
    })
    expect(await fixture.ask(`SHOW TABLES LIKE '${table}'`)).toEqual([])
    await store.ensureSchema()
    await callsOf(store)[method]?.()
  })

  it('A user who may not create the table gets an error that names the statements to run', async () => {
    const table = freeTable()
    await fixture.admin.query(`CREATE USER visitor@'127.0.0.1'`)
    await fixture.admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON kvsession.* TO visitor@'127.0.0.1'`)
    const store = createMysqlStore(fixture.pool({ user: 'visitor' }), { table })
    expect(await failureOf(store.get('key'))).toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringMatching(
        new RegExp(`no table \`${table}\`, and the user may not create it\\. Run schema\\.sql.*GRANT SELECT, INSERT`)
      ),
      cause: expect.objectContaining({ errno: 1142 })
    })
    await createMysqlStore(fixture.admin, { table }).ensureSchema()
    expect(await store.get('key')).toBeUndefined()
  })

  it('A table that disappears after use is an error and is not created again', async () => {
    const table = freeTable()
    const store = createMysqlStore(fixture.pool(), { table })
    await store.set('key', 'value', later)
    await fixture.admin.query(`DROP TABLE ${table}`)
    expect(await failureOf(store.get('key'))).toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringContaining(`no table \`${table}\``)
    })
  })

  it('A connection inside a transaction is refused, because creating the table would commit it', async () => {
    const connection = await fixture.connection()
    await createMysqlStore(connection, { table: 'neighbour' }).ensureSchema()
    await connection.query('START TRANSACTION')
    await connection.query(`INSERT INTO neighbour VALUES ('key', 1, 'value')`)
    const store = createMysqlStore(connection, { table: freeTable() })
    const message = expect.stringContaining('inside a transaction')
    expect(await failureOf(store.get('key'))).toMatchObject({ code: 'STORE_INVALID', message })
    await connection.query('ROLLBACK')
    expect(await fixture.ask('SELECT * FROM neighbour')).toEqual([])
  })

  it('createTable accepts only a boolean', () => {
    const options = JSON.parse('{ "createTable": "no" }')
    expect(() => createMysqlStore(fixture.admin, options)).toThrow(
      'createTable must be true or false. [OPTION_INVALID]'
    )
  })
})
