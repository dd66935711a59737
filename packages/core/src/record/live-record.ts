import type { Clock } from '../clock.ts'
import { reject, type SessionEventHandler } from '../events.ts'
import { hashSecret, type Identity, sameHash } from '../token/secret-hash.ts'
import { decodeRecord, type RecordMetadata, type StoredRecord } from './record.ts'
import { passedLimit, type TimeoutPolicy } from './timeouts.ts'

interface LiveRecordContext {
  readonly policy: TimeoutPolicy & { readonly namespace: string }
  readonly clock: Clock
  readonly emit: SessionEventHandler | undefined
}

/** Why a stored value holds no live session: nothing or a tombstone is there, it cannot be read, or it has expired. */
export type NoRecord = 'absent' | 'unreadable' | 'expired'

/** The live record of a stored value. An unreadable or expired one raises an event; an absent one does not. */
export function readLiveRecord(
  context: LiveRecordContext,
  id: string,
  value: string | undefined
): StoredRecord | NoRecord {
  const record = readRecord(context, id, value)
  return typeof record === 'string' || isLive(context, id, record) ? record : 'expired'
}

/**
 * The record of a stored value, even if it has expired by the timeouts of this manager: those of another one may be
 * longer. An unreadable one raises an event.
 */
export function readRecord(
  context: Pick<LiveRecordContext, 'emit'>,
  id: string,
  value: string | undefined
): StoredRecord | 'absent' | 'unreadable' {
  const record = value === undefined ? 'tombstone' : decodeRecord(value)
  if (typeof record !== 'string') return record
  if (record === 'tombstone') return 'absent'
  reject(context, record, id)
  return 'unreadable'
}

/** Whether no timeout of this manager has passed. Raises an event if one has. */
export function isLive(context: LiveRecordContext, id: string, { metadata }: StoredRecord): boolean {
  const limit = passedLimit(metadata, context.policy, context.clock.now())
  if (limit) context.emit?.({ type: 'expired', id, limit })
  return !limit
}

/** Whether the value is the record of a live session whose current secret is that of `identity`. Raises no event. */
export function isOpenedBy(
  { policy, clock }: Pick<LiveRecordContext, 'policy' | 'clock'>,
  identity: Presented,
  value: string
): boolean {
  const context = { policy, clock, emit: undefined }
  const record = readLiveRecord(context, identity.id, value)
  return typeof record !== 'string' && standingOf(context, record.metadata, identity) === 'current'
}

/** How a secret relates to a record: it is current, was replaced by `rotate` but still works, or no longer works. */
export type Standing = 'current' | 'alias' | 'stale'

/** A secret, and its hash if that is known. */
type Presented = Identity & { readonly secretHash?: string | undefined }

export function standingOf(
  { policy, clock }: Pick<LiveRecordContext, 'policy' | 'clock'>,
  metadata: RecordMetadata,
  { id, secret, secretHash }: Presented
): Standing {
  const hash = secretHash ?? hashSecret(policy.namespace, id, secret)
  if (sameHash(metadata.secretHash, hash)) return 'current'
  if (metadata.aliasHash === undefined || !sameHash(metadata.aliasHash, hash)) return 'stale'
  return metadata.aliasUntil === undefined || clock.now() < metadata.aliasUntil ? 'alias' : 'stale'
}
