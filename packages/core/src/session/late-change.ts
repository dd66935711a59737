import { platform } from '#platform'
import type { ManagerContext } from '../context.ts'
import { serializeData } from '../record/payload.ts'
import { becomeWatched, type SessionState } from './session-state.ts'

/**
 * The data was accessed after the last commit that its adapter makes: a change that nothing has stored a store timeout later
 * is reported, once. It may still be stored by a `save`, so that nothing else is done about it.
 */
export function watchLateAccess(context: ManagerContext, state: SessionState): void {
  const { emit } = context
  if (!emit) return
  becomeWatched(state, false)
  // A change that is saved at once is none that was lost, and one may be made by an assignment that waits first.
  platform.startTimer(() => {
    void Promise.resolve(state.lastOperation).then(() => {
      if (isChanged(context, state)) emit({ type: 'dropped', id: state.id ?? '', reason: 'late' })
      else becomeWatched(state, true)
    })
  }, context.policy.storeTimeout)
}

function isChanged(context: ManagerContext, { data, baseline }: SessionState): boolean {
  try {
    return data !== undefined && serializeData(context, data) !== baseline
  } catch {
    return true
  }
}
