import type { ManagerContext } from '../context.ts'
import { readData } from '../data-schema.ts'
import { replaceFields } from '../record/merge.ts'
import { serializeData } from '../record/payload.ts'
import { applyOutcome } from './after-commit.ts'
import type { Change } from './change.ts'
import { createRecord } from './create-record.ts'
import { load } from './load.ts'
import { dataOf, needsLoading, type SessionState } from './session-state.ts'
import { updateRecord } from './update-record.ts'

export interface SaveOptions extends Pick<Change, 'update' | 'atCommit' | 'withoutData' | 'serialized'> {
  /** Only `lastSeenAt` or a due rotation is to be stored: a failure loses nothing. */
  readonly upkeep?: boolean
}

/**
 * Stores changes: creates the record of a new session, updates that of a live one, and drops the changes of a session
 * that has ended or was superseded.
 *
 * @returns false when nothing was stored because the session has ended or was superseded.
 */
export async function save(context: ManagerContext, state: SessionState, options: SaveOptions = {}): Promise<boolean> {
  if (needsLoading(state)) await load(context, state)
  if (state.phase === 'live') {
    const outcome = await updateRecord(context, state, options)
    applyOutcome(context, state, outcome, options.upkeep !== true)
    return outcome === 'written' || outcome === 'unchanged'
  }
  if (state.phase === 'new') {
    if (options.update) await updateNew(context, state, options.update)
    const serialized = options.serialized ?? serializeData(context, dataOf(context, state))
    if (serialized !== state.baseline) await createRecord(context, state, { serialized })
    return true
  }
  reportDropped(context, state)
  return false
}

/** Changes of a session that has ended or is detached are not stored. */
export function reportDropped({ emit }: Pick<ManagerContext, 'emit'>, { phase, id = '' }: SessionState): void {
  emit?.({ type: 'dropped', id, reason: phase === 'ended' ? 'gone' : 'detached' })
}

/** The data of a session that is not stored yet, updated first if that was asked for. */
async function updateNew(
  context: ManagerContext,
  state: SessionState,
  update: NonNullable<SaveOptions['update']>
): Promise<void> {
  const data = dataOf(context, state)
  const draft = (await readData(context, serializeData(context, data))) ?? {}
  update(draft)
  replaceFields(data, draft)
}
