import type { Clock } from '../clock.ts'
import { reject, type SessionEventHandler } from '../events.ts'
import { hashSecret, type Identity, sameHash } from '../token/secret-hash.ts'
import { exceeds } from './payload.ts'
import { decodeRecord, type RecordMetadata, type StoredRecord } from './record.ts'
import { passedLimit, type TimeoutPolicy } from './timeouts.ts'

interface LiveRecordContext {
  readonly policy: TimeoutPolicy & { readonly maxRecordBytes: number; readonly namespace: string }
  readonly clock: Clock
  readonly emit: SessionEventHandler | undefined
}

/** Why a stored value holds no live session: nothing or a tombstone is there, it cannot be read, or it has expired. */
export type NoRecord = 'absent' | 'unreadable' | 'expired'

/**
 * The live record of a stored value. An unreadable or expired one raises an event; an absent one does not.
 *
 * @param now when it must be live. A caller that acts on the end of a session passes a time before the store was asked:
 *   between then and now somebody may have used the session, and it lives on.
 */
export function readLiveRecord(
  context: LiveRecordContext,
  id: string,
  value: string | undefined,
  now: number = context.clock.now()
): StoredRecord | NoRecord {
  const { emit, policy } = context
  if (value === undefined) return 'absent'
  const record = exceeds(value, policy.maxRecordBytes) ? 'corrupt' : decodeRecord(value)
  if (record === 'tombstone') return 'absent'
  if (typeof record === 'string') {
    reject(context, record, id)
    return 'unreadable'
  }
  const limit = passedLimit(record.metadata, policy, now)
  if (!limit) return record
  emit?.({ type: 'expired', id, limit })
  return 'expired'
}

/** What a secret is to a record: the current one, the one that `rotate` replaced, or one that opens nothing. */
export type Standing = 'current' | 'alias' | 'stale'

export function standingOf(
  { policy, clock }: Pick<LiveRecordContext, 'policy' | 'clock'>,
  metadata: RecordMetadata,
  { id, secret }: Identity
): Standing {
  const hash = hashSecret(policy.namespace, id, secret)
  if (sameHash(metadata.secretHash, hash)) return 'current'
  if (metadata.aliasHash === undefined || !sameHash(metadata.aliasHash, hash)) return 'stale'
  return metadata.aliasUntil === undefined || clock.now() < metadata.aliasUntil ? 'alias' : 'stale'
}
