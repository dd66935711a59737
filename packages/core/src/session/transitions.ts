import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import { replaceFields } from '../record/merge.ts'
import { deserializeData, pickFields, serializeData } from '../record/payload.ts'
import { encodeTombstone } from '../record/record.ts'
import { tombstoneEnd } from '../users/user-index.ts'
import { type Change, headersSent, type LoginAttempt, type Outcome, writeLive } from './commit.ts'
import { writeNew } from './create-record.ts'
import { acceptData, loadState, readRecord, standingOf } from './load.ts'
import { becomeNew, dataOf, emptyData, identityOf, type SessionState } from './session-state.ts'

export interface LoginOptions {
  /**
   * What an anonymous visitor's data becomes: `true` (default) keeps it, `false` drops it, names keep those keys.
   * Another user's data is never kept, the same user's always.
   */
  readonly keepData?: boolean | readonly string[]
}

/** Asks the store if that was postponed, or failed before. */
export async function ensureLoaded(context: ManagerContext, state: SessionState): Promise<void> {
  if (state.phase === 'unloaded' || state.detached === 'unavailable') await loadState(context, state, undefined)
}

/** Makes the session `userId`'s: swaps the secret, starts the absolute limit anew. A login never vanishes: where the
 * session was ended or overtaken meanwhile, it makes a new one, with empty data. */
export async function login(
  context: ManagerContext,
  state: SessionState,
  userId: string,
  { keepData = true }: LoginOptions
): Promise<void> {
  if (state.headers) throw headersSent()
  checkUserId(userId)
  await ensureLoaded(context, state)
  if (state.detached === 'unavailable') {
    throw new SessionError('LOGIN_UNAVAILABLE', 'The store could not be read for this request: nobody can log in now')
  }
  const attempt: LoginAttempt = { userId, keepData, announced: undefined }
  if (state.phase === 'live') {
    const outcome = await swap(context, state, { swap: 'login', login: attempt })
    if (outcome === 'written') return
    startOver(context, state)
  } else if (state.phase === 'new') {
    if (keepData === false) emptyData(context, state)
    else if (keepData !== true) state.data = pickFields(dataOf(context, state), keepData)
  } else {
    startOver(context, state)
  }
  await writeNew(context, state, attempt)
}

/** A login where the session was ended or overtaken: nothing of it is kept but what this request asked for. */
function startOver(context: ManagerContext, state: SessionState): void {
  const { permanent } = state
  becomeNew(context, state)
  state.permanent = permanent
}

/** Swaps the secret; the old token opens nothing from now on. Anonymous: starts over with empty data and no user. */
export async function regenerate(context: ManagerContext, state: SessionState, anonymous: boolean): Promise<void> {
  if (state.headers) throw headersSent()
  await ensureLoaded(context, state)
  if (state.phase === 'live') {
    const outcome = await swap(context, state, { swap: 'regenerate', anonymous })
    settle(context, state, outcome, true)
    if (outcome === 'written') return
  }
  if (state.detached === 'unavailable') return
  if (anonymous) becomeNew(context, state)
  else if (state.phase === 'new') {
    state.id = undefined
    state.secret = undefined
  }
}

/** Swaps the secret and lets the old token work until the new one was seen, and a grace window longer. */
export async function rotate(context: ManagerContext, state: SessionState): Promise<void> {
  if (state.headers) throw headersSent()
  await ensureLoaded(context, state)
  if (state.phase !== 'live') return
  settle(context, state, await swap(context, state, { swap: 'rotate' }), true)
}

/** Ends the session. Resolves only when its record is gone; nothing later brings it back. */
export async function destroy(context: ManagerContext, state: SessionState): Promise<void> {
  if (state.phase === 'unloaded' || state.detached === 'unavailable') {
    await loadState({ ...context, policy: { ...context.policy, onStoreUnavailable: 'error' } }, state, undefined)
  }
  const stored = state.phase === 'live' || state.phase === 'detached'
  if (stored && state.id !== undefined) {
    await context.loop.delete(context.recordKey(state.id))
    context.emit?.({ type: 'destroyed', id: state.id, by: 'request' })
  }
  if (state.headers && (stored || state.carried)) {
    const cure = 'destroy() before the response starts, so that its cookie can be cleared'
    context.emit?.({ type: 'cookieSkipped', reason: 'headers-sent', cure })
  }
  state.phase = 'over'
  state.detached = false
  state.record = undefined
  state.cookie = stored || state.carried ? 'clear' : 'none'
  emptyData(context, state)
}

/** Stores what changed now; `false` when the session is over or overtaken and nothing was stored. */
export async function save(
  context: ManagerContext,
  state: SessionState,
  change: Pick<Change, 'update'>
): Promise<boolean> {
  await ensureLoaded(context, state)
  if (state.phase === 'live') {
    const outcome = await writeLive(context, state, change)
    settle(context, state, outcome, true)
    return outcome === 'written' || outcome === 'unchanged'
  }
  if (state.phase !== 'new') {
    context.emit?.({ type: 'dropped', id: state.id ?? '', reason: state.phase === 'over' ? 'gone' : 'detached' })
    return false
  }
  const data = dataOf(context, state)
  if (change.update) {
    const draft = deserializeData(context, serializeData(context, data)) ?? {}
    change.update(draft)
    replaceFields(data, draft, () => false)
  }
  if (serializeData(context, data) !== context.emptyPayload) await writeNew(context, state)
  return true
}

/** Replaces the data by what is stored now; `false` when the session is over or overtaken. */
export async function reload(context: ManagerContext, state: SessionState): Promise<boolean> {
  if (state.phase === 'unloaded' || state.detached === 'unavailable') {
    await ensureLoaded(context, state)
    return isLive(state)
  }
  if (state.phase !== 'live') return false
  const identity = identityOf(context, state)
  const record = readRecord(context, identity.id, await context.access.get(context.recordKey(identity.id)))
  const standing = typeof record === 'string' ? 'gone' : standingOf(context, record.metadata, identity)
  if (typeof record === 'string' || standing === 'stale') {
    settle(context, state, standing === 'gone' ? 'gone' : 'superseded', false)
    return false
  }
  const facade = state.data
  const token = { ...identity, created: state.created, retiredKey: state.reissue }
  if (!(await acceptData(context, state, token, record, standing === 'alias'))) return false
  if (facade) {
    replaceFields(facade, dataOf(context, state), () => false)
    if (isLive(state)) state.data = facade
  }
  return isLive(state)
}

/** What a session object becomes when its write was given up. A late answer sends no cookie. */
export function settle(context: ManagerContext, state: SessionState, outcome: Outcome, lost: boolean): void {
  // A swap without compareAndSet saves first, and has said what became of that.
  if (!isLive(state) || (outcome !== 'gone' && outcome !== 'superseded')) return
  const id = state.id ?? ''
  if (lost) context.emit?.({ type: 'dropped', id, reason: outcome })
  if (outcome === 'superseded') context.emit?.({ type: 'superseded', id, withinGrace: true })
  state.phase = outcome === 'gone' ? 'over' : 'detached'
  state.detached = outcome === 'superseded' ? 'superseded' : false
  state.cookie = 'none'
  state.permanent = undefined
}

/**
 * Swaps the secret in place, in one compareAndSet. A store without it could let a stale writer of another process put
 * the old secret back: there the session moves to a new id and its old one becomes a tombstone.
 */
async function swap(context: ManagerContext, state: SessionState, change: Change): Promise<Outcome> {
  if (context.atomic) return writeLive(context, state, change)
  const old = context.recordKey(identityOf(context, state).id)
  const login = change.login ?? { userId: state.record?.metadata.u, keepData: true, announced: undefined }
  const { userId, keepData } = login
  const owner = state.record?.metadata.u
  const created = state.record?.metadata.c
  const saved = await save(context, state, {})
  if (!saved) return state.phase === 'over' ? 'gone' : 'superseded'
  const keep = change.anonymous ? false : owner === userId || (owner === undefined && keepData)
  const data = dataOf(context, state)
  const kept = keep === true ? data : keep === false ? {} : pickFields(data, keep)
  const permanent = state.record?.metadata.p
  becomeNew(context, state)
  state.data = kept
  state.permanent = permanent
  await writeNew(context, state, change.anonymous ? undefined : login, change.login ? undefined : created)
  await context.loop.run<void>(old, undefined, (text) => {
    if (text === undefined) return { stop: undefined }
    return { write: encodeTombstone(context.newWriteId()), expiresAt: tombstoneEnd(context), result: undefined }
  })
  return 'written'
}

function isLive(state: SessionState): boolean {
  return state.phase === 'live'
}

function checkUserId(userId: unknown): asserts userId is string {
  if (typeof userId === 'string' && userId !== '' && userId.length <= 512 && userId.isWellFormed()) return
  throw new SessionError('ARGUMENT_INVALID', 'A user id is a well-formed string of 1 to 512 characters')
}
