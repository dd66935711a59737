import type { RecordMetadata } from './record.ts'

/** The durations that decide when a session is over, in milliseconds. */
export interface TimeoutPolicy {
  readonly idleTimeout: number
  readonly absoluteTimeout: number
  readonly permanentLifetime: number
  readonly maxLifetime: number
}

export type TimedMetadata = Pick<RecordMetadata, 'c' | 's' | 'p' | 'f'>

/** No session of this policy lives longer; a token older than this is refused without asking the store. */
export function longestLifetime(policy: TimeoutPolicy): number {
  return Math.max(policy.absoluteTimeout, policy.maxLifetime)
}

/** When the session is over however busy it is, epoch ms. */
export function absoluteDeadline({ c, p, f }: TimedMetadata, policy: TimeoutPolicy): number {
  if (p === undefined) return c + policy.absoluteTimeout
  const end = p === true ? c + policy.permanentLifetime : (f ?? c) + p
  return Math.min(end, c + policy.maxLifetime)
}

/** When the session is over unless it is used, epoch ms. A permanent session's own lifetime replaces the idle limit. */
export function deadline(metadata: TimedMetadata, policy: TimeoutPolicy): number {
  const absolute = absoluteDeadline(metadata, policy)
  return metadata.p === undefined ? Math.min(metadata.s + policy.idleTimeout, absolute) : absolute
}

/** Which limit has passed at `now`, if one has. Taken from the record on every load, whatever the store's expiry did. */
export function passedLimit(
  metadata: TimedMetadata,
  policy: TimeoutPolicy,
  now: number
): 'idle' | 'absolute' | undefined {
  if (now >= absoluteDeadline(metadata, policy)) return 'absolute'
  return now >= deadline(metadata, policy) ? 'idle' : undefined
}
