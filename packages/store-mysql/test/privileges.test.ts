import { inspect } from 'node:util'
import { createSessionManager } from '@kvsession/core'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMysqlStore, type MysqlStore } from '../src/index.ts'
import { callsOf, failureOf, later } from './support/calls.ts'
import { type MariadbFixture, startFixture } from './support/mariadb-fixture.ts'

const all = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']

describeOn('mariadb', { own: true })('Privileges on MariaDB', () => {
  let fixture: MariadbFixture
  let users = 0
  beforeAll(async () => {
    fixture = await startFixture({})
    await createMysqlStore(fixture.admin).ensureSchema()
    await fixture.admin.query('CREATE TABLE neighbour (secret INT)')
  })
  afterAll(() => fixture.stop())

  /** A store whose user has only these privileges on this table. */
  async function storeOf(privileges: readonly string[], table?: string): Promise<MysqlStore> {
    const user = `u${users++}`
    await fixture.admin.query(`CREATE USER ${user}@'127.0.0.1'`)
    // A privilege on a missing table can be granted only on the database.
    const grantedOn = table === undefined ? 'kvsession.kvsession' : 'kvsession.*'
    await fixture.admin.query(`GRANT ${privileges.join(', ')} ON ${grantedOn} TO ${user}@'127.0.0.1'`)
    return createMysqlStore(fixture.pool({ user, connectionLimit: 1 }), table === undefined ? {} : { table })
  }

  it('SELECT, INSERT, UPDATE and DELETE suffice for every method and an existing table', async () => {
    const store = await storeOf(all)
    await store.ensureSchema()
    for (const call of Object.values(callsOf(store))) await call()
    expect(await store.get('new')).toBe('top secret')
    await store.delete('new')
  })

  it.each(all)('Without %s every method either works or names the grant', async (missing) => {
    const store = await storeOf(all.filter((privilege) => privilege !== missing))
    const refused: string[] = []
    for (const [name, call] of Object.entries(callsOf(store))) {
      await createMysqlStore(fixture.admin).set('key', 'old', later)
      await createMysqlStore(fixture.admin).set('over', 'old', 1)
      const error: unknown = await call().then(
        () => undefined,
        (thrown: unknown) => thrown
      )
      if (error === undefined) continue
      refused.push(name)
      const message = expect.stringContaining('GRANT SELECT, INSERT, UPDATE, DELETE ON `kvsession`')
      expect(error).toMatchObject({ code: 'STORE_INVALID', message, cause: expect.any(Error) })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('top secret')
    }
    expect(refused).toEqual(
      {
        SELECT: ['get', 'set', 'delete', 'create', 'replace', 'keys', 'deleteExpired'],
        INSERT: ['set', 'create'],
        UPDATE: ['set', 'create', 'replace'],
        DELETE: ['delete', 'deleteExpired']
      }[missing]
    )
  })

  it('ensureSchema of a missing table without CREATE names the grant, and works with it', async () => {
    const message = expect.stringContaining('CREATE')
    const without = await storeOf(all, 'fresh')
    expect(await failureOf(without.ensureSchema())).toMatchObject({ code: 'STORE_INVALID', message })
    const store = await storeOf([...all, 'CREATE'], 'fresh')
    await store.ensureSchema()
    await store.set('key', 'value', later)
    expect(await store.get('key')).toBe('value')
  })

  it.each([
    ['no database', { database: undefined }, 'Name the database in the options'],
    ['a database that does not exist', { database: 'nowhere' }, 'does not exist']
  ])('A connection with %s is an error that says so', async (_name, { database }, part) => {
    const pool = fixture.pool({ uri: fixture.engine.url.replace('/kvsession', '') })
    const store = createMysqlStore(pool, database === undefined ? {} : { database })
    const message = expect.stringContaining(part)
    expect(await failureOf(store.ensureSchema())).toMatchObject({ code: 'STORE_INVALID', message })
  })

  it('A table of another program is a typed error, for ensureSchema too', async () => {
    const store = createMysqlStore(fixture.admin, { table: 'neighbour' })
    const message = expect.stringContaining('schema.sql')
    for (const [name, call] of Object.entries({ ...callsOf(store), ensureSchema: () => store.ensureSchema() })) {
      expect(await failureOf(call()), name).toMatchObject({ code: 'STORE_INVALID', message })
    }
  })

  it('A foreign value under a key of the store is an error, never an empty session', async () => {
    await fixture.admin.query(`REPLACE INTO kvsession VALUES ('key', ${later}, 0xC328)`)
    const store = createMysqlStore(fixture.admin)
    const message = expect.stringContaining('another program wrote')
    expect(await failureOf(store.get('key'))).toMatchObject({ code: 'STORE_INVALID', message })
    expect(await store.compareAndSet('key', undefined, 'value', later)).toBe(false)
    await store.delete('key')
  })

  it('A table with text columns is refused instead of being compared without case', async () => {
    await fixture.admin.query('CREATE TABLE folded (`key` VARCHAR(200) PRIMARY KEY, expires_at BIGINT, value TEXT)')
    const store = createMysqlStore(fixture.admin, { table: 'folded' })
    await store.set('key', 'value', later)
    expect(await failureOf(store.get('key'))).toMatchObject({ code: 'STORE_INVALID' })
  })

  it('The manager includes the hint in the message of an outage', async () => {
    const store = createMysqlStore(fixture.admin, { table: 'missing', createTable: false })
    const manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
    const session = await manager.open('')
    session.data.views = 1
    const error = await failureOf(manager.commit(session))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 })
    expect(String(error)).toContain('ensureSchema()')
    await manager.close()
  })
})
