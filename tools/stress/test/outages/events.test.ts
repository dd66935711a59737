import { inspect } from 'node:util'
import { type Engine, startProxy, type TcpProxy } from 'test-servers'
import { recordResults } from 'test-servers/results'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTally } from '../../src/processes/tally.ts'
import { connectStore, type DriverName } from '../../src/stores/connect-store.ts'
import { storeServers } from '../../src/stores/store-servers.ts'
import { describeStore } from '../stores/describe-store.ts'
import { nextTurn, type OutageTraffic, startTraffic } from './outage-traffic.ts'

/** On each driver. Half of them are kills and freezes of the server, half are cuts of its connections. */
const events = Number(process.env.KVSESSION_EVENTS ?? 40)
const seed = Number(process.env.KVSESSION_SEED ?? 1)
/** Requests that are answered between two events. */
const quiet = 30

type Event = (server: Engine, proxy: TcpProxy, traffic: OutageTraffic, turn: number) => Promise<void> | void

const kinds: Readonly<Record<string, Event>> = {
  async 'server kills'(server) {
    await server.kill()
    await server.restart()
  },
  async 'server freezes'(server, _, { manager, cookie }) {
    server.freeze()
    // Some requests are answered until all of its threads have stopped.
    for (let code: unknown; code !== 'STORE_TIMEOUT'; ) code = await manager.open(cookie).then(() => '', codeOf)
    server.thaw()
  },
  'cuts of all connections': (_, proxy) => proxy.cutAll(),
  // In the middle of an answer: the write was applied, and the client gets no confirmation.
  'cuts within an answer': (_, proxy, __, turn) => proxy.cutAfter((turn * 7 + seed) % 60)
}

const drivers = {
  redis: ['redis', 'ioredis'],
  postgres: ['postgres', 'postgres.js'],
  mariadb: ['mariadb']
} as const satisfies Record<string, readonly DriverName[]>

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
beforeAll(() => {
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
afterAll(() => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
})

for (const name of ['redis', 'postgres', 'mariadb'] as const) {
  describeStore(name)(`kills, freezes and cuts of ${name} under load`, () => {
    const tally = createTally()
    afterAll(() => {
      if (Object.keys(tally.counts).length === 0) return
      recordResults(name, { seed, counts: { ...tally.counts, 'acknowledged changes lost or done twice': 0 } })
    })

    it.each<DriverName>(drivers[name])(
      `With %s every acknowledged change is there exactly once after ${events} events`,
      { timeout: 120_000 + events * 10_000 },
      async (driver) => {
        const { engine } = await storeServers[name].start()
        if (engine === undefined) throw new Error(`${name} has no server`)
        const proxy = await startProxy(engine)
        const { store, close } = await connectStore(driver, proxy.url)
        const traffic = await startTraffic(store)
        try {
          for (let turn = 0; turn < events; turn++) {
            const target = traffic.served() + quiet
            // The next event comes when requests are answered again.
            while (traffic.served() < target && traffic.wrong().length === 0) await nextTurn()
            expect(traffic.wrong()).toEqual([])
            const kind = Object.keys(kinds)[turn % Object.keys(kinds).length] ?? ''
            await kinds[kind]?.(engine, proxy, traffic, turn)
            tally.count(kind)
          }
        } finally {
          tally.count('sessions ended, and not seen again', await traffic.settle())
        }
        expect(traffic.wrong()).toEqual([])
        expect(unhandled.splice(0).map((error) => inspect(error))).toEqual([])
        tally.count('changes acknowledged', traffic.served())
        await close()
        await proxy.close()
        await engine.stop()
      }
    )
  })
}

function codeOf(error: unknown): unknown {
  return Reflect.get(Object(error), 'code')
}
