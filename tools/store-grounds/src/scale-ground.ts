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
/** What a session may take to be loaded, and a request to be measured, before others are due to end. */
const [loadMs, lullMs] = [0.1, 10]

/**
 * Fills an engine, and a second one with a hundredth of that; measures requests to both; lets half of the sessions end
 * while requests go on, and lists what is left.
 */
export async function measureGround(ground: ScaleGroundName, options: ScaleOptions): Promise<ScaleResult> {
  const { sessions, requests, say = () => undefined } = options
  const brief = Math.floor(sessions / 2)
  let ahead = 0
  const clock = { now: (): number => Date.now() + ahead }
  const secret = randomBytes(33).toString('base64')
  const scenes: Scene[] = []
  const open = async (): Promise<Scene> => {
    const scene = await openScene(ground, { secret, clock })
    scenes.push(scene)
    return scene
  }
  try {
    const { engine, store, manager } = await open()
    const beside = await open()
    const few = Math.max(100, Math.round(sessions / 100))
    const fewer = await createPopulation({ lasting: few, brief: 0, briefUntil: 0, secret, clock })
    await load(beside, fewer)

    // An engine that removes by itself is told when before the load begins: once that and what is timed next are over.
    const dueAt = Date.now() + (engine.entries ? sessions * loadMs + requests * lullMs + 2_000 : briefLifetime)
    const briefUntil = dueAt - (engine.margin ?? 0)
    const population = await createPopulation({ lasting: sessions - brief, brief, briefUntil, secret, clock })
    const { cookies } = population
    const empty = await engine.bytes()
    const seconds = await load({ engine, store }, population)
    const bytesPerSession = Math.round(((await engine.bytes()) - empty) / sessions)
    say(`${sessions} sessions loaded in ${seconds.toFixed(1)} s, ${bytesPerSession} bytes each`)
    const { small, large } = await measureRequests(
      { manager: beside.manager, cookies: fewer.cookies, sessions: few },
      { manager, cookies, sessions },
      requests
    )
    say('requests measured')

    await store.set(probeKey, 'x'.repeat(400), Date.now() + 24 * 60 * minute)
    const { logins } = large
    if (engine.entries) await until(dueAt - (requests * lullMs) / 2)
    const watch = await watchPauses(ground, engine.address, probeKey)
    const traffic = startTraffic(manager, cookies)
    let sweep: ScaleSweep
    let list: ScaleListing | undefined
    try {
      if (!engine.entries) ahead = briefLifetime + minute
      // A login is a session and its user's entry.
      const stored = sessions + 2 * logins + 1
      sweep = await measureSweep({ engine, manager, traffic, watch, requests, stored, brief, dueAt })
      say(`${sweep.removed} of ${brief} removed in ${sweep.seconds.toFixed(1)} s`)
      list = store.keys && (await measureListing(store.keys('sessions.s.'), traffic, watch))
      if (list) say(`${list.keys} listed`)
    } finally {
      await Promise.all([traffic.stop(), watch.stop()])
    }
    const missing = list ? sessions - brief + logins - list.keys : 0
    if (missing < 0) throw new Error(`${ground} lists ${-missing} sessions that have ended`)
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
    for (const scene of scenes) await scene.close()
  }
}

/** An empty engine of its own and what requests need of it. */
interface Scene {
  readonly engine: ScaleEngine
  readonly store: KeyValueStore
  readonly manager: SessionManager
  close(): Promise<void>
}

async function openScene(ground: ScaleGroundName, { secret, clock }: SceneOptions): Promise<Scene> {
  const engine = await scaleEngines[ground]()
  const { store, close } = await connectTo(ground, engine.address, { clock })
  const manager = createSessionManager({ store, secret, clock, touchInterval, storeTimeout: 15_000 })
  return {
    engine,
    store,
    manager,
    async close() {
      await manager.close()
      await close()
      await engine.stop()
    }
  }
}

interface SceneOptions {
  readonly secret: string
  readonly clock: { now(): number }
}

async function load({ engine, store }: Pick<Scene, 'engine' | 'store'>, population: Population): Promise<number> {
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
  readonly stored: number
  readonly brief: number
  readonly dueAt: number
}

async function measureSweep(sweeping: Sweeping): Promise<ScaleSweep> {
  const { engine, manager, traffic, watch, requests, dueAt } = sweeping
  const before = await traffic.takeAfter(requests)
  const late = engine.entries !== undefined && Date.now() > dueAt
  if (engine.entries) await until(dueAt)
  traffic.take()
  await watch.take()
  const began = performance.now()
  const removed = await (engine.entries ? removedBy(engine.entries, sweeping) : manager.sweep())
  const seconds = (performance.now() - began) / 1_000
  const by = engine.entries ? 'engine' : 'store'
  return { by, seconds, removed, ...(!late && { before }), during: traffic.take(), pauses: await watch.take() }
}

/** Until all are gone, or for as long as it is worth waiting: it removes them in its own time. */
async function removedBy(entries: () => Promise<number>, { stored, brief }: Sweeping): Promise<number> {
  const end = Date.now() + patience
  for (;;) {
    const removed = stored - (await entries())
    if (removed >= brief || Date.now() > end) return removed
    await until(Date.now() + 50)
  }
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())))
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
