import { invalid } from '../option-check.ts'
import { sameHash } from '../token/secret-hash.ts'
import type { RecordMetadata } from './record.ts'

/** Metadata of the next write, while it is put together. */
export type NextMetadata = { -readonly [K in keyof RecordMetadata]: RecordMetadata[K] }

/** A copy of the metadata for a record's next write, with a write id of its own: no two writes of a record are equal. */
export function nextMetadata(context: { newWriteId(): string }, metadata: RecordMetadata): NextMetadata {
  return { ...metadata, writeId: context.newWriteId() }
}

/** Why a secret is swapped. Only `rotate` leaves the old one working for a while, as an alias. */
export type Swap = 'login' | 'regenerate' | 'rotate'

/** The metadata of a record that does not exist yet. */
export function firstMetadata(writeId: string, secretHash: string, createdAt: number): NextMetadata {
  return { writeId, createdAt, lastSeenAt: createdAt, secretHash, generation: 0, dataEpoch: 0 }
}

/** Whether a request should move `lastSeenAt`: `touchInterval`, or a tenth of a shorter rolling lifetime, has passed. */
export function touchDue(
  { touchInterval, rolling }: { readonly touchInterval: number; readonly rolling?: boolean },
  { lastSeenAt, permanent }: RecordMetadata,
  now: number
): boolean {
  const interval = rolling && typeof permanent === 'number' ? Math.min(touchInterval, permanent / 10) : touchInterval
  return now - lastSeenAt >= interval
}

/** Whether the secret that `rotate` issued is still unused: its first use starts the grace window of the old one. */
export function awaitsFirstUse({ aliasHash, aliasUntil }: RecordMetadata): boolean {
  return aliasHash !== undefined && aliasUntil === undefined
}

/** Whether the secret is due for its periodic swap. Only a holder of the current one may swap it. */
export function rotationDue(policy: { readonly rotateAfter: number }, metadata: RecordMetadata, now: number): boolean {
  return now - (metadata.swappedAt ?? metadata.createdAt) >= policy.rotateAfter
}

/** The session was used: moves `lastSeenAt`, and removes an alias that has expired. */
export function markUse(next: NextMetadata, now: number): void {
  next.lastSeenAt = Math.max(now, next.lastSeenAt)
  if (next.aliasUntil === undefined || next.aliasUntil > now) return
  next.aliasHash = next.aliasUntil = undefined
}

/** The current secret was used: from now on the alias, if there is one, lasts for the grace window. */
export function startGrace(policy: { readonly graceWindow: number }, next: NextMetadata, now: number): void {
  if (next.aliasHash !== undefined) next.aliasUntil ??= now + policy.graceWindow
}

/** Applies `session.permanent`; a lifetime of the session's own counts from when it was set. */
export function setPermanent(
  policy: { readonly maxLifetime: number },
  next: Pick<NextMetadata, 'createdAt' | 'permanent' | 'permanentSince' | 'indexedUntil'>,
  permanent: boolean | number | undefined,
  now: number
): void {
  if (permanent === undefined) return
  next.permanent = next.permanentSince = undefined
  // It may end earlier now.
  next.indexedUntil = undefined
  if (permanent === true) next.permanent = true
  if (typeof permanent !== 'number') return
  next.permanent = Math.min(permanent, policy.maxLifetime)
  if (now !== next.createdAt) next.permanentSince = now
}

/**
 * Swaps the secret. A login restarts the session; the other swaps keep its absolute timeout.
 *
 * @throws SessionError `OPTION_INVALID` when it is the same secret: the old token would still open the session.
 */
export function swapSecret(next: NextMetadata, swap: Swap, secretHash: string, now: number): void {
  const replaced = next.secretHash
  if (sameHash(secretHash, replaced)) throw invalid('randomBytes', 'must not return the same bytes again')
  next.aliasHash = next.aliasUntil = undefined
  if (swap === 'rotate') next.aliasHash = replaced
  if (swap === 'login') restart(next, now)
  next.secretHash = secretHash
  next.generation++
  next.swappedAt = now
}

/** A login restarts the session; a lifetime of its own then counts from here. */
export function restart(next: NextMetadata, now: number): void {
  next.permanentSince = undefined
  next.createdAt = now
  next.authenticatedAt = now
}
