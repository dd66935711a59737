import { createSessionManager, type SessionManager } from '@kvsession/core'
import pg from 'pg'
import { describeOn } from 'test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PostgresStore } from '../src/index.ts'
import { type Connected, driverNames } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'
import { keysOf, recovered } from './support/store-state.ts'

const later = Date.UTC(9999, 0)
const secret = 'a secret for tests that is long enough'

describeOn('postgres', { own: true })('Failures of PostgreSQL', () => {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  let server: Server
  beforeAll(async () => {
    process.on('unhandledRejection', note)
    process.on('uncaughtException', note)
    server = await startServer()
  })
  afterEach(() => expect(unhandled.splice(0)).toEqual([]))
  afterAll(async () => {
    process.off('unhandledRejection', note)
    process.off('uncaughtException', note)
    await server.stop()
  })

  describe.each(driverNames)('%s', (driver) => {
    let store: PostgresStore
    let client: Connected
    let table: string
    let manager: SessionManager
    beforeEach(async () => {
      table = server.freeTable()
      client = server.connect(driver, { table })
      store = client.store
      await store.ensureSchema()
      manager = createSessionManager({ store, secret, storeTimeout: 300 })
    })
    afterEach(async () => {
      await manager.close()
      await client.end()
    })

    /** A session with a count in it, as its cookie. */
    async function begin(): Promise<string> {
      const session = await manager.open('')
      session.data.count = 0
      return cookieOf((await manager.commit(session)).headers)
    }

    /** A request that reads and writes; resolves to the value that it read. */
    async function visit(cookie: string): Promise<unknown> {
      const session = await manager.open(cookie)
      const { count } = session.data
      session.data.count = Number(count) + 1
      await manager.commit(session)
      return count
    }

    it('A server that is down at the start is a 503 with a cookie, no error without one, and works once it is up', async () => {
      const cookie = await begin()
      await client.end()
      await server.kill()
      const late = server.connect(driver, { table })
      const started = createSessionManager({ store: late.store, secret, storeTimeout: 300 })
      await expect(started.open(cookie).then((session) => session.load())).rejects.toMatchObject({ status: 503 })
      await started.commit(await started.open(''))
      await server.restart()
      await recovered(late.store)
      const session = await started.open(cookie)
      expect(session.data.count).toBe(0)
      await started.close()
      await late.end()
    })

    it('A server killed while idle does not end the process, and at most the next request fails', async () => {
      const cookie = await begin()
      await server.kill()
      await expect(visit(cookie)).rejects.toMatchObject({ status: 503 })
      await server.restart()
      await recovered(store)
      expect(await visit(cookie)).toBe(0)
      expect(await visit(cookie)).toBe(1)
    })

    it('A server killed under load loses no acknowledged write and restores no deleted session', async () => {
      const keys = Array.from({ length: 40 }, (_, index) => `key.${index}`)
      await Promise.all(keys.map((key) => store.set(key, '0', later)))
      const acknowledged = new Map(keys.map((key) => [key, 0]))
      const attempted = new Map(acknowledged)
      const deleted = new Set<string>()
      let writes = 0
      let killed = false
      const traffic = keys.map(async (key, index) => {
        try {
          for (let count = 0; !killed; count++) {
            attempted.set(key, count + 1)
            if (!(await store.compareAndSet(key, String(count), String(count + 1), later))) throw new Error('lost')
            acknowledged.set(key, count + 1)
            writes++
            if (index % 4 === 0 && count === 2) {
              await store.delete(key)
              deleted.add(key)
              return
            }
          }
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          expect(error).not.toMatchObject({ message: 'lost' })
        }
      })
      while (writes < 400) await new Promise((resolve) => setImmediate(resolve))
      await server.kill()
      killed = true
      await Promise.all(traffic)
      await server.restart()
      await recovered(store)
      for (const key of keys) {
        const found = await store.get(key)
        if (deleted.has(key)) expect(found).toBe(undefined)
        else expect([String(acknowledged.get(key)), String(attempted.get(key)), undefined]).toContain(found)
        // Absent only if a delete was requested.
        if (found === undefined) expect(acknowledged.get(key)).toBe(3)
      }
    })

    it('A frozen server is a 503 after storeTimeout, leaves the old or the new record, and works again afterwards', async () => {
      const cookie = await begin()
      await visit(cookie)
      server.freeze()
      await expect(manager.open(cookie).then((session) => session.load())).rejects.toMatchObject({
        status: 503,
        code: 'STORE_TIMEOUT'
      })
      server.thaw()
      await recovered(store)
      expect(await visit(cookie)).toBe(1)
      const session = await manager.open(cookie)
      await session.load()
      session.data.count = 100
      server.freeze()
      await expect(manager.commit(session)).rejects.toMatchObject({ status: 503 })
      server.thaw()
      await recovered(store)
      expect([2, 100]).toContain(await visit(cookie))
    })

    it('A lock held longer than storeTimeout is a 503 and leaves the old or the new record', async () => {
      const cookie = await begin()
      const other = new pg.Client({ connectionString: server.url })
      await other.connect()
      await other.query(`BEGIN; SELECT FROM "${table}" FOR UPDATE`)
      await expect(visit(cookie)).rejects.toMatchObject({ status: 503, code: 'STORE_TIMEOUT' })
      const session = await manager.open(cookie)
      await expect(session.destroy()).rejects.toMatchObject({ status: 503 })
      await other.query('COMMIT')
      await other.end()
      // Waiting statements have completed by now: a failed logout has taken effect, or can be repeated.
      const again = await manager.open(cookie)
      await again.destroy()
      expect(await keysOf(store)).toEqual([])
    })

    it('A lock_timeout ends the wait with nothing written', async () => {
      const impatient = server.connect(driver, { table, settings: { lock_timeout: '20ms' } }).store
      await store.set('key', 'old', later)
      const other = new pg.Client({ connectionString: server.url })
      await other.connect()
      await other.query(`BEGIN; SELECT FROM "${table}" FOR UPDATE`)
      await expect(impatient.compareAndSet('key', 'old', 'new', later)).rejects.toMatchObject({ code: '55P03' })
      await expect(impatient.delete('key')).rejects.toMatchObject({ code: '55P03' })
      expect(await impatient.deleteExpired()).toBe(0)
      await other.query('COMMIT')
      await other.end()
      expect(await store.get('key')).toBe('old')
      expect(await impatient.compareAndSet('key', 'old', 'new', later)).toBe(true)
    })

    it('With UNLOGGED, a crash ends every session, restores none, and the next login works', async () => {
      await client.ask(`ALTER TABLE "${table}" SET UNLOGGED`)
      const cookie = await begin()
      await server.kill()
      await server.restart()
      await recovered(store)
      expect(await keysOf(store)).toEqual([])
      const session = await manager.open(cookie)
      expect(session.data.count).toBe(undefined)
      expect(await visit(await begin())).toBe(0)
    })
  })
})

function cookieOf(headers: readonly (readonly [string, string])[]): string {
  return headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1].split(';')[0] ?? ''
}
