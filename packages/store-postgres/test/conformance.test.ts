import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { connect } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

const onPostgres = describeOn('postgres', { own: true })
/** Isolation is a property of the server, so the stricter levels run with one driver. */
const bindings = [
  ['pg', 'read committed'],
  ['postgres.js', 'read committed'],
  ['pg', 'repeatable read'],
  ['postgres.js', 'serializable']
] as const

for (const [driver, isolation] of bindings) {
  onPostgres(`${driver}, ${isolation}`, () => {
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
      methods: ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'],
      async createStore() {
        const clock = createTestClock()
        const options = { clock, table: server.freeTable() }
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
      createFailingStore: () => connect(driver, server.url.replace(`${server.port}`, '1')).store
    })
  })
}
