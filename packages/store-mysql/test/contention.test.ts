import { createSessionManager } from '@kvsession/core'
import { createTestClock } from '@kvsession/testkit'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMysqlStore, type MysqlStore } from '../src/index.ts'
import { failureOf, later } from './support/calls.ts'
import { levels, type MariadbFixture, settingsOf, startFixture } from './support/mariadb-fixture.ts'

for (const level of levels) {
  describeOn('mariadb', { own: true })(`Locks held by other connections, ${level}`, () => {
    let fixture: MariadbFixture
    beforeAll(async () => {
      fixture = await startFixture(settingsOf(level))
    })
    afterAll(() => fixture.stop())

    /** Waits until a statement waits for a row, within the time of the test. */
    async function waits(): Promise<void> {
      while ((await status('Innodb_row_lock_current_waits')) === 0) await fixture.ask('DO 0')
    }

    async function status(name: string): Promise<number> {
      return Number((await fixture.ask(`SHOW GLOBAL STATUS LIKE '${name}'`))[0]?.Value)
    }

    /** A store whose statements fail instead of waiting for a lock. */
    async function impatient(table: string, clock = createTestClock()): Promise<MysqlStore> {
      const connection = await fixture.connection()
      await connection.query('SET innodb_lock_wait_timeout = 0')
      return createMysqlStore(connection, { table, clock })
    }

    it.each([
      ['COMMIT', 'theirs', false],
      ['ROLLBACK', 'ours', true]
    ])(
      'compareAndSet waits for a row that is being written, and compares with the result after %s',
      async (end, stored, written) => {
        const { store, table } = await fixture.open()
        await store.set('key', 'old', later)
        const other = await fixture.connection()
        await other.query('START TRANSACTION')
        await other.query(`UPDATE ${table} SET value = 'theirs' WHERE \`key\` = 'key'`)
        const replacing = store.compareAndSet('key', 'old', 'ours', later)
        await waits()
        await other.query(end)
        expect(await replacing).toBe(written)
        expect(await store.get('key')).toBe(stored)
      }
    )

    it('The second of two creators waits for the first, and creates if the first rolls back', async () => {
      const { store, table } = await fixture.open()
      const other = await fixture.connection()
      for (const [key, end, written] of [
        ['one', 'COMMIT', false],
        ['two', 'ROLLBACK', true]
      ] as const) {
        await other.query('START TRANSACTION')
        await other.query(`INSERT INTO ${table} VALUES ('${key}', ${later}, 'theirs')`)
        const creating = store.compareAndSet(key, undefined, 'ours', later)
        await waits()
        await other.query(end)
        expect(await creating).toBe(written)
        expect(await store.get(key)).toBe(written ? 'ours' : 'theirs')
      }
    })

    it('A write rejects when a lock outlasts innodb_lock_wait_timeout, changes nothing, and recovers', async () => {
      const { store: seen, table, pool } = await fixture.open()
      const store = await impatient(table)
      await seen.set('key', 'old', later)
      await seen.set('over', 'old', 1)
      const other = await pool.getConnection()
      await other.query('START TRANSACTION')
      await other.query(`SELECT * FROM ${table} FOR UPDATE`)
      for (const call of [
        () => store.set('key', 'new', later),
        () => store.compareAndSet('key', 'old', 'new', later),
        () => store.compareAndSet('over', undefined, 'new', later),
        () => store.delete('key'),
        () => store.deleteExpired()
      ]) {
        expect(await failureOf(call())).toMatchObject({ errno: 1205 })
      }
      expect(await store.get('key')).toBe('old')
      await other.query('ROLLBACK')
      other.release()
      expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
      expect(await seen.get('key')).toBe('new')
    })

    it('A lock held longer than storeTimeout times out the request and has no later effect', async () => {
      const { store, table } = await fixture.open()
      const manager = createSessionManager({
        store,
        secret: 'a secret for tests that is long enough',
        storeTimeout: 60
      })
      const session = await manager.open('')
      session.data.views = 1
      const { headers } = await manager.commit(session)
      const cookie = headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1].split(';')[0] ?? ''
      const other = await fixture.connection()
      await other.query('START TRANSACTION')
      await other.query(`SELECT * FROM ${table} FOR UPDATE`)
      const second = await manager.open(cookie)
      expect(second.data.views).toBe(1)
      second.data.views = 2
      const error = await failureOf(manager.commit(second))
      expect(['STORE_TIMEOUT', 'STORE_OUTCOME_UNKNOWN']).toContain(Reflect.get(Object(error), 'code'))
      await other.query('ROLLBACK')
      const third = await manager.open(cookie)
      expect([1, 2]).toContain(third.data.views)
      third.data.name = 'recovered'
      await manager.commit(third)
      expect((await manager.open(cookie)).data.name).toBe('recovered')
      await manager.close()
    })

    it('A sweep that is rolled back by a deadlock runs again and removes everything that has expired', async () => {
      const clock = createTestClock()
      const { store, table } = await fixture.open({}, { clock })
      for (const key of ['a', 'b']) await store.set(key, 'over', clock.now() - 1)
      for (let row = 0; row < 50; row++) await store.set(`live.${row}`, 'value', later)
      const before = await status('Innodb_deadlocks')
      const other = await fixture.connection()
      await other.query('START TRANSACTION')
      // The larger transaction survives.
      await other.query(`UPDATE ${table} SET value = 'heavy' WHERE \`key\` LIKE 'live.%'`)
      await other.query(`SELECT * FROM ${table} WHERE \`key\` = 'b' FOR UPDATE`)
      const sweeping = store.deleteExpired()
      await waits()
      await other.query(`SELECT * FROM ${table} WHERE \`key\` = 'a' FOR UPDATE`)
      await other.query('COMMIT')
      expect(await sweeping).toBe(2)
      expect(await status('Innodb_deadlocks')).toBe(before + 1)
      expect(await store.get('live.7')).toBe('heavy')
    })

    it('A waiting sweep does not block writes of sessions', async () => {
      const clock = createTestClock()
      const { store, table } = await fixture.open({}, { clock })
      const now = clock.now()
      for (let row = 0; row < 30; row++) await store.set(`key.${row}`, 'over', now - 300 + 10 * row)
      for (let row = 0; row < 5; row++) await store.set(`live.${row}`, 'value', now + 1_000 * (row + 1))
      const writer = await impatient(table, clock)
      const other = await fixture.connection()
      await other.query('START TRANSACTION')
      await other.query(`SELECT * FROM ${table} WHERE \`key\` = 'key.0' FOR UPDATE`)
      const sweeping = store.deleteExpired()
      await waits()
      for (const deadline of [now + 1, now + 500, now + 1_500, now + 60_000, later]) {
        expect(await writer.compareAndSet(`new.${deadline}`, undefined, 'value', deadline)).toBe(true)
        expect(await writer.compareAndSet(`key.1.${deadline}`, undefined, 'value', deadline)).toBe(true)
        expect(await writer.compareAndSet('live.0', 'value', 'value', deadline)).toBe(true)
        await writer.set('live.1', 'value', deadline)
      }
      await writer.delete('live.2')
      await other.query('COMMIT')
      expect(await sweeping).toBe(30)
    })

    it('A sweep neither deadlocks with a session that is being renewed nor removes it', async () => {
      const clock = createTestClock()
      const { store, table } = await fixture.open({}, { clock })
      for (let row = 0; row < 30; row++) await store.set(`key.${row}`, 'over', clock.now() - row)
      // Enough rows that no query plan reads all of them.
      await fixture.admin.query(
        `INSERT INTO ${table} SELECT CONCAT('live.', seq), ${later}, 'value' FROM seq_1_to_5000`
      )
      await fixture.admin.query(`ANALYZE TABLE ${table}`)
      const before = await status('Innodb_deadlocks')
      const other = await fixture.connection()
      // The two locks of one write, taken separately: first the row, then its entry in the deadline index.
      await other.query('START TRANSACTION')
      await other.query(`SELECT * FROM ${table} WHERE \`key\` = 'key.7' FOR UPDATE`)
      const sweeping = store.deleteExpired()
      await waits()
      await other.query(`UPDATE ${table} SET value = 'back', expires_at = ${later} WHERE \`key\` = 'key.7'`)
      await other.query('COMMIT')
      expect(await sweeping).toBe(29)
      expect(await status('Innodb_deadlocks')).toBe(before)
      expect(await store.get('key.7')).toBe('back')
    })

    it('Sweeps lose no live session while sessions end, return and are renewed', async () => {
      const clock = createTestClock()
      const { store, table } = await fixture.open({}, { clock })
      const second = createMysqlStore(fixture.pool(), { table, clock })
      const keys = Array.from({ length: 120 }, (_, index) => `key.${index}`)
      for (let round = 0; round < 4; round++) {
        await Promise.all(keys.map((key) => store.set(key, 'old', clock.now() + 1)))
        clock.advance(1)
        let writing = true
        const sweep = async (by: MysqlStore): Promise<void> => {
          while (writing) await by.deleteExpired()
        }
        const write = async (key: string, index: number): Promise<void> => {
          const by = index % 2 === 0 ? store : second
          if (index % 3 === 0) await by.set(key, 'fresh', later)
          else expect(await by.compareAndSet(key, undefined, 'fresh', later)).toBe(true)
          expect(await by.compareAndSet(key, 'fresh', 'renewed', later)).toBe(true)
        }
        const sweeps = [sweep(store), sweep(second)]
        await Promise.all(keys.map(write)).finally(() => {
          writing = false
        })
        await Promise.all(sweeps)
        for (const key of keys) expect(await store.get(key), key).toBe('renewed')
      }
    })
  })
}
