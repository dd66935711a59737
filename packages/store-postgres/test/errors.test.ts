import { inspect } from 'node:util'
import { createSessionManager } from '@kvsession/core'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresStore } from '../src/index.ts'
import { driverNames } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

const later = Date.UTC(9999, 0)

const calls: readonly [name: string, call: (store: PostgresStore) => Promise<unknown>][] = [
  ['get', (store) => store.get('key')],
  ['set', (store) => store.set('key', 'top secret', later)],
  ['delete', (store) => store.delete('key')],
  ['create', (store) => store.compareAndSet('new', undefined, 'top secret', later)],
  ['replace', (store) => store.compareAndSet('key', 'top secret', 'new top secret', later)],
  ['keys', (store) => store.keys('')[Symbol.asyncIterator]().next()],
  ['deleteExpired', (store) => store.deleteExpired()]
]

describeOn('postgres', { own: true })('Errors of PostgreSQL that say what to do', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
    await server.admin.ask('CREATE ROLE visitor LOGIN')
  })
  afterAll(() => server.stop())

  describe.each(driverNames)('%s', (driver) => {
    it('A missing table that may not be created never opens a new session', async () => {
      const { store } = server.connect(driver, { table: server.freeTable(), createTable: false })
      const other = server.connect(driver, { table: server.freeTable() }).store
      await other.ensureSchema()
      const options = { secret: 'a secret for tests that is long enough' }
      const model = createSessionManager({ ...options, store: other })
      const session = await model.open('')
      session.data.views = 1
      const cookie = (await model.commit(session)).headers[0]?.[1].split(';')[0] ?? ''
      const manager = createSessionManager({ ...options, store })
      await expect(manager.open(cookie).then((opened) => opened.load())).rejects.toMatchObject({
        status: 503,
        message: expect.stringContaining('ensureSchema()')
      })
      await store.ensureSchema()
      await expect(manager.open(cookie)).resolves.toBeDefined()
    })

    it('A role with the four privileges of the README can run all requests, sweeps and ensureSchema', async () => {
      const table = server.freeTable()
      await server.connect(driver, { table }).store.ensureSchema()
      await server.admin.ask(`GRANT SELECT, INSERT, UPDATE, DELETE ON "${table}" TO visitor`)
      const { store } = server.connect(driver, { table, user: 'visitor' })
      await store.ensureSchema()
      for (const [, call] of calls) await call(store)
      await expect(
        server.connect(driver, { table: 'other', user: 'visitor' }).store.ensureSchema()
      ).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining('CREATE on the schema')
      })
    })

    it.each(['SELECT', 'INSERT', 'UPDATE', 'DELETE'])(
      'Without the privilege %s, at least one call names the grant',
      async (missing) => {
        const table = server.freeTable()
        await server.connect(driver, { table }).store.ensureSchema()
        await server.admin.ask(`GRANT SELECT, INSERT, UPDATE, DELETE ON "${table}" TO visitor`)
        await server.admin.ask(`REVOKE ${missing} ON "${table}" FROM visitor`)
        const { store } = server.connect(driver, { table, user: 'visitor' })
        const outcomes = await Promise.allSettled(calls.map(([, call]) => call(store)))
        const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
        expect(errors.length).toBeGreaterThan(0)
        for (const error of errors) {
          expect(error).toMatchObject({
            code: 'STORE_INVALID',
            message: expect.stringContaining(`GRANT SELECT, INSERT, UPDATE, DELETE ON "${table}"`)
          })
        }
      }
    )

    it('A missing schema, or one that the role may not use, is an error that says what to do', async () => {
      const missing = server.connect(driver, { schema: 'nowhere' }).store
      await expect(missing.ensureSchema()).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining('CREATE SCHEMA "nowhere"')
      })
      await server.admin.ask('CREATE SCHEMA IF NOT EXISTS closed')
      const closed = server.connect(driver, { schema: 'closed', user: 'visitor' }).store
      for (const call of [() => closed.get('key'), () => closed.ensureSchema()]) {
        await expect(call()).rejects.toMatchObject({
          code: 'STORE_INVALID',
          message: expect.stringContaining('GRANT USAGE ON SCHEMA')
        })
      }
    })

    it('A table of another program with the same name is an error', async () => {
      await server.admin.ask('CREATE TABLE IF NOT EXISTS taken (id int)')
      const { store } = server.connect(driver, { table: 'taken' })
      await expect(store.get('key')).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining('Choose another name')
      })
      await expect(store.ensureSchema()).rejects.toMatchObject({ code: 'STORE_INVALID' })
    })

    it('A read-only server rejects writes, changes nothing and continues to read', async () => {
      const table = server.freeTable()
      const writer = server.connect(driver, { table })
      await writer.store.ensureSchema()
      await writer.store.set('key', 'old', later)
      const { store } = server.connect(driver, { table, settings: { default_transaction_read_only: 'on' } })
      for (const [name, call] of calls) {
        if (name === 'get' || name === 'keys') await call(store)
        else await expect(call(store)).rejects.toMatchObject({ cause: expect.objectContaining({ code: '25006' }) })
      }
      expect(await store.get('key')).toBe('old')
      await store.ensureSchema()
    })

    it('Errors never contain stored data', async () => {
      const table = server.freeTable()
      const { store, ask } = server.connect(driver, { table })
      await store.ensureSchema()
      await store.set('key', 'old', later)
      await ask(`ALTER TABLE "${table}" ADD CONSTRAINT small CHECK (length(value) < 5)`)
      const writes = [
        () => store.set('key', 'top secret', later),
        () => store.compareAndSet('key', 'old', 'top secret', later),
        () => store.compareAndSet('new', undefined, 'top secret', later)
      ]
      for (const write of writes) {
        const error: unknown = await write().catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({ code: '23514' })
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('top secret')
      }
      expect(await store.get('key')).toBe('old')
    })

    it('A pooler that loses prepared statements is an error that says what to do', async () => {
      const { store, ask } = server.connect(driver, { table: server.freeTable(), max: 1 })
      await store.ensureSchema()
      await store.get('key')
      await ask('DEALLOCATE ALL')
      const outcome: unknown = await store.get('key').catch((error: unknown) => error)
      // postgres.js prepares the statement again by itself.
      if (driver === 'postgres.js') expect(outcome).toBe(undefined)
      else {
        expect(outcome).toMatchObject({ code: 'STORE_INVALID', message: expect.stringContaining('prepare: false') })
      }
    })
  })
})
