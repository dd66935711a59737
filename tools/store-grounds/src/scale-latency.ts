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

const warmUp = 200

/** Every cookie in turn, in an order that has nothing to do with the one they were made in. */
export function createRotation(cookies: readonly string[]): () => string {
  let turn = 0
  return () => cookies[(turn++ * 7_919) % cookies.length] ?? ''
}

export async function measureRequests(
  manager: SessionManager,
  cookies: readonly string[],
  { sessions, requests }: { sessions: number; requests: number }
): Promise<RequestLatencies> {
  const next = createRotation(cookies)
  const usersBefore = lastUser
  const measure = async (work: () => Promise<unknown>): Promise<Latency> => {
    await timesOf(Math.min(warmUp, requests), work)
    return summarise(await timesOf(requests, work))
  }
  const open = await measure(() => openSession(manager, next()))
  const change = await measure(() => changeSession(manager, next()))
  const login = await measure(() => loginSomebody(manager))
  return { sessions, open, change, login, logins: lastUser - usersBefore }
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

let lastUser = 0

/** A user who is logged in nowhere else. */
async function loginSomebody(manager: SessionManager): Promise<void> {
  const session = await manager.open('')
  session.data.name = 'Ada Lovelace'
  session.permanent = true
  await session.login(`user-${++lastUser}`)
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
