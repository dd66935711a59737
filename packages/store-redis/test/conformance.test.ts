import { createTestClock, type OptionalMethod, type TestClock, testStore } from '@kvsession/testkit'
import { describeOn, type RedisCluster, type RedisEngine, startRedis, startRedisCluster } from 'test-servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Connected, connect, connectCluster, driverNames } from './support/drivers.ts'

const methods: readonly OptionalMethod[] = ['compareAndSet', 'keys', 'close']
type Engine = RedisEngine | RedisCluster

function conform(
  start: () => Promise<Engine>,
  open: (engine: Engine, clock: TestClock) => Connected,
  /** A cluster has no watch. */
  oneServer = true
) {
  let engine: Engine
  let pair: [Connected, Connected]
  const clock = createTestClock()
  beforeAll(async () => {
    engine = await start()
    pair = [open(engine, clock), open(engine, clock)]
    for (const { ready } of pair) await ready
  })
  afterAll(async () => {
    for (const one of pair) one.end()
    await engine.stop()
  })
  testStore({
    describe,
    it,
    name: 'store',
    methods: ['getMany', ...methods, ...(oneServer ? (['watch'] as const) : [])],
    async createStore() {
      for (const node of 'nodes' in engine ? engine.nodes.slice(0, 3) : [engine]) await node.command('FLUSHALL')
      return { store: pair[0].store, clock }
    },
    createSecondStore: () => pair[1].store,
    createFailingStore: () => {
      const lost = connect('node-redis 6', 'redis://127.0.0.1:1')
      lost.end()
      return lost.store
    },
    ...(oneServer && {
      async createInterruptedStore() {
        const server = engine
        if (!('command' in server)) throw new Error('a cluster has no watch')
        // The connections of watches are the only ones in these states.
        const interrupt = async (): Promise<void> => {
          const list = await server.command('CLIENT', 'LIST')
          const ids = [...list.matchAll(/^id=(\d+) .*\bflags=\S*[tB]/gm)].map(([, id = '']) => id)
          for (const id of ids) await server.command('CLIENT', 'KILL', 'ID', id)
        }
        return { store: pair[0].store, clock, interrupt }
      }
    })
  })
}

describeOn('redis', { own: true })('The Redis store', () => {
  describe.each(driverNames)('%s', (driver) => {
    const open = (engine: Engine, clock: TestClock): Connected =>
      'url' in engine ? connect(driver, engine.url, { clock }) : connectCluster(driver, engine.urls, { clock })
    describe('One Redis server', () => conform(() => startRedis({ own: true }), open))
    describe('A Redis cluster', () => conform(startRedisCluster, open, false))
  })

  describe('Writes that wait for a replica', () => {
    let replica: RedisEngine
    afterAll(() => replica.stop())
    const start = async (): Promise<RedisEngine> => {
      const master = await startRedis({ own: true })
      replica = await startRedis({ own: true, replicaOf: master.port })
      return master
    }
    conform(start, (engine, clock) =>
      connect('node-redis 6', 'url' in engine ? engine.url : '', { clock, waitReplicas: 1, waitTimeout: 5_000 })
    )
  })
})
