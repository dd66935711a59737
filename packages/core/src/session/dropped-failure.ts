import { becomeFailed, type Failure, type SessionState } from './session-state.ts'

/** Counts how often it is observed. */
class WatchedPromise<T> extends Promise<T> {
  observers = 0
}

// `await`, `then`, `catch` and `finally` each ask a promise for its constructor (ECMA-262 §27.2.4.7.1, §27.2.5.4).
Object.defineProperty(WatchedPromise.prototype, 'constructor', {
  get(this: WatchedPromise<unknown>): PromiseConstructor {
    this.observers++
    return Promise
  }
})

/**
 * Makes the next commit fail with the error of `operation`, unless the application handles it: the response must not claim
 * that a logout succeeded whose promise was dropped. A later operation that succeeds clears the error.
 */
export function watchFailure<T>(state: SessionState, operation: Promise<T>): Promise<T> {
  // No commit can change the response any more: the platform reports an unhandled rejection.
  if (state.headers) return operation
  const promise = new WatchedPromise<T>((resolve) => resolve(operation))
  // This is the first observer: the commit reports the error, so a dropped promise must not end the process.
  promise.catch(ignore)
  operation.then(
    () => becomeFailed(state, undefined),
    (error: unknown) => becomeFailed(state, { error, isHandled: () => promise.observers > 1 })
  )
  return promise
}

/**
 * The failure that the commit has to report; it is reported once.
 *
 * @param earlier the failure that was known when the commit began: the application had time to handle it.
 */
export function takeDropped(state: SessionState, earlier: Failure | undefined): Failure | undefined {
  const { failure } = state
  if (!failure || (failure === earlier && failure.isHandled())) return undefined
  becomeFailed(state, undefined)
  return failure
}

function ignore(): void {}
