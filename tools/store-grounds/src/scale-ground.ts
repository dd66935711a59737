import { randomBytes } from 'node:crypto'
import { createSessionManager, type KeyValueStore, type SessionManager } from '@kvsession/core'
import { connectTo } from './grounds.ts'
import { type ScaleEngine, type ScaleGroundName, scaleEngines } from './scale-engines.ts'
import { measureRequests, openSession } from './scale-latency.ts'
import { storeAll } from './scale-load.ts'
import { type PauseWatch, watchPauses } from './scale-pauses.ts'
import { createPopulation, type Population } from './scale-population.ts'
import type { ScaleListing, ScaleResult, ScaleSweep } from './scale-result.ts'
import { startTraffic, type Traffic } from './scale-traffic.ts'

export interface ScaleOptions {
  readonly sessions: number
  /** Of each kind that is timed. */
  readonly requests: number
  say?(text: string): void
}

const minute = 60_000
const briefLifetime = 20 * minute
const probeKey = 'probe.s.1'
/** As many as the drivers that pipeline need to be busy. */
const atOnce = 256
/** Longer than any run, so that a request that only reads writes nothing. */
const touchInterval = 59 * minute
/** An engine that has not removed them by then does so when it needs the room. */
const patience = 30_000

/**
 * Fills an engine in two steps, measures requests after each, lets half of the sessions end while requests go on, and
 * lists what is left.
 */
export async function measureGround(ground: ScaleGroundName, options: ScaleOptions): Promise<ScaleResult> {
  const { sessions, requests, say = () => undefined } = options
  const brief = Math.floor(sessions / 2)
  const few = Math.max(100, Math.round(sessions / 100))
  let ahead = 0
  const clock = { now: (): number => Date.now() + ahead }
  const secret = randomBytes(33).toString('base64')
  const engine = await scaleEngines[ground]()
  const { store, close } = await connectTo(ground, engine.address, { clock })
  const manager = createSessionManager({ store, secret, clock, touchInterval, storeTimeout: 15_000 })
  try {
    const empty = await engine.bytes()
    const first = await createPopulation({ lasting: few, brief: 0, briefUntil: 0, secret, clock })
    const firstSeconds = await load(engine, store, first)
    const small = await measureRequests(manager, first.cookies, { sessions: few, requests })
    say(`${few} sessions measured`)

    // An engine that removes by itself is given the moment at which it may, after the load and what is timed before.
    const busy = (firstSeconds * 2 * sessions) / few + (requests * 20) / 1_000 + 2
    const dueAt = Date.now() + (engine.entries ? busy * 1_000 : briefLifetime)
    const briefUntil = dueAt - (engine.margin ?? 0)
    const rest = await createPopulation({ lasting: sessions - few - brief, brief, briefUntil, secret, clock })
    const seconds = firstSeconds + (await load(engine, store, rest))
    const bytesPerSession = Math.round(((await engine.bytes()) - empty) / sessions)
    say(`${sessions} sessions loaded in ${seconds.toFixed(1)} s, ${bytesPerSession} bytes each`)
    const large = await measureRequests(manager, rest.cookies, { sessions, requests })
    say(`${sessions} sessions measured`)

    const cookies = [...first.cookies, ...rest.cookies]
    await store.set(probeKey, 'x'.repeat(400), Date.now() + 24 * 60 * minute)
    const watch = await watchPauses(ground, engine.address, probeKey)
    const traffic = startTraffic(manager, cookies)
    let sweep: ScaleSweep
    let list: ScaleListing | undefined
    try {
      if (!engine.entries) ahead = briefLifetime + minute
      sweep = await measureSweep({ engine, manager, traffic, watch, requests, dueAt })
      say(`${sweep.removed} of ${brief} removed in ${sweep.seconds.toFixed(1)} s`)
      list = store.keys && (await measureListing(store.keys('sessions.s.'), traffic, watch))
      say(`${list?.keys ?? 0} listed`)
    } finally {
      await traffic.stop()
      await watch.stop()
    }
    const logins = small.logins + large.logins
    const missing = list ? sessions - brief + logins - list.keys : 0
    return {
      ground,
      date: new Date().toISOString().slice(0, 10),
      loading: { by: engine.load ? 'bulk' : 'store', seconds },
      bytesPerSession,
      small,
      large,
      sweep,
      ...(list && { list }),
      lost: missing + (await countLost(manager, cookies))
    }
  } finally {
    await manager.close()
    await close()
    await engine.stop()
  }
}

async function load(engine: ScaleEngine, store: KeyValueStore, population: Population): Promise<number> {
  const began = performance.now()
  await (engine.load ? engine.load(population.sessions()) : storeAll(store, population.sessions(), atOnce))
  return (performance.now() - began) / 1_000
}

interface Sweeping {
  readonly engine: ScaleEngine
  readonly manager: SessionManager
  readonly traffic: Traffic
  readonly watch: PauseWatch
  readonly requests: number
  readonly dueAt: number
}

async function measureSweep({ engine, manager, traffic, watch, requests, dueAt }: Sweeping): Promise<ScaleSweep> {
  const entries = await engine.entries?.()
  const before = await traffic.takeAfter(requests)
  if (entries !== undefined) {
    if (Date.now() > dueAt) throw new Error('the load took longer than its first hundredth promised: run it again')
    await new Promise((resolve) => setTimeout(resolve, dueAt - Date.now()))
  }
  traffic.take()
  await watch.take()
  const began = performance.now()
  const removed = entries === undefined ? await manager.sweep() : entries - (await settledEntries(engine, entries))
  const seconds = (performance.now() - began) / 1_000
  const by = entries === undefined ? 'store' : 'engine'
  return { by, seconds, removed, before, during: traffic.take(), pauses: await watch.take() }
}

/** Until nothing more goes, for it removes them in its own time. */
async function settledEntries(engine: ScaleEngine, before: number): Promise<number> {
  const until = performance.now() + patience
  let last = before
  for (let still = 0; still < 10 && performance.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = (await engine.entries?.()) ?? 0
    still = now === last && now !== before ? still + 1 : 0
    last = now
  }
  return last
}

async function measureListing(keys: AsyncIterable<string>, traffic: Traffic, watch: PauseWatch): Promise<ScaleListing> {
  traffic.take()
  await watch.take()
  const began = performance.now()
  let count = 0
  for await (const _ of keys) count++
  const seconds = (performance.now() - began) / 1_000
  return { seconds, keys: count, during: traffic.take(), pauses: await watch.take() }
}

async function countLost(manager: SessionManager, cookies: readonly string[]): Promise<number> {
  let lost = 0
  for (const cookie of cookies) await openSession(manager, cookie).catch(() => lost++)
  return lost
}
