import { createSessionManager } from '@kvsession/core'
import pg from 'pg'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresStore, type PostgresStore } from '../src/index.ts'
import { driverNames } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

const later = Date.UTC(9999, 0)

const calls: readonly [name: string, call: (store: PostgresStore) => Promise<unknown>][] = [
  ['get', (store) => store.get('key')],
  ['set', (store) => store.set('key', 'value', later)],
  ['delete', (store) => store.delete('key')],
  ['create', (store) => store.compareAndSet('key', undefined, 'value', later)],
  ['replace', (store) => store.compareAndSet('key', 'old', 'value', later)],
  ['keys', (store) => store.keys('')[Symbol.asyncIterator]().next()],
  ['deleteExpired', (store) => store.deleteExpired()]
]

describeOn('postgres', { own: true })('The first use of a PostgreSQL database without the table', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
    await server.admin.ask('CREATE ROLE visitor LOGIN')
    await server.admin.ask('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
  })
  afterAll(() => server.stop())

  describe.each(driverNames)('%s', (driver) => {
    it.each(calls)('A first call of %s creates the table', async (_name, call) => {
      const { store } = server.connect(driver, { table: server.freeTable() })
      await call(store)
      await store.set('other', 'value', later)
      expect(await store.get('other')).toBe('value')
    })

    it('A session is stored without a call of ensureSchema', async () => {
      const { store } = server.connect(driver, { table: server.freeTable() })
      const manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
      const session = await manager.open('')
      session.data.views = 1
      await manager.commit(session)
      expect((await manager.find(session.id))?.data).toEqual({ views: 1 })
      await manager.close()
    })

    it('Many clients with several connections each create the table concurrently, and all succeed', async () => {
      for (let round = 0; round < 5; round++) {
        const table = server.freeTable()
        const clients = Array.from({ length: 6 }, () => server.connect(driver, { table, max: 3 }))
        const writes = clients.flatMap(({ store }) => [
          store.compareAndSet('key', undefined, 'value', later),
          store.get('key').then(() => false),
          store.compareAndSet('key', undefined, 'value', later)
        ])
        expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1)
        await Promise.all(clients.map(({ end }) => end()))
      }
    })

    it.each(calls)(
      'A first call of %s says what to do and creates nothing with createTable: false',
      async (_name, call) => {
        const table = server.freeTable()
        const { store } = server.connect(driver, { table, createTable: false })
        await expect(call(store)).rejects.toMatchObject({
          code: 'STORE_INVALID',
          message: expect.stringMatching(/no table .*ensureSchema\(\).*schema\.sql/),
          cause: expect.objectContaining({ code: '42P01' })
        })
        expect(await server.admin.ask(`SELECT to_regclass('${table}') AS found`)).toEqual([{ found: null }])
        await store.ensureSchema()
        await call(store)
      }
    )

    it('A role that may not create the table gets an error that names the statements to run', async () => {
      const table = server.freeTable()
      const { store } = server.connect(driver, { table, user: 'visitor' })
      await expect(store.get('key')).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringMatching(
          new RegExp(`no table "${table}", and the role may not create it\\. Run schema\\.sql.*GRANT SELECT, INSERT`)
        ),
        cause: expect.objectContaining({ code: '42501' })
      })
      await server.connect(driver, { table }).store.ensureSchema()
      await server.admin.ask(`GRANT SELECT, INSERT, UPDATE, DELETE ON "${table}" TO visitor`)
      expect(await store.get('key')).toBeUndefined()
    })

    it('A table that disappears after use is an error and is not created again', async () => {
      const table = server.freeTable()
      const { store } = server.connect(driver, { table, prepare: false })
      await store.set('key', 'value', later)
      await server.admin.ask(`DROP TABLE "${table}"`)
      await expect(store.get('key')).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining(`no table "${table}"`)
      })
    })
  })

  it('createTable accepts only a boolean', () => {
    const client = new pg.Client()
    client.on('error', () => undefined)
    const options = JSON.parse('{ "createTable": "no" }')
    expect(() => createPostgresStore(client, options)).toThrow('createTable must be true or false. [OPTION_INVALID]')
  })
})
