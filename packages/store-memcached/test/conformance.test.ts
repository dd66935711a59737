import { testStore } from '@kvsession/testkit'
import { describeOn, type Engine } from 'test-servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { connect, startServer } from './support/memcached.ts'
import { storesOn } from './support/store-under-test.ts'

const servers = [
  { name: 'memcached as it comes', settings: {}, largestValue: 1_000_000 },
  { name: 'memcached -I 2m', settings: { 'max-item-size': '2m' }, largestValue: 1_048_576 }
]

for (const { name, settings, largestValue } of servers) {
  describeOn('memcached', { own: true })(`The memcached store on ${name}`, () => {
    let server: Engine
    beforeAll(async () => {
      server = await startServer(settings)
    })
    afterAll(() => server.stop())
    const stores = storesOn(() => server.port, largestValue)
    const createFailingStore = () => connect(1).store
    testStore({ describe, it, name, methods: ['compareAndSet'], largestValue, ...stores, createFailingStore })
  })
}
