import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createSessionManager, type Session, type SessionManager } from '@kvsession/core'
import { answerCalls } from 'stress/processes'
import { makePayload, pairsOf } from '../applications/scenario.ts'
import { secret } from '../applications/secret.ts'
import { openEngine, type ScaleEngine, type ScaleEngineName } from './engines.ts'

/** Sessions that are not permanent expire after this time. */
const idleTimeout = 2 * 3_600_000
/** Longer than any run, so requests that only read do not write. */
const touchInterval = 59 * 60_000
/** The number of sessions whose cookies are kept for requests. */
const mostCookies = 10_000
/** Enough to keep a driver that pipelines busy. */
const loadedAtOnce = 256

/** Operations that are measured, through the session manager. */
export type ScaleAct = 'open' | 'write' | 'login'

/** One engine with many sessions, half of which expire after {@link idleTimeout}. */
interface Filled {
  readonly engine: ScaleEngine
  readonly manager: SessionManager
  readonly cookies: readonly string[]
  readonly acts: Readonly<Record<ScaleAct, () => Promise<unknown>>>
}

let filled: Filled | undefined
let ahead = 0
const clock = { now: (): number => Date.now() + ahead }

const methods = {
  async fill(name: ScaleEngineName, sessions: number): Promise<Loading> {
    const engine = await openEngine(name, clock)
    const { store } = engine
    const manager = createSessionManager({ store, secret, clock, idleTimeout, touchInterval, storeTimeout: 15_000 })
    const empty = await engine.bytes?.()
    const began = performance.now()
    const cookies = await createSessions(manager, sessions)
    const seconds = (performance.now() - began) / 1000
    const full = await engine.bytes?.()
    filled = { engine, manager, cookies, acts: actsOf(manager, cookies) }
    return { seconds, bytes: full === undefined || empty === undefined ? undefined : (full - empty) / sessions }
  },

  /** Milliseconds of each operation. */
  async measure(act: ScaleAct, operations: number): Promise<readonly number[]> {
    const { acts } = get()
    const times: number[] = []
    while (times.length < operations) times.push(await timeOf(acts[act]))
    return times
  },

  /** Half of the sessions expire, and are removed while requests go on. `undefined`: the engine does it by itself. */
  async sweep(): Promise<Traffic | undefined> {
    const { engine, manager } = get()
    if (engine.removesExpired) return undefined
    ahead = 2 * idleTimeout
    return underTraffic(() => manager.sweep())
  },

  /** Lists every session while requests go on; `undefined` for an engine that cannot. */
  async listKeys(): Promise<Traffic | undefined> {
    const keys = get().engine.store.keys?.('sessions.s.')
    if (!keys) return undefined
    return underTraffic(async () => {
      let count = 0
      for await (const _ of keys) count++
      return count
    })
  },

  /** The number of live sessions that are missing, of those whose cookie is known. */
  async countLost(): Promise<number> {
    const { manager, cookies } = get()
    let lost = 0
    for (const cookie of cookies) await openSession(manager, cookie).catch(() => lost++)
    return lost
  }
}

export type ScaleMethods = typeof methods

export interface Loading {
  readonly seconds: number
  /** Of each session; `undefined` where the engine does not tell. */
  readonly bytes: number | undefined
}

/** Requests during other work. */
export interface Traffic {
  /** The number of sessions that the work removed or listed. */
  readonly count: number
  /** Of the work. */
  readonly seconds: number
  /** Of each request, milliseconds. */
  readonly times: readonly number[]
  /** Longest pause of the event loop, milliseconds. */
  readonly pause: number
}

function get(): Filled {
  if (!filled) throw new Error('Nothing was filled')
  return filled
}

/** Makes every other session permanent. Resolves to cookies of permanent sessions. */
async function createSessions(manager: SessionManager, sessions: number): Promise<readonly string[]> {
  const every = 2 * Math.ceil(sessions / 2 / mostCookies)
  const cookies: string[] = []
  let created = 0
  const client = async (): Promise<void> => {
    while (created < sessions) {
      const index = created++
      const session = await openFilled(manager)
      session.permanent = index % 2 === 0
      const { headers } = await manager.commit(session)
      if (index % every === 0)
        cookies.push(pairsOf(headers.filter(([name]) => /^set-cookie$/i.test(name)).map(([, value]) => value)))
    }
  }
  await Promise.all(Array.from({ length: loadedAtOnce }, client))
  return cookies
}

function actsOf(manager: SessionManager, cookies: readonly string[]): Filled['acts'] {
  let [requested, logins] = [0, 0]
  // The order is unrelated to the order of creation.
  const next = (): string => cookies[(requested++ * 7_919) % cookies.length] ?? ''
  return {
    open: () => openSession(manager, next()),
    write: () => writeSession(manager, next()),
    login: () => loginAs(manager, `user-${++logins}`)
  }
}

async function openSession(manager: SessionManager, cookie: string): Promise<void> {
  const session = await manager.open(cookie)
  if (session.isNew || session.data.user === undefined) throw new Error('A live session is gone')
  await manager.commit(session)
}

async function writeSession(manager: SessionManager, cookie: string): Promise<void> {
  const session = await manager.open(cookie)
  if (session.isNew) throw new Error('A live session is gone')
  session.data.views = Number(session.data.views) + 1
  await manager.commit(session)
}

async function loginAs(manager: SessionManager, user: string): Promise<void> {
  const session = await openFilled(manager)
  session.permanent = true
  await session.login(user)
  await manager.commit(session)
}

async function openFilled(manager: SessionManager): Promise<Session> {
  const session = await manager.open('')
  Object.assign(session.data, makePayload())
  return session
}

/** Includes the wait for the event loop, as in a server. A store without I/O would otherwise never yield to it. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await new Promise((resolve) => setImmediate(resolve))
  await work()
  return performance.now() - began
}

/** Four clients send requests without a pause, every fifth a write, while `work` runs. */
async function underTraffic(work: () => Promise<number>): Promise<Traffic> {
  const { acts } = get()
  const times: number[] = []
  let running = true
  const client = async (): Promise<void> => {
    for (let turn = 1; running; turn++) times.push(await timeOf(turn % 5 === 0 ? acts.write : acts.open))
  }
  const timedWork = async (): Promise<Pick<Traffic, 'count' | 'seconds'>> => {
    const began = performance.now()
    try {
      return { count: await work(), seconds: (performance.now() - began) / 1000 }
    } finally {
      running = false
    }
  }
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  try {
    const [done] = await Promise.all([timedWork(), client(), client(), client(), client()])
    return { ...done, times, pause: loop.max / 1e6 }
  } finally {
    loop.disable()
  }
}

answerCalls(methods, async () => {
  await filled?.manager.close()
  await filled?.engine.close()
})
