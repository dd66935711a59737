import type { ManagerContext } from '../context.ts'
import { isSessionError } from '../errors.ts'
import { type Fields, merge, replaceFields } from '../record/merge.ts'
import type { Swap } from '../record/metadata-change.ts'
import { byteLength, deserializeData } from '../record/payload.ts'
import type { StoredRecord } from '../record/record.ts'
import { evictOldest } from '../users/session-limit.ts'
import { type Announcement, confirm } from '../users/user-index.ts'
import { becomeOver, type SessionState } from './session-state.ts'

/** A record that was written over one that was live. */
export interface Write {
  readonly record: StoredRecord
  /** The payload in the clear; `undefined`: left as it was. */
  readonly plain: string | undefined
  readonly swap: Swap | undefined
  readonly secret: Uint8Array | undefined
  readonly conflicts: readonly string[]
  /** Stored for a superseded holder, who must see nothing of it. */
  readonly blind: boolean
  /** The data named another user. */
  readonly moved: boolean
}

/** The request goes on with what it has written, and says what came of it. */
export function adopt(
  context: ManagerContext,
  state: SessionState,
  id: string,
  { record, plain, swap, secret, conflicts, blind, moved }: Write,
  mine: string | undefined,
  permanent: boolean | number | undefined
): void {
  const { emit } = context
  if (conflicts.length > 0) emit?.({ type: 'conflict', id, keys: conflicts })
  if (plain !== undefined) emit?.({ type: 'saved', id, bytes: byteLength(record.text) })
  else if (!swap) emit?.({ type: 'touched', id })
  if (blind) {
    emit?.({ type: 'superseded', id, withinGrace: true })
    if (mine !== undefined) state.baseline = mine
    state.reissue = false
    state.cookie = 'none'
    return
  }
  state.record = record
  if (permanent !== undefined && state.permanent === permanent) state.permanent = undefined
  if (permanent !== undefined && !state.alias) state.cookie = 'send'
  if (plain !== undefined && state.data) {
    if (plain !== mine) refresh(context, state.data, plain, mine)
    state.baseline = plain
    state.stored = plain
  }
  const { u: userId } = record.metadata
  if (userId !== undefined && (swap === 'login' || moved)) emit?.({ type: 'loggedIn', id, userId })
  else if (swap) emit?.({ type: swap === 'rotate' ? 'rotated' : 'regenerated', id })
  if (!swap || !secret) return
  state.secret = secret
  state.created = record.metadata.c
  state.alias = false
  state.swapped = true
  state.cookie = 'send'
}

/** Brings the handler's own data object up to what was stored; what changed in it since `mine` was taken stays. */
function refresh(context: ManagerContext, data: Fields, plain: string, mine: string | undefined): void {
  const textOf = (value: unknown): string => context.serializer.serialize(value)
  const stored = deserializeData(context, plain) ?? {}
  const before = deserializeData(context, mine ?? context.emptyPayload) ?? {}
  const merged = merge(before, data, stored, textOf, undefined).data
  replaceFields(data, merged, (key) => Object.hasOwn(data, key) && textOf(data[key]) === textOf(merged[key]))
}

/** The record is stored: its index entry becomes live, and the user's oldest session may have to go. */
export async function settleLogin(context: ManagerContext, state: SessionState, login: Announcement): Promise<void> {
  const index = await confirm(context, login).catch((error: unknown) => {
    // The record was ended again: neither its user nor its cookie may outlive it in this request.
    if (isSessionError(error) && error.code === 'LOGIN_REVOKED') becomeOver(context, state)
    throw error
  })
  await evictOldest(context, login, index)
}
