import type { SessionManager } from '@kvsession/core'

/** Milliseconds that requests of a kind took. */
export interface Latency {
  readonly requests: number
  readonly median: number
  readonly p99: number
  readonly longest: number
}

/** What the kinds of requests take, one after the other, with so many sessions in the store. */
export interface RequestLatencies {
  readonly sessions: number
  readonly open: Latency
  readonly change: Latency
  readonly login: Latency
  /** How many sessions the logins have added. */
  readonly logins: number
}

const mostWarmUp = 200

/** Every cookie in turn, in an order that has nothing to do with the one they were made in. */
export function createRotation(cookies: readonly string[]): () => string {
  let turn = 0
  return () => cookies[(turn++ * 7_919) % cookies.length] ?? ''
}

/** Where requests go. */
export interface Crowd {
  readonly manager: SessionManager
  readonly cookies: readonly string[]
  readonly sessions: number
}

const kinds = ['open', 'change', 'login'] as const
const rounds = 10

/** The same requests to a small and a large crowd by turns: when the machine is slow for a while, it is so for both. */
export async function measureRequests(
  small: Crowd,
  large: Crowd,
  requests: number
): Promise<{ readonly small: RequestLatencies; readonly large: RequestLatencies }> {
  const both = [measureCrowd(small), measureCrowd(large)] as const
  for (const kind of kinds) {
    for (const crowd of both) await crowd.warmUp(kind, Math.min(mostWarmUp, requests))
    for (let round = 0; round < rounds; round++) {
      for (const crowd of both) await crowd.measure(kind, Math.ceil(requests / rounds))
    }
  }
  return { small: both[0].latencies(), large: both[1].latencies() }
}

interface MeasuredCrowd {
  warmUp(kind: (typeof kinds)[number], requests: number): Promise<void>
  measure(kind: (typeof kinds)[number], requests: number): Promise<void>
  latencies(): RequestLatencies
}

function measureCrowd({ manager, cookies, sessions }: Crowd): MeasuredCrowd {
  const next = createRotation(cookies)
  let logins = 0
  const work = {
    open: () => openSession(manager, next()),
    change: () => changeSession(manager, next()),
    login: () => loginSomebody(manager, `user-${++logins}`)
  }
  const times: Record<(typeof kinds)[number], number[]> = { open: [], change: [], login: [] }
  return {
    async warmUp(kind, requests) {
      await timesOf(requests, work[kind])
    },
    async measure(kind, requests) {
      times[kind].push(...(await timesOf(requests, work[kind])))
    },
    latencies: () => ({
      sessions,
      open: summarise(times.open),
      change: summarise(times.change),
      login: summarise(times.login),
      logins
    })
  }
}

/** @throws Error when the cookie opens nothing. */
export async function openSession(manager: SessionManager, cookie: string): Promise<void> {
  const session = await manager.open(cookie)
  if (session.isNew || session.data.name !== 'Ada Lovelace') throw new Error('a live session is gone')
  await manager.commit(session)
}

export async function changeSession(manager: SessionManager, cookie: string): Promise<void> {
  const session = await manager.open(cookie)
  if (session.isNew) throw new Error('a live session is gone')
  session.data.seen = Number(session.data.seen ?? 0) + 1
  await manager.commit(session)
}

async function loginSomebody(manager: SessionManager, user: string): Promise<void> {
  const session = await manager.open('')
  session.data.name = 'Ada Lovelace'
  session.permanent = true
  await session.login(user)
  await manager.commit(session)
}

async function timesOf(requests: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (let turn = 0; turn < requests; turn++) times.push(await timeOf(work))
  return times
}

/**
 * From the moment that a request is there: the loop's turn that it waits for counts. A store that answers without input
 * and output would otherwise never let anybody else have one.
 */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await new Promise((resolve) => setImmediate(resolve))
  await work()
  return performance.now() - began
}

export function summarise(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { requests: times.length, median: at(0.5), p99: at(0.99), longest: sorted.at(-1) ?? 0 }
}
