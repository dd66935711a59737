import type { ManagerContext } from '../context.ts'
import { pickFields } from '../record/payload.ts'
import { encodeTombstone, tombstoneLifetime } from '../record/tombstone.ts'
import type { Change, LoginAttempt, Outcome } from './change.ts'
import { createRecord } from './create-record.ts'
import { save } from './save.ts'
import { becomeNewWith, dataOf, identityOf, type SessionState } from './session-state.ts'

/**
 * Swaps the secret on a store without compareAndSet, where a stale writer of another process could put the old secret
 * back: the session moves to a new id, and its old record becomes a tombstone.
 */
export async function moveToNewId(context: ManagerContext, state: SessionState, change: Change): Promise<Outcome> {
  const oldKey = context.recordKey(identityOf(context, state).id)
  const owner = state.record?.metadata.userId
  const createdAt = change.login ? undefined : state.record?.metadata.createdAt
  if (!(await save(context, state))) return state.phase === 'ended' ? 'gone' : 'superseded'
  const data = keptData(dataOf(context, state), owner, change)
  becomeNewWith(context, state, { data, permanent: state.record?.metadata.permanent })
  const login = change.anonymous ? undefined : (change.login ?? { userId: owner, reservation: undefined })
  await createRecord(context, state, { ...(login && { login }), createdAt })
  await endRecord(context, oldKey)
  return 'written'
}

/** What the session keeps of its data when it moves; two users never share any. */
function keptData(
  data: Record<string, unknown>,
  owner: string | undefined,
  { anonymous, login }: Change
): Record<string, unknown> {
  if (anonymous) return {}
  const keep = keepsAll(owner, login) || (owner === undefined && login?.keepData)
  if (keep === true) return data
  return keep === false || keep === undefined ? {} : pickFields(data, keep)
}

function keepsAll(owner: string | undefined, login: LoginAttempt | undefined): boolean {
  return login === undefined || owner === login.userId
}

/** A tombstone, so that a process that has seen the record before does not bring it back. */
function endRecord(context: ManagerContext, key: string): Promise<void> {
  return context.loop.run<void>(key, undefined, (value) => {
    if (value === undefined) return { stop: undefined }
    const expiresAt = context.clock.now() + tombstoneLifetime
    return { write: encodeTombstone(context.newWriteId()), expiresAt, result: undefined }
  })
}
