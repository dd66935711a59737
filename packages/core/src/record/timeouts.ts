import type { RecordMetadata } from './record.ts'

/** The durations that decide when a session ends, in milliseconds. */
export interface TimeoutPolicy {
  readonly idleTimeout: number
  readonly absoluteTimeout: number
  readonly permanentLifetime: number
  readonly maxLifetime: number
  /** A permanent lifetime counts from the last use. */
  readonly rolling?: boolean
  /** Idle timeout of sessions without a user; `undefined`: as for sessions with a user. */
  readonly anonymousTimeout?: number | undefined
}

export type TimedMetadata = Pick<RecordMetadata, 'createdAt' | 'lastSeenAt' | 'permanent' | 'permanentSince' | 'userId'>

/** No session of this policy lives longer; a token older than this is refused without a store read. */
export function longestLifetime(policy: TimeoutPolicy): number {
  return Math.max(policy.absoluteTimeout, policy.maxLifetime)
}

/** When the session ends even if it is in use, epoch ms. */
export function absoluteDeadline(metadata: TimedMetadata, policy: TimeoutPolicy): number {
  const { createdAt, permanent, permanentSince } = metadata
  if (permanent === undefined) return createdAt + policy.absoluteTimeout
  const last = createdAt + policy.maxLifetime
  if (policy.rolling) return last
  const since = permanent === true ? createdAt : (permanentSince ?? createdAt)
  return Math.min(since + lifetimeOf(permanent, policy), last)
}

/** When the session ends unless it is used, epoch ms. A permanent session's own lifetime replaces the idle timeout. */
export function deadline(metadata: TimedMetadata, policy: TimeoutPolicy): number {
  return Math.min(metadata.lastSeenAt + longestIdleTime(metadata, policy), absoluteDeadline(metadata, policy))
}

/** For how long the session may go unused, ms. */
function longestIdleTime({ permanent, userId }: TimedMetadata, policy: TimeoutPolicy): number {
  const { anonymousTimeout } = policy
  const anonymous = userId === undefined ? anonymousTimeout : undefined
  if (permanent === undefined) return anonymous ?? policy.idleTimeout
  const own = policy.rolling ? lifetimeOf(permanent, policy) : Number.POSITIVE_INFINITY
  return anonymous === undefined ? own : Math.min(own, anonymous)
}

function lifetimeOf(permanent: true | number, policy: TimeoutPolicy): number {
  return permanent === true ? policy.permanentLifetime : permanent
}

/** Which timeout has passed at `now`, if one has. Computed from the record on every load, independently of the store's expiry. */
export function passedLimit(
  metadata: TimedMetadata,
  policy: TimeoutPolicy,
  now: number
): 'idle' | 'absolute' | undefined {
  if (now >= absoluteDeadline(metadata, policy)) return 'absolute'
  return now >= deadline(metadata, policy) ? 'idle' : undefined
}
