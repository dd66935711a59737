import { becomeFailed, type Failure, type SessionState } from './session-state.ts'

/**
 * Makes the next commit fail with the error of `operation`, unless the application takes it: a logout whose promise was
 * dropped must not be answered as if it had happened. A later operation that succeeds makes good for it.
 */
export function watchFailure<T>(state: SessionState, operation: Promise<T>): Promise<T> {
  // No commit can change the response any more: what nobody takes is reported by the platform.
  if (state.headers) return operation
  let takers = 0
  class WatchedPromise extends Promise<T> {
    // Asked for by `then`, and so by `await`, `catch` and `finally` (ECMA-262 §27.2.5.4).
    static override get [Symbol.species](): PromiseConstructor {
      takers++
      return Promise
    }
  }
  const promise = new WatchedPromise((resolve) => resolve(operation))
  // The commit reports it: a dropped promise must not end the process.
  promise.catch(ignore)
  operation.then(
    () => becomeFailed(state, undefined),
    (error: unknown) => becomeFailed(state, { error, isTaken: () => takers > 1 })
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
