import { createSessionManager } from '@kvsession/core'
import { describeOn, startProxy } from 'test-servers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PostgresStore } from '../src/index.ts'
import { connect, type DriverName, driverNames } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'
import { keysOf, recovered } from './support/store-state.ts'

const later = Date.UTC(9999, 0)

describeOn('postgres', { own: true })('A lost connection to PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  describe.each(driverNames)('%s', (driver) => {
    let store: PostgresStore
    let table: string
    beforeEach(async () => {
      table = server.freeTable()
      store = server.connect(driver, { table }).store
      await store.ensureSchema()
    })

    it('A response cut at any byte never makes a read absent, and a write is old or new but never refused', async () => {
      await store.set('read', 'value', later)
      const reads = await cutEverywhere(server, driver, table, (cut) => cut.get('read'), 'value')
      const creates = await cutEverywhere(
        server,
        driver,
        table,
        async (cut, turn) => {
          try {
            return await cut.compareAndSet(`created.${turn}`, undefined, 'value', later)
          } finally {
            expect([undefined, 'value']).toContain(await store.get(`created.${turn}`))
          }
        },
        true
      )
      const replaces = await cutEverywhere(
        server,
        driver,
        table,
        async (cut, turn) => {
          await store.set(`replaced.${turn}`, 'old', later)
          try {
            return await cut.compareAndSet(`replaced.${turn}`, 'old', 'new', later)
          } finally {
            expect(['old', 'new']).toContain(await store.get(`replaced.${turn}`))
          }
        },
        true
      )
      const sets = await cutEverywhere(
        server,
        driver,
        table,
        async (cut) => {
          await store.set('set', 'old', later)
          await cut.set('set', 'new', later).finally(async () => {
            expect(['old', 'new']).toContain(await store.get('set'))
          })
        },
        undefined
      )
      const deletes = await cutEverywhere(
        server,
        driver,
        table,
        async (cut) => {
          await store.set('deleted', 'old', later)
          await cut.delete('deleted').finally(async () => {
            expect([undefined, 'old']).toContain(await store.get('deleted'))
          })
        },
        undefined
      )
      const sweeps = await cutEverywhere(server, driver, table, (cut) => cut.deleteExpired(), 0)
      const pages = await cutEverywhere(server, driver, table, (cut) => keysOf(cut, 'read'), ['read'])
      // Whole responses were cut, including the closing ReadyForQuery of 6 bytes.
      for (const bytes of [reads, creates, replaces, sets, deletes, sweeps, pages]) expect(bytes).toBeGreaterThan(20)
    })

    it('An update of the session manager with lost responses counts once', async () => {
      const proxy = await startProxy(server)
      const through = connect(driver, proxy.url, { table, max: 2 })
      const cutting = createSessionManager({
        store: through.store,
        secret: 'a secret for tests that is long enough'
      })
      const session = await cutting.open('')
      session.data.count = 0
      await cutting.commit(session)
      let counted = 0
      // The response to a prepared compareAndSet has 30 bytes.
      for (let bytes = 0; bytes < 30; bytes++) {
        proxy.cutAfter(bytes)
        await session.update((data) => {
          data.count = Number(data.count) + 1
        })
        counted++
        expect(session.data.count).toBe(counted)
      }
      await cutting.close()
      await through.end()
      await proxy.close()
    })
  })
})

/** Cuts after 0, 1, 2 … bytes of the response, on an open connection, until the call gets all of it. */
async function cutEverywhere(
  server: Server,
  driver: DriverName,
  table: string,
  call: (store: PostgresStore, turn: number) => Promise<unknown>,
  answer: unknown
): Promise<number> {
  const proxy = await startProxy(server)
  const { store, end } = connect(driver, proxy.url, { table, max: 1 })
  try {
    for (let bytes = 0; ; bytes++) {
      await recovered(store)
      proxy.cutAfter(bytes)
      const outcome = await call(store, bytes).catch((error: unknown) => error)
      if (outcome instanceof Error) continue
      expect(outcome).toEqual(answer)
      return bytes
    }
  } finally {
    await end()
    await proxy.close()
  }
}
