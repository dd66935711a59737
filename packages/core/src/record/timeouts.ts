import type { RecordMetadata } from './record.ts'

/** The durations that decide when a session ends, in milliseconds. */
export interface TimeoutPolicy {
  readonly idleTimeout: number
  readonly absoluteTimeout: number
  readonly permanentLifetime: number
  readonly maxLifetime: number
}

export type TimedMetadata = Pick<RecordMetadata, 'createdAt' | 'lastSeenAt' | 'permanent' | 'permanentSince'>

/** No session of this policy lives longer; a token older than this is refused without asking the store. */
export function longestLifetime(policy: TimeoutPolicy): number {
  return Math.max(policy.absoluteTimeout, policy.maxLifetime)
}

/** When the session ends however busy it is, epoch ms. */
export function absoluteDeadline(metadata: TimedMetadata, policy: TimeoutPolicy): number {
  const { createdAt, permanent, permanentSince } = metadata
  if (permanent === undefined) return createdAt + policy.absoluteTimeout
  const end = permanent === true ? createdAt + policy.permanentLifetime : (permanentSince ?? createdAt) + permanent
  return Math.min(end, createdAt + policy.maxLifetime)
}

/** When the session ends unless it is used, epoch ms. A permanent session's own lifetime replaces the idle timeout. */
export function deadline(metadata: TimedMetadata, policy: TimeoutPolicy): number {
  const absolute = absoluteDeadline(metadata, policy)
  return metadata.permanent === undefined ? Math.min(metadata.lastSeenAt + policy.idleTimeout, absolute) : absolute
}

/** Which timeout has passed at `now`, if one has. Taken from the record on every load, whatever the store's expiry did. */
export function passedLimit(
  metadata: TimedMetadata,
  policy: TimeoutPolicy,
  now: number
): 'idle' | 'absolute' | undefined {
  if (now >= absoluteDeadline(metadata, policy)) return 'absolute'
  return now >= deadline(metadata, policy) ? 'idle' : undefined
}
