import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describeOn, type Engine } from 'engine-harness'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { connect, startServer } from './support/memcached.ts'

const limits = [
  { name: 'memcached as it comes', settings: {}, largestValue: 1_000_000 },
  { name: 'memcached -I 2m', settings: { 'max-item-size': '2m' }, largestValue: 1_048_576 }
]

describeOn('memcached', { own: true })('the memcached store', () => {
  describe.each(limits)('$name', ({ name, settings, largestValue }) => {
    let server: Engine
    beforeAll(async () => {
      server = await startServer(settings)
    })
    afterAll(() => server.stop())

    const seconds = new Map<KeyValueStore, () => KeyValueStore>()
    testStore({
      describe,
      it,
      name,
      methods: ['compareAndSet'],
      largestValue,
      async createStore() {
        // memcached's own clock is the real one: deadlines must lie in its future.
        const clock = createTestClock(Math.ceil(Date.now() / 1_000) * 1_000 + 250)
        const { client, store } = connect(server.port, { clock, largestValue })
        const others = [client]
        await client.cmd('flush_all')
        seconds.set(store, () => {
          const second = connect(server.port, { clock, largestValue })
          others.push(second.client)
          return second.store
        })
        return { store, clock, cleanup: () => void others.map((other) => other.shutdown()) }
      },
      createSecondStore: (first) => seconds.get(first)?.() ?? first,
      createFailingStore: () => connect(1).store
    })
  })
})
