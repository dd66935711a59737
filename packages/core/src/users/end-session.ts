import type { ManagerContext } from '../context.ts'
import { isSessionError, SessionError } from '../errors.ts'
import { nextMetadata } from '../record/metadata-change.ts'
import { decodeRecord, encodeRecord, type StoredRecord } from '../record/record.ts'
import { absoluteDeadline, deadline } from '../record/timeouts.ts'
import { encodeTombstone, tombstoneLifetime } from '../record/tombstone.ts'
import type { Decision } from '../store/write-group.ts'
import type { IndexEntry } from './user-index-entry.ts'

export type IndexContext = Pick<
  ManagerContext,
  'policy' | 'clock' | 'emit' | 'loop' | 'access' | 'newWriteId' | 'recordKey'
>

/**
 * The conditional delete: replaces the record by a tombstone if it is the user's, or any user's if none is named; even if
 * it has expired by the timeouts of this manager. Under a `reserved` entry, a record that is not yet the user's is rewritten,
 * and an absent one becomes a tombstone, so that the login under way finds a change.
 *
 * @returns the record of the session that was ended.
 * @throws SessionError `RECORD_UNREADABLE` when the record does not show its user.
 */
export async function endSession(context: IndexContext, id: string, owner: Owner): Promise<StoredRecord | undefined> {
  const key = context.recordKey(id)
  try {
    return await context.loop.run<StoredRecord | undefined>(key, undefined, (value) =>
      decideEnd(context, id, value, owner)
    )
  } catch (error) {
    // A full store refuses the tombstone, but still deletes.
    if (!isSessionError(error) || error.code !== 'STORE_UNAVAILABLE') throw error
    const record = readForEnd(id, await context.access.get(key))
    if (!record || !isOwnedBy(record, owner)) throw error
    await context.loop.delete(key)
    return record
  }
}

/** The user whose session is to end; without one, the session of any user. */
interface Owner {
  readonly userId: string | undefined
  /** A login under way has reserved the entry. */
  readonly reserved?: IndexEntry['reserved']
}

function isOwnedBy({ metadata }: StoredRecord, { userId }: Owner): boolean {
  return userId === undefined || metadata.userId === userId
}

/** The record, unless nothing or a tombstone is stored. */
function readForEnd(id: string, value: string | undefined): StoredRecord | undefined {
  const record = value === undefined ? 'tombstone' : decodeRecord(value)
  if (typeof record !== 'string') return record
  if (record === 'tombstone') return undefined
  throw new SessionError(
    'RECORD_UNREADABLE',
    `Session ${id} is ${record === 'corrupt' ? 'damaged' : 'of a later version'}, and may live on: end it with the version that wrote it, or delete its key`
  )
}

function decideEnd(
  context: IndexContext,
  id: string,
  value: string | undefined,
  owner: Owner
): Decision<StoredRecord | undefined> {
  const record = readForEnd(id, value)
  if (!record) return owner.reserved && value === undefined ? writeTombstone(context, undefined) : { stop: undefined }
  if (isOwnedBy(record, owner)) return writeTombstone(context, record)
  if (!owner.reserved) return { stop: undefined }
  // The same record under another write id: a login that has read the old value must read again.
  const next = encodeRecord(nextMetadata(context, record.metadata), record.payload)
  return rewriteRecord(context, next, undefined)
}

/** Decides to write a record. */
export function writeRecord<Result>(
  { policy }: Pick<IndexContext, 'policy'>,
  { value, metadata }: StoredRecord,
  result: Result
): Decision<Result> {
  return { write: value, expiresAt: deadline(metadata, policy), result }
}

/**
 * Decides to rewrite a record although its session was not used. The store keeps it at least as long as the previous write
 * asked for, which may have come from another manager with longer timeouts.
 */
export function rewriteRecord<Result>(
  { policy }: Pick<IndexContext, 'policy'>,
  { value, metadata }: StoredRecord,
  result: Result
): Decision<Result> {
  return { write: value, expiresAt: metadata.indexedUntil ?? absoluteDeadline(metadata, policy), result }
}

/** Decides to write a tombstone. */
export function writeTombstone<Result>(
  { clock, newWriteId }: Pick<IndexContext, 'clock' | 'newWriteId'>,
  result: Result
): Decision<Result> {
  return { write: encodeTombstone(newWriteId()), expiresAt: clock.now() + tombstoneLifetime, result }
}
