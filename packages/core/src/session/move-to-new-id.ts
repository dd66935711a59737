import type { ManagerContext } from '../context.ts'
import { readData } from '../data-schema.ts'
import { serializeData } from '../record/payload.ts'
import { writeTombstone } from '../users/end-session.ts'
import type { Change, Outcome } from './change.ts'
import { createRecord } from './create-record.ts'
import { nextOwner } from './next-data.ts'
import { save } from './save.ts'
import { becomeNew, dataOf, identityOf, type SessionState } from './session-state.ts'

/**
 * Swaps the secret on a store without compareAndSet, where a stale writer of another process could put the old secret
 * back: the session moves to a new id, and its old record becomes a tombstone.
 */
export async function moveToNewId(context: ManagerContext, state: SessionState, change: Change): Promise<Outcome> {
  const { record } = state
  // If nothing could be stored, `save` has applied the outcome to the session.
  if (!record || !(await save(context, state))) return 'gone'
  const oldKey = context.recordKey(identityOf(context, state).id)
  const data = dataOf(context, state)
  const plaintext = serializeData(context, data)
  const found = { record, standing: 'current', stored: () => plaintext } as const
  const owner = nextOwner(context, found, change, plaintext)
  const kept = owner.plaintext === plaintext ? data : await readData(context, owner.plaintext ?? '')
  const permanent = state.record?.metadata.permanent ?? false
  becomeNew(context, state, { data: kept, permanent: change.anonymous ? undefined : permanent })
  const { login = { userId: owner.userId, reservation: undefined } } = change
  await createRecord(context, state, { login, createdAt: change.login ? undefined : record.metadata.createdAt })
  // A tombstone, so that a process that has read the record before does not restore it.
  await context.loop.run<void>(oldKey, undefined, (value) =>
    value === undefined ? { stop: undefined } : writeTombstone(context, undefined)
  )
  return 'written'
}
