import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import { readLiveRecord, standingOf } from '../record/live-record.ts'
import { pickFields, replaceFields } from '../record/merge.ts'
import type { StoredRecord } from '../record/record.ts'
import { checkUserId } from '../users/administration.ts'
import { applyOutcome } from './after-commit.ts'
import type { Change, LoginAttempt, Outcome } from './change.ts'
import { createRecord } from './create-record.ts'
import { acceptRecord, ensureLoaded, giveInitialData, load, recordToEnd } from './load.ts'
import { moveToNewId } from './move-to-new-id.ts'
import {
  becomeChanged,
  becomeDestroyed,
  becomeEmpty,
  becomeForgotten,
  becomeNew,
  becomePermanent,
  becomeUnidentified,
  dataOf,
  identityOf,
  needsLoading,
  type SessionState
} from './session-state.ts'
import { headersSent, updateRecord } from './update-record.ts'

export interface LoginOptions {
  /**
   * Which data of an anonymous visitor is kept: `true` (default) all, `false` none, an array those keys. An attacker may
   * have planted that session: list only keys that are harmless even if an attacker has chosen their values.
   * Another user's data is never kept, the same user's always.
   */
  readonly keepData?: boolean | readonly string[]
}

/**
 * Makes the session `userId`'s: swaps the secret, restarts the absolute timeout. A login is never lost: if the session
 * has ended or was superseded meanwhile, the login makes a new one, with empty data.
 */
export async function login(
  context: ManagerContext,
  state: SessionState,
  userId: string,
  { keepData = true }: LoginOptions
): Promise<void> {
  if (state.headers) throw headersSent()
  checkUserId(userId)
  await ensureLoaded(context, state)
  if (phaseOf(state) === 'unavailable') {
    throw new SessionError(
      'LOGIN_UNAVAILABLE',
      'The store could not be read for this request: no login is possible now'
    )
  }
  const attempt: LoginAttempt = { userId, keepData, reservation: undefined }
  if (state.phase === 'new') keepChosenData(context, state, keepData)
  else if ((await swapWhileLive(context, state, { swap: 'login', login: attempt })) === 'written') return
  else becomeNew(context, state, { permanent: state.permanent })
  await giveInitialData(context, state)
  await createRecord(context, state, { login: attempt })
}

/** Nothing is stored yet: the data was set in this request, for an anonymous visitor. */
function keepChosenData(context: ManagerContext, state: SessionState, keepData: boolean | readonly string[]): void {
  if (keepData === false) becomeEmpty(context, state)
  else if (keepData !== true) becomeChanged(state, pickFields(dataOf(context, state), keepData))
}

/** Swaps the secret; the old token no longer opens the session. `anonymous`: starts over with empty data and no user. */
export async function regenerate(
  context: ManagerContext,
  state: SessionState,
  { anonymous = false }: { readonly anonymous?: boolean }
): Promise<void> {
  if (state.headers) throw headersSent()
  await ensureLoaded(context, state)
  const outcome = await swapWhileLive(context, state, { swap: 'regenerate', anonymous })
  applyOutcome(context, state, outcome, true)
  if (anonymous && outcome === 'written') becomePermanent(state, undefined)
  if (outcome === 'written' || state.phase === 'unavailable') return
  if (anonymous) becomeNew(context, state)
  else if (state.phase === 'new') becomeUnidentified(state)
}

/** Swaps the secret and lets the old token work until the new one was first used, plus the grace window. */
export async function rotate(context: ManagerContext, state: SessionState): Promise<void> {
  if (state.headers) throw headersSent()
  await ensureLoaded(context, state)
  const outcome = await swapWhileLive(context, state, { swap: 'rotate' })
  applyOutcome(context, state, outcome, true)
}

/** Swaps the secret of a live session in one compareAndSet; on a store without it, by a move to a new id. */
async function swapWhileLive(context: ManagerContext, state: SessionState, change: Change): Promise<Outcome> {
  if (state.phase !== 'live') return 'gone'
  return context.atomic ? updateRecord(context, state, change) : moveToNewId(context, state, change)
}

/**
 * Ends the session, and every other one that the request carries a token of: a logout must leave no session open. Resolves
 * only when their records are gone; no later write restores them.
 */
export async function destroy(context: ManagerContext, state: SessionState): Promise<void> {
  if (needsLoading(state)) await load(context, state, 'error')
  const stored = state.phase === 'live' || state.phase === 'superseded'
  if (stored && state.id !== undefined) await end(context, state.id, state.record)
  const others = state.tokens.length > 1 ? state.tokens.filter(({ id }) => id !== state.id) : []
  for (const token of others) {
    const record = await recordToEnd(context, token)
    if (record) await end(context, token.id, record)
  }
  const clears = stored || state.hadToken
  if (state.headers && clears) {
    const hint = 'destroy() before the response starts, so that its cookie can be cleared'
    context.emit?.({ type: 'cookieSkipped', reason: 'headers-sent', hint })
  }
  becomeDestroyed(context, state, clears ? 'clear' : 'none')
}

async function end(
  { loop, recordKey, emit }: ManagerContext,
  id: string,
  record: StoredRecord | undefined
): Promise<void> {
  await loop.delete(recordKey(id))
  emit?.({ type: 'destroyed', id, userId: record?.metadata.userId, by: 'request' })
}

/** Replaces the data by what is stored now; `false` when the session has ended or was superseded. */
export async function reload(context: ManagerContext, state: SessionState): Promise<boolean> {
  if (needsLoading(state)) {
    await load(context, state)
    return phaseOf(state) === 'live'
  }
  if (state.phase !== 'live') return false
  const identity = identityOf(context, state)
  const record = readLiveRecord(context, identity.id, await context.access.get(context.recordKey(identity.id)))
  const standing = typeof record === 'string' ? 'gone' : standingOf(context, record.metadata, identity)
  if (typeof record === 'string' || standing === 'stale') {
    applyOutcome(context, state, standing === 'gone' ? 'gone' : 'superseded', false)
    becomeForgotten(context, state)
    return false
  }
  const { data } = state
  const token = { ...identity, created: state.createdAt, retiredKey: state.reissue }
  if (!(await acceptRecord(context, state, { token, record, alias: standing === 'alias' }))) return false
  // The handler has a reference to the data object, so the object stays and gets the new fields.
  if (data) {
    replaceFields(data, dataOf(context, state))
    if (phaseOf(state) === 'live') becomeChanged(state, data)
  }
  return phaseOf(state) === 'live'
}

/** A function, because TypeScript assumes that an awaited call does not change the phase. */
function phaseOf({ phase }: SessionState): SessionState['phase'] {
  return phase
}
