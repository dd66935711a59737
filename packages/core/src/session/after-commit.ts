import type { ManagerContext } from '../context.ts'
import { isSessionError, printable } from '../errors.ts'
import type { NewToken } from '../events.ts'
import { type Fields, merge, replaceFields } from '../record/merge.ts'
import { byteLength, deserializeData, serializeData } from '../record/payload.ts'
import { tokenIdOf } from '../token/secret-hash.ts'
import { evictOldest } from '../users/session-limit.ts'
import { activate, type Reservation } from '../users/user-index.ts'
import type { Outcome } from './change.ts'
import {
  becomeOutdated,
  becomeRevoked,
  becomeRewritten,
  becomeUnwritable,
  type Rewrite,
  type SessionState
} from './session-state.ts'

/** A write that replaced a live record. */
export interface Write extends Rewrite {
  /** The handler's data, serialized; `undefined`: it was not accessed, or is left out. */
  readonly serialized: string | undefined
  readonly conflicts: readonly string[]
  /** The payload as the schema returns it; `undefined`: there is no schema, or the stored payload was kept. */
  readonly accepted?: Fields | undefined
  /** Stored for a request with a stale secret, which must not see the result. */
  readonly superseded: boolean
  /** The data named another user. */
  readonly userChanged: boolean
}

/** Raises the events of a write, and updates the state of the request that made it. */
export function adoptWrite(context: ManagerContext, state: SessionState, write: Write): void {
  reportWrite(context, state, write)
  if (write.superseded) {
    becomeOutdated(state, write.serialized)
    return
  }
  const { plaintext, serialized, accepted } = write
  const refreshed = state.data && plaintext !== undefined && plaintext !== serialized
  if (state.data && refreshed) {
    const stored = accepted ?? deserializeData(context, plaintext) ?? {}
    refreshData(context, state.data, stored, serialized)
  }
  becomeRewritten(state, write, refreshed && accepted ? serializeData(context, accepted) : plaintext)
}

function reportWrite(
  { emit }: Pick<ManagerContext, 'emit'>,
  { id = '', record: before }: SessionState,
  write: Write
): void {
  if (!emit) return
  const { record, plaintext, swap, conflicts, superseded, userChanged } = write
  const { userId } = record.metadata
  const token = (): NewToken => {
    const tokenId = tokenIdOf(record.metadata.secretHash)
    const previous = before && tokenIdOf(before.metadata.secretHash)
    return { id, tokenId, previousTokenId: previous === tokenId ? undefined : previous }
  }
  if (conflicts.length > 0) emit({ type: 'conflict', id, keys: conflicts.map((key) => printable(key)) })
  if (plaintext !== undefined) emit({ type: 'saved', id, bytes: byteLength(record.value) })
  else if (!swap) emit({ type: 'touched', id })
  if (superseded) emit({ type: 'superseded', id, userId, withinGrace: true })
  else if (userId !== undefined && (swap === 'login' || userChanged)) emit({ type: 'loggedIn', userId, ...token() })
  else if (swap) emit({ type: swap === 'rotate' ? 'rotated' : 'regenerated', userId, ...token() })
}

/** Merges the stored data into the handler's own data object; changes made since `serialized` was made are kept. */
function refreshData(context: ManagerContext, data: Fields, theirs: Fields, serialized: string | undefined): void {
  const serialize = (value: unknown): string => context.serializer.serialize(value)
  const base = deserializeData(context, serialized ?? context.emptyPayload) ?? {}
  const merged = merge({ base, ours: data, theirs }, serialize).data
  replaceFields(data, merged, (key) => Object.hasOwn(data, key) && serialize(data[key]) === serialize(merged[key]))
}

/** After the record was stored: activates its index entry, and ends the user's oldest sessions beyond the limit. */
export async function finishLogin(
  context: ManagerContext,
  state: SessionState,
  reservation: Reservation
): Promise<void> {
  const read = await activate(context, reservation).catch((error: unknown) => {
    // The record was ended again: neither its user nor its cookie may outlive it in this request.
    if (isSessionError(error) && error.code === 'LOGIN_REVOKED') becomeRevoked(context, state)
    throw error
  })
  await evictOldest(context, reservation, read)
}

/** Updates the state after a write that was given up. A late response sends no cookie. */
export function applyOutcome(
  context: Pick<ManagerContext, 'emit'>,
  state: SessionState,
  outcome: Outcome,
  changesLost: boolean
): void {
  // A swap without compareAndSet saves first, and that has applied its own outcome.
  if (state.phase !== 'live' || (outcome !== 'gone' && outcome !== 'superseded')) return
  const id = state.id ?? ''
  if (changesLost) context.emit?.({ type: 'dropped', id, reason: outcome })
  if (outcome === 'superseded') {
    context.emit?.({ type: 'superseded', id, userId: state.record?.metadata.userId, withinGrace: true })
  }
  becomeUnwritable(state, outcome === 'gone' ? 'ended' : 'superseded')
}
