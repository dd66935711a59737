import type { ManagerContext } from '../context.ts'
import { isSessionError, SessionError } from '../errors.ts'
import { awaitsFirstUse, rotationDue, touchDue } from '../record/metadata-change.ts'
import { serializeData } from '../record/payload.ts'
import { takeDropped } from './dropped-failure.ts'
import { type CommitResult, Committed, headersOf, type ResponseFacts } from './response-cookie.ts'
import { reportDropped, save } from './save.ts'
import { internalsOf } from './session.ts'
import { becomeUnchanged, runExclusive, type SessionState } from './session-state.ts'
import { destroy } from './transitions.ts'
import { headersSent } from './update-record.ts'

/** Facts about the response at the time of the commit. */
export interface CommitOptions extends ResponseFacts {
  /** The handler failed; with `commitOnError: false` its data is then not stored. */
  readonly failed?: boolean
  /**
   * The status of the response. If the last operation on the session has failed with a SessionError and the response is an
   * error (400 or more, or `failed`), the application has handled the failure: {@link commit} then raises `commitFailed`
   * instead of throwing for data that it cannot store.
   */
  readonly status?: number | undefined
}

/**
 * Stores changes, then returns the headers for the response. Raises an event for whatever could not be stored.
 *
 * @throws SessionError, among them that of an earlier operation whose promise the application dropped.
 */
export async function commit(
  context: ManagerContext,
  session: unknown,
  options: CommitOptions = {}
): Promise<CommitResult> {
  const { state } = internalsOf(session)
  const { failure } = state
  try {
    const storing = runExclusive(context, state, () => storeChanges(context, state, options))
    // Awaited only if there is something to store: each needless promise can be seen in the cost of a request.
    if (storing !== undefined) await storing
  } catch (error) {
    reportFailure(context, state, error)
    if (!hasHandledFailure(state, options)) throw error
  }
  const dropped = takeDropped(state, failure)
  if (dropped) {
    reportFailure(context, state, dropped.error)
    throw dropped.error
  }
  return new Committed(headersOf(context, state, options))
}

/** Whether the application has received the error of its last operation, and responds with an error itself. */
function hasHandledFailure({ lastOperationFailed }: SessionState, options: CommitOptions): boolean {
  return lastOperationFailed && (options.failed === true || (options.status ?? 0) >= 400)
}

/** Raises the event of a commit that could not store everything. */
function reportFailure({ emit }: Pick<ManagerContext, 'emit'>, { id }: SessionState, error: unknown): void {
  emit?.({ type: 'commitFailed', id, code: isSessionError(error) ? error.code : undefined })
}

/** Whether {@link commit} has anything to store or any header to return. */
export function needsCommit(context: ManagerContext, state: SessionState): boolean {
  return state.accessed || state.reissue || isUpkeepDue(context, state)
}

/** Whether a touch or a rotation is due; an untouched session that needs neither costs nothing more. */
function isUpkeepDue(
  { policy, clock }: Pick<ManagerContext, 'policy' | 'clock'>,
  { phase, record, alias, swapped, passive }: SessionState
): boolean {
  if (phase !== 'live' || !record || swapped || passive) return false
  const now = clock.now()
  const { metadata } = record
  if (touchDue(policy, metadata, now)) return true
  return !alias && (awaitsFirstUse(metadata) || rotationDue(policy, metadata, now))
}

/** Stores changes. Returns no promise when there is nothing to store, as in most requests. */
function storeChanges(
  context: ManagerContext,
  state: SessionState,
  { failed }: CommitOptions
): Promise<unknown> | undefined {
  if (state.permanent === 0) return destroy(context, state)
  const withoutData = failed === true && !context.policy.commitOnError
  const serialized = state.data && !withoutData ? serializeData(context, state.data) : state.baseline
  const changed = serialized !== state.baseline
  if (state.phase === 'live') {
    if (changed || state.permanent !== undefined)
      return save(context, state, { atCommit: true, withoutData, serialized })
    return isUpkeepDue(context, state) ? storeUpkeep(context, state, { withoutData, serialized }) : undefined
  }
  if (!changed) return undefined
  if (state.phase === 'new') return storeNew(context, state, serialized)
  reportDropped(context, state)
  becomeUnchanged(state, serialized)
  return undefined
}

/** Once the headers were sent, a new session can get no cookie: nothing is stored for it. */
function storeNew(context: ManagerContext, state: SessionState, serialized: string): Promise<unknown> {
  if (!state.headers) return save(context, state, { serialized })
  context.emit?.({ type: 'cookieSkipped', reason: 'headers-sent', hint: 'store before the response starts' })
  throw headersSent()
}

/** A failed touch or rotation does not fail the request: it raises an event. */
function storeUpkeep(
  context: ManagerContext,
  state: SessionState,
  options: { readonly withoutData: boolean; readonly serialized: string }
): Promise<unknown> {
  return save(context, state, { ...options, atCommit: true, upkeep: true }).catch((error: unknown) => {
    if (!(error instanceof SessionError)) throw error
    const { code } = error
    // Other failures of the store have raised an event already.
    if (code === 'RECORD_TOO_LARGE') context.emit?.({ type: 'storeError', operation: 'upkeep', code, cause: error })
  })
}
