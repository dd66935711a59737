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

export interface SaveOptions extends Pick<Change, 'update' | 'withoutData' | 'serialized'> {
  /** Nothing but `lastSeenAt` or a due rotation is stored: when it cannot be, nothing is lost. */
  readonly upkeep?: boolean
}

/**
 * Stores what changed: creates the record of a new session, updates that of a live one, and drops the changes of a session
 * that has ended or was superseded.
 *
 * @returns false when nothing was stored because the session has ended or was superseded.
 */
export async function save(context: ManagerContext, state: SessionState, options: SaveOptions = {}): Promise<boolean> {
  if (needsLoading(state)) await load(context, state)
  if (state.phase === 'live') return saveLive(context, state, options)
  if (state.phase === 'new') return saveNew(context, state, options)
  reportDropped(context, state)
  return false
}

/** Changes of a session that has ended or is detached are not stored. */
export function reportDropped({ emit }: Pick<ManagerContext, 'emit'>, { phase, id = '' }: SessionState): void {
  emit?.({ type: 'dropped', id, reason: phase === 'ended' ? 'gone' : 'detached' })
}

async function saveLive(context: ManagerContext, state: SessionState, options: SaveOptions): Promise<boolean> {
  const outcome = await updateRecord(context, state, options)
  applyOutcome(context, state, outcome, options.upkeep !== true)
  return outcome === 'written' || outcome === 'unchanged'
}

async function saveNew(context: ManagerContext, state: SessionState, options: SaveOptions): Promise<boolean> {
  if (options.serialized !== undefined) {
    await createRecord(context, state, { serialized: options.serialized })
    return true
  }
  const data = dataOf(context, state)
  if (options.update) {
    const plaintext = serializeData(context, data)
    const draft = (await readData(context, plaintext)) ?? {}
    options.update(draft)
    replaceFields(data, draft)
  }
  const serialized = serializeData(context, data)
  if (serialized !== state.baseline) await createRecord(context, state, { serialized })
  return true
}
