import { createSessionManager } from '@kvsession/core'
import pg from 'pg'
import postgres from 'postgres'
import { describeOn, type Engine, startPostgres } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresStore } from '../src/index.ts'
import { type Connected, connect, driverNames } from './support/drivers.ts'

const later = Date.UTC(9999, 0)

describeOn('postgres', { own: true })('A PostgreSQL primary and its hot standby', () => {
  let primary: Engine
  let standby: Engine
  let writer: Connected
  beforeAll(async () => {
    primary = await startPostgres({ own: true })
    standby = await startPostgres({ own: true, standbyOf: primary })
    writer = connect('pg', primary.url)
    await writer.store.ensureSchema()
    await writer.store.set('key', 'value', later)
    await replayed(writer, standby)
  })
  afterAll(async () => {
    await writer.end()
    await standby.stop()
    await primary.stop()
  })

  const cured = {
    code: 'STORE_INVALID',
    message: expect.stringMatching(/standby.*outdated.*target_session_attrs: 'primary'.*maxLifetimeSeconds/)
  }

  describe.each(driverNames)('%s', (driver) => {
    let connected: Connected
    beforeAll(() => {
      connected = connect(driver, standby.url)
    })
    afterAll(() => connected.end())

    it('A write to the standby is an error that says how to reach the primary', async () => {
      const { store } = connected
      const refused = { ...cured, cause: expect.objectContaining({ code: '25006' }) }
      await expect(store.set('key', 'new', later)).rejects.toMatchObject(refused)
      await expect(store.delete('key')).rejects.toMatchObject(refused)
      await expect(store.compareAndSet('key', 'value', 'new', later)).rejects.toMatchObject(refused)
      await expect(store.deleteExpired()).rejects.toMatchObject(refused)
    })

    // Regression: a demoted server served reads as long as the pool had connections to it, so ended sessions stayed valid.
    it('A read from the standby is an error, neither a session nor its absence', async () => {
      const { store } = connected
      await expect(store.get('key')).rejects.toMatchObject(cured)
      await expect(store.get('absent')).rejects.toMatchObject(cured)
      const manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
      const other = createSessionManager({ store: writer.store, secret: 'a secret for tests that is long enough' })
      const session = await other.open('')
      session.data.views = 1
      const { headers } = await other.commit(session)
      const cookie = headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? ''
      await replayed(writer, standby)
      await expect(manager.open(cookie).then((opened) => opened.load())).rejects.toMatchObject({
        status: 503,
        code: 'STORE_UNAVAILABLE',
        cause: expect.objectContaining({ message: cured.message })
      })
      await manager.close()
      await other.close()
    })
  })

  it('postgres.js with all servers and target_session_attrs finds the primary, as the README states', async () => {
    const hosts = `postgres://postgres@127.0.0.1:${standby.port},127.0.0.1:${primary.port}/postgres`
    const sql = postgres(hosts, {
      target_session_attrs: 'primary',
      max_lifetime: 60,
      backoff: () => 0.5,
      fetch_types: false
    })
    const store = createPostgresStore(sql)
    for (let round = 0; round < 20; round++) {
      expect(await store.compareAndSet(`round.${round}`, undefined, 'value', later)).toBe(true)
      expect(await store.get(`round.${round}`)).toBe('value')
    }
    await sql.end()
  })
})

/** Resolves when the standby has all writes of the primary. */
async function replayed(writer: Connected, standby: Engine): Promise<void> {
  const [row] = await writer.ask('SELECT pg_current_wal_flush_lsn()::text AS position')
  const position: unknown = Reflect.get(Object(row), 'position')
  const client = new pg.Client({ connectionString: standby.url })
  await client.connect()
  for (;;) {
    const { rows } = await client.query('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done', [position])
    if (rows[0]?.done === true) break
  }
  await client.end()
}
