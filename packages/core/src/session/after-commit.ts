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

/** A record that was written over one that was live. */
export interface Write extends Rewrite {
  /** What the handler's data serialized to; `undefined`: it was not asked for, or is left out. */
  readonly serialized: string | undefined
  readonly conflicts: readonly string[]
  /** What the schema makes of the payload; `undefined`: there is no schema, or the stored payload was kept. */
  readonly accepted?: Fields | undefined
  /** Stored for a holder of a stale secret, who must see nothing of it. */
  readonly superseded: boolean
  /** The data named another user. */
  readonly userChanged: boolean
}

/** The request goes on with what it has written, and the events say what came of it. */
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

/** Brings the handler's own data object up to what was stored; what changed in it since `serialized` was made stays. */
function refreshData(context: ManagerContext, data: Fields, theirs: Fields, serialized: string | undefined): void {
  const serialize = (value: unknown): string => context.serializer.serialize(value)
  const base = deserializeData(context, serialized ?? context.emptyPayload) ?? {}
  const merged = merge({ base, ours: data, theirs }, serialize).data
  replaceFields(data, merged, (key) => Object.hasOwn(data, key) && serialize(data[key]) === serialize(merged[key]))
}

/** The record is stored: its index entry becomes active, and the user's oldest session may have to go. */
export async function finishLogin(
  context: ManagerContext,
  state: SessionState,
  reservation: Reservation
): Promise<void> {
  const index = await activate(context, reservation).catch((error: unknown) => {
    // The record was ended again: neither its user nor its cookie may outlive it in this request.
    if (isSessionError(error) && error.code === 'LOGIN_REVOKED') becomeRevoked(context, state)
    throw error
  })
  await evictOldest(context, reservation, index)
}

/** What a session object becomes when its write was given up. A late response sends no cookie. */
export function applyOutcome(
  context: Pick<ManagerContext, 'emit'>,
  state: SessionState,
  outcome: Outcome,
  changesLost: boolean
): void {
  // A swap without compareAndSet saves first, and has said what became of that.
  if (state.phase !== 'live' || (outcome !== 'gone' && outcome !== 'superseded')) return
  const id = state.id ?? ''
  if (changesLost) context.emit?.({ type: 'dropped', id, reason: outcome })
  if (outcome === 'superseded') {
    context.emit?.({ type: 'superseded', id, userId: state.record?.metadata.userId, withinGrace: true })
  }
  becomeUnwritable(state, outcome === 'gone' ? 'ended' : 'superseded')
}
