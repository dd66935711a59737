import pg from 'pg'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connected, DriverName } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

const later = Date.UTC(9999, 0)
const levels = ['read committed', 'repeatable read', 'serializable']

describeOn('postgres', { own: true })('Concurrent PostgreSQL transactions', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  /** A store, and a session inside a transaction on the same table. */
  async function meet(
    driver: DriverName,
    level: string,
    settings = {}
  ): Promise<Connected & { other: pg.Client; table: string }> {
    const table = server.freeTable()
    const connected = server.connect(driver, { table, settings: { default_transaction_isolation: level, ...settings } })
    await connected.store.ensureSchema()
    const other = new pg.Client({ connectionString: server.url, options: '-c deadlock_timeout=60000' })
    await other.connect()
    return { ...connected, other, table }
  }

  /** Waits until a statement on the table waits for a lock. */
  async function waiting(table: string, count = 1): Promise<void> {
    const sql = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"${table}"%'`
    while ((await server.admin.ask(sql)).length < count);
  }

  describe.each(levels)('%s', (level) => {
    it.each(['pg', 'postgres.js'] as const)(
      'A write waits for an uncommitted one, and sees its result: %s',
      async (driver) => {
        const { store, other, table } = await meet(driver, level)
        for (const [end, stays] of [
          ['COMMIT', 'theirs'],
          ['ROLLBACK', 'ours']
        ] as const) {
          await store.set('key', 'read', later)
          await other.query(`BEGIN; UPDATE "${table}" SET value = 'theirs' WHERE key = 'key'`)
          const write = store.compareAndSet('key', 'read', 'ours', later)
          await waiting(table)
          expect(await store.get('key')).toBe('read')
          await other.query(end)
          expect(await write).toBe(stays === 'ours')
          expect(await store.get('key')).toBe(stays)
        }
        await other.end()
      }
    )

    it('Only one of two concurrent creators succeeds, however the other ends', async () => {
      const { store, other, table } = await meet('pg', level)
      await other.query(`BEGIN; INSERT INTO "${table}" VALUES ('key', ${later}, 'theirs')`)
      const lost = store.compareAndSet('key', undefined, 'ours', later)
      await waiting(table)
      await other.query('COMMIT')
      expect(await lost).toBe(false)
      await other.query(`BEGIN; INSERT INTO "${table}" VALUES ('second', ${later}, 'theirs')`)
      const won = store.compareAndSet('second', undefined, 'ours', later)
      await waiting(table)
      await other.query('ROLLBACK')
      expect(await won).toBe(true)
      expect([await store.get('key'), await store.get('second')]).toEqual(['theirs', 'ours'])
      await other.end()
    })

    it('A rewrite with the same value, such as a manual touch, does not make compareAndSet false', async () => {
      const { store, other, table } = await meet('pg', level)
      await store.set('key', 'read', later)
      await other.query(`BEGIN; UPDATE "${table}" SET expires_at = expires_at - 1 WHERE key = 'key'`)
      const write = store.compareAndSet('key', 'read', 'ours', later)
      await waiting(table)
      await other.query('COMMIT')
      expect(await write).toBe(true)
      await other.end()
    })

    it('delete() and set() succeed whatever was committed meanwhile, and a deleted value does not match', async () => {
      const { store, other, table } = await meet('pg', level)
      for (const key of ['deleted', 'set', 'gone']) await store.set(key, 'read', later)
      await other.query(
        `BEGIN; UPDATE "${table}" SET value = 'theirs' WHERE key <> 'gone'; DELETE FROM "${table}" WHERE key = 'gone'`
      )
      const writes = [
        store.delete('deleted'),
        store.set('set', 'ours', later),
        store.compareAndSet('gone', 'read', 'ours', later)
      ]
      await waiting(table, 3)
      await other.query('COMMIT')
      expect(await Promise.all(writes)).toEqual([undefined, undefined, false])
      expect(await Promise.all(['deleted', 'set', 'gone'].map((key) => store.get(key)))).toEqual([
        undefined,
        'ours',
        undefined
      ])
      await other.end()
    })

    it('A write that is rolled back by a deadlock runs again', async () => {
      const { store, other, table, ask } = await meet('pg', level, { deadlock_timeout: '20ms' })
      const gate = new pg.Client({ connectionString: server.url })
      await gate.connect()
      await store.set('key', 'read', later)
      await ask(`CREATE SEQUENCE "${table}_tries"`)
      await ask(`CREATE FUNCTION "${table}_gate"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM nextval('${table}_tries'), pg_advisory_xact_lock(1); RETURN NULL; END $$`)
      await ask(`CREATE TRIGGER gate BEFORE UPDATE ON "${table}" EXECUTE FUNCTION "${table}_gate"()`)
      await other.query(`BEGIN; SELECT FROM "${table}" WHERE key = 'key' FOR UPDATE`)
      await gate.query('SELECT pg_advisory_lock(1)')
      const write = store.compareAndSet('key', 'read', 'ours', later)
      await waiting(table)
      const locked = other.query(`LOCK TABLE "${table}" IN ACCESS EXCLUSIVE MODE`)
      await waiting(table, 2)
      // The write continues to the row that the other transaction holds, which waits for the write: the last one detects it.
      await gate.query('SELECT pg_advisory_unlock(1)')
      await locked
      await other.query('COMMIT')
      expect(await write).toBe(true)
      expect(await ask(`SELECT last_value::int AS tries FROM "${table}_tries"`)).toEqual([{ tries: 2 }])
      await gate.end()
      await other.end()
    })

    it('A sweep skips a locked row without waiting, and removes no renewed session', async () => {
      const { store, other, table } = await meet('pg', level)
      for (const key of ['locked', 'renewed', 'expired']) await store.set(key, 'value', 1)
      await other.query(`BEGIN; UPDATE "${table}" SET expires_at = ${later} WHERE key = 'renewed'`)
      await other.query(`SELECT FROM "${table}" WHERE key = 'locked' FOR UPDATE`)
      expect(await store.deleteExpired()).toBe(1)
      await other.query('COMMIT')
      expect(await store.deleteExpired()).toBe(1)
      expect(await store.get('renewed')).toBe('value')
      await other.end()
    })
  })

  it('A write that is rolled back every time finally rejects with that failure', async () => {
    const { store, other, table, ask } = await meet('postgres.js', 'read committed')
    await ask(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM nextval('tries'); RAISE 'forged' USING ERRCODE = '40001'; END $$`)
    await ask('CREATE SEQUENCE tries')
    await ask(`CREATE TRIGGER fail BEFORE INSERT ON "${table}" EXECUTE FUNCTION fail()`)
    await expect(store.compareAndSet('key', undefined, 'ours', later)).rejects.toMatchObject({ code: '40001' })
    expect(await ask('SELECT last_value::int AS tries FROM tries')).toEqual([{ tries: 100 }])
    await other.end()
  })
})
