import type { SessionAct } from './applications/scenario.ts'
import type { Framework } from './applications/subjects.ts'
import type { Verdict } from './results.ts'

/** The largest ratios of kvsession's processor time above the bare framework, over HTTP, to that of another subject. */
export interface CostTarget {
  readonly against: string
  readonly limits: Readonly<Partial<Record<SessionAct, number>>>
}

export const costTargets: Readonly<Record<Framework, readonly CostTarget[]>> = {
  express: [
    { against: 'express-session', limits: { untouched: 0.25, read: 0.45, write: 0.65, create: 0.55 } },
    { against: 'hand-written, awaited', limits: { untouched: 0.4, read: 0.7, write: 0.9, create: 0.85 } }
  ],
  koa: [{ against: 'koa-session', limits: { untouched: 0.12, read: 0.18, write: 0.25, create: 0.9 } }],
  hono: [{ against: 'hono-sessions', limits: { read: 0.6, write: 0.6 } }],
  fastify: [{ against: '@fastify/session', limits: { read: 0.6, write: 0.6 } }]
}

/** Milliseconds: p99 of reading requests on Express at full load, 16 connections. */
export const fullLoadP99 = 2.4

/** Express with a store 1 ms away: ratios to the throughput of the peer, and milliseconds. */
export interface RemoteTargets {
  readonly plain: number
  readonly cached: number
  readonly cachedP50: number
}

export const remoteTargets: Readonly<Record<'redis' | 'postgres', RemoteTargets | undefined>> = {
  redis: { plain: 2, cached: 6, cachedP50: 1 },
  postgres: undefined
}

/** Sessions of one user on Redis: the ratio of a login beside 100 sessions to the first one, and milliseconds. */
export const userTargets = { login: 1.3, listOfUser: 8, listAll: 80 } as const

/** The growth of the median request from one percent of the sessions to all of them, as the depth of an index explains. */
export const growthLimit = 1.5

/** The ratio of updates a second of 64 writers to those of express-session, which loses nearly all of them. */
export const contentionLimit = 0.5

/** A ratio that must not be exceeded. A ratio of 0 or less means that the difference could not be measured. */
export function atMost(target: string, limit: number, value: number, unit = ''): Verdict {
  return { target, wanted: `≤ ${limit}${unit}`, reached: shown(value, unit), met: value > 0 && value <= limit }
}

export function atLeast(target: string, limit: number, value: number, unit = ''): Verdict {
  return { target, wanted: `≥ ${limit}${unit}`, reached: shown(value, unit), met: value >= limit }
}

function shown(value: number, unit: string): string {
  return value > 0 ? `${value.toFixed(2)}${unit}` : 'below what the noise allows to see'
}
