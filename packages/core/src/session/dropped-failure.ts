import { becomeFailed, type Failure, type SessionState } from './session-state.ts'

/** Counts who takes its error. */
class WatchedPromise<T> extends Promise<T> {
  takers = 0
}

// `await`, `then`, `catch` and `finally` each ask a promise for its constructor (ECMA-262 §27.2.4.7.1, §27.2.5.4).
Object.defineProperty(WatchedPromise.prototype, 'constructor', {
  get(this: WatchedPromise<unknown>): PromiseConstructor {
    this.takers++
    return Promise
  }
})

/**
 * Makes the next commit fail with the error of `operation`, unless the application takes it: a logout whose promise was
 * dropped must not be answered as if it had happened. A later operation that succeeds makes good for it.
 */
export function watchFailure<T>(state: SessionState, operation: Promise<T>): Promise<T> {
  // No commit can change the response any more: what nobody takes is reported by the platform.
  if (state.headers) return operation
  const promise = new WatchedPromise<T>((resolve) => resolve(operation))
  // The first taker is this: the commit reports the error, so that a dropped promise does not end the process.
  promise.catch(ignore)
  operation.then(
    () => becomeFailed(state, undefined),
    (error: unknown) => becomeFailed(state, { error, isTaken: () => promise.takers > 1 })
  )
  return promise
}

/** @param earlier the failure that was known when the commit began: the application had time to take its error. */
export function throwDropped(state: SessionState, earlier: Failure | undefined): void {
  const { failure } = state
  if (!failure || (failure === earlier && failure.isTaken())) return
  becomeFailed(state, undefined)
  throw failure.error
}

function ignore(): void {}
