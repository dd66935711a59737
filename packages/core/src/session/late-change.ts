import { platform } from '#platform'
import type { ManagerContext } from '../context.ts'
import { serializeData } from '../record/payload.ts'
import { becomeWatched, type SessionState } from './session-state.ts'

/**
 * For data that is accessed after the last commit of its adapter: a change that is still not stored one store timeout later
 * is reported, once. A `save` may yet store it, so nothing else is done.
 */
export function watchLateAccess(context: ManagerContext, state: SessionState): void {
  const { emit } = context
  if (!emit) return
  becomeWatched(state, false)
  // Waits, because the application may save the change at once, or make it only after an `await` of its own.
  platform.startTimer(() => {
    void Promise.resolve(state.lastOperation).then(() => {
      if (isChanged(context, state)) emit({ type: 'dropped', id: state.id ?? '', reason: 'late' })
      else becomeWatched(state, true)
    })
  }, context.policy.storeTimeout)
}

/** Whether the data differs from what is stored; also true if it cannot be serialized. */
export function isChanged(context: ManagerContext, { data, baseline }: SessionState): boolean {
  try {
    return data !== undefined && serializeData(context, data) !== baseline
  } catch {
    return true
  }
}
