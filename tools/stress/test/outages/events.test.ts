import { inspect } from 'node:util'
import { type Engine, startProxy, type TcpProxy } from 'test-servers'
import { recordResults } from 'test-servers/results'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventServers } from './event-servers.ts'
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
    // Until all of its threads stand still some requests are answered.
    for (let code: unknown; code !== 'STORE_TIMEOUT'; ) code = await manager.open(cookie).then(() => '', codeOf)
    server.thaw()
  },
  'cuts of all connections': (_, proxy) => proxy.cutAll(),
  // In the midst of an answer: the write was applied, and nobody hears of it.
  'cuts within an answer': (_, proxy, __, turn) => proxy.cutAfter((turn * 7 + seed) % 60)
}

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

for (const { name, describe, start, drivers } of eventServers) {
  describe(`kills, freezes and cuts of ${name} under load`, () => {
    const counts: Record<string, number> = {}
    const add = (what: string, count: number): void => {
      counts[what] = (counts[what] ?? 0) + count
    }
    afterAll(() => {
      if (Object.keys(counts).length === 0) return
      recordResults(name, { seed, counts: { ...counts, 'acknowledged changes lost or done twice': 0 } })
    })

    it.each(Object.keys(drivers))(
      `%s: after ${events} of them every acknowledged change is there once`,
      {
        timeout: 120_000 + events * 10_000
      },
      async (driver) => {
        const server = await start()
        const proxy = await startProxy(server)
        const connected = drivers[driver]?.(proxy.url)
        if (connected === undefined) throw new Error(`no driver ${driver}`)
        const { store, end } = connected
        await store.ensureSchema?.()
        const traffic = await startTraffic(store)
        const seen: Record<string, number> = {}
        try {
          for (let turn = 0; turn < events; turn++) {
            const target = traffic.served() + quiet
            // The next blow falls when requests are answered again.
            while (traffic.served() < target && traffic.wrong().length === 0) await nextTurn()
            expect(traffic.wrong()).toEqual([])
            const names = Object.keys(kinds)
            const kind = names[turn % names.length] ?? ''
            await kinds[kind]?.(server, proxy, traffic, turn)
            seen[kind] = (seen[kind] ?? 0) + 1
          }
        } finally {
          await traffic.settle().then((ended) => add('sessions ended, and not seen again', ended))
        }
        expect(traffic.wrong()).toEqual([])
        expect(unhandled.splice(0).map((error) => inspect(error))).toEqual([])
        for (const [kind, count] of Object.entries(seen)) add(kind, count)
        add('changes acknowledged', traffic.served())
        await end()
        await proxy.close()
        await server.stop()
      }
    )
  })
}

function codeOf(error: unknown): unknown {
  return Reflect.get(Object(error), 'code')
}
