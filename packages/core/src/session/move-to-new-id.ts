import type { ManagerContext } from '../context.ts'
import { readData } from '../data-schema.ts'
import { serializeData } from '../record/payload.ts'
import { entomb } from '../users/end-session.ts'
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
  // Where nothing can be stored, `save` has settled what the session is now.
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
  // A tombstone, so that a process that has seen the record before does not bring it back.
  await context.loop.run<void>(oldKey, undefined, (value) =>
    value === undefined ? { stop: undefined } : entomb(context, undefined)
  )
  return 'written'
}
