import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, type InterruptedStore, testStore } from '@kvsession/testkit'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { connect } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

const onPostgres = describeOn('postgres', { own: true })
/** Isolation is a property of the server, so the stricter levels run with one driver. */
const bindings = [
  ['pg', 'read committed', false],
  ['postgres.js', 'read committed', false],
  ['pg', 'repeatable read', false],
  ['postgres.js', 'serializable', false],
  ['pg', 'read committed', true],
  ['postgres.js', 'serializable', true]
] as const

for (const [driver, isolation, notify] of bindings) {
  onPostgres(`${driver}, ${isolation}${notify ? ', notify' : ''}`, () => {
    let server: Server
    beforeAll(async () => {
      server = await startServer({ max_connections: '200', default_transaction_isolation: isolation })
    })
    afterAll(() => server.stop())

    const seconds = new Map<KeyValueStore, () => KeyValueStore>()
    testStore({
      describe,
      it,
      name: 'store',
      methods: ['getMany', 'compareAndSet', 'keys', 'deleteExpired', ...(notify ? (['watch'] as const) : []), 'close'],
      async createStore() {
        const clock = createTestClock()
        const options = { clock, table: server.freeTable(), notify }
        const first = connect(driver, server.url, options)
        const opened = [first]
        await first.store.ensureSchema()
        seconds.set(first.store, () => {
          const second = connect(driver, server.url, options)
          opened.push(second)
          return second.store
        })
        return {
          store: first.store,
          clock,
          cleanup: async () => void (await Promise.all(opened.map((o) => o.end())))
        }
      },
      createSecondStore: (first) => seconds.get(first)?.() ?? first,
      createFailingStore: () => connect(driver, server.url.replace(`${server.port}`, '1'), { notify }).store,
      ...(notify && { createInterruptedStore })
    })

    async function createInterruptedStore(): Promise<InterruptedStore> {
      const { store, end } = connect(driver, server.url, { table: server.freeTable(), notify: true })
      await store.ensureSchema()
      const interrupt = async (): Promise<void> => {
        const listening = "FROM pg_stat_activity WHERE query ILIKE 'listen%' AND pid <> pg_backend_pid()"
        await server.admin.ask(`SELECT pg_terminate_backend(pid) ${listening}`)
      }
      return { store, interrupt, cleanup: end }
    }
  })
}
