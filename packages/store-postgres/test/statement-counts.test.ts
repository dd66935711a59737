import { createSessionManager, type SessionManager } from '@kvsession/core'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { driverNames } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

/** Counted by the server, with pg_stat_statements: only statements, no BEGIN and no SET. */
describeOn('postgres', { own: true })('Number of statements on PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track_utility': 'on'
    })
    await server.admin.ask('CREATE EXTENSION pg_stat_statements')
    await server.admin.ask('CREATE ROLE visitor SUPERUSER LOGIN')
  })
  afterAll(() => server.stop())

  async function count(work: () => Promise<unknown>): Promise<unknown> {
    await server.admin.ask('SELECT pg_stat_statements_reset()')
    await work()
    const [row] = await server.admin.ask(
      `SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements WHERE userid = 'visitor'::regrole`
    )
    return Reflect.get(Object(row), 'calls')
  }

  describe.each(driverNames)('%s', (driver) => {
    let manager: SessionManager
    beforeAll(async () => {
      const { store } = server.connect(driver, { table: server.freeTable(), user: 'visitor' })
      await store.ensureSchema()
      // postgres.js queries the types of arrays once per connection.
      await Promise.all(Array.from({ length: 50 }, () => store.get('warm')))
      manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
    })
    afterAll(() => manager.close())

    /** A browser's cookie. */
    async function begin(): Promise<string> {
      const session = await manager.open('')
      session.data.views = 1
      return cookieOf(await manager.commit(session))
    }

    it('An unused session without a cookie costs no statement', async () => {
      expect(await count(async () => manager.commit(await manager.open('')))).toBe(0)
    })

    it('A first write costs 1 statement', async () => {
      expect(await count(begin)).toBe(1)
    })

    it('A read costs 1 statement', async () => {
      const cookie = await begin()
      expect(
        await count(async () => {
          const session = await manager.open(cookie)
          expect(session.data.views).toBe(1)
          await manager.commit(session)
        })
      ).toBe(1)
    })

    it('A read and a write cost 2 statements', async () => {
      const cookie = await begin()
      expect(
        await count(async () => {
          const session = await manager.open(cookie)
          session.data.views = 2
          await manager.commit(session)
        })
      ).toBe(2)
    })

    it.each(['regenerate', 'destroy'] as const)('%s() costs 1 statement more than the load', async (verb) => {
      const session = await manager.open(await begin())
      expect(
        await count(async () => {
          await session[verb]()
          await manager.commit(session)
        })
      ).toBe(1)
    })
  })
})

function cookieOf({ headers }: { readonly headers: readonly (readonly [string, string])[] }): string {
  const line = headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1] ?? ''
  return line.split(';')[0] ?? ''
}
