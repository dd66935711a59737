import { platform } from '#platform'

export interface Bound<T, R> {
  /** How long the promise may take, in milliseconds of real time: an injected clock may jump. */
  readonly milliseconds: number
  /** No caller awaits it: its timer does not keep the process alive. Other timers must, or scripts end without the error. */
  readonly background?: boolean
  /** Makes the error of a promise that took too long. */
  readonly late: () => unknown
  /** Maps the value. What it throws is the error. */
  readonly accept: (value: T) => R
  /** Maps the error of a rejected promise. Default: the error as it is. */
  readonly refuse?: (error: unknown) => unknown
}

/**
 * Settles as `promise` does, mapped by `accept` or `refuse`, or rejects with `late()` when that takes too long. Ignores a
 * result that comes late.
 */
export function bound<T, R>(
  promise: Promise<T>,
  { milliseconds, background, late, accept, refuse }: Bound<T, R>
): Promise<R> {
  return new Promise((resolve, reject) => {
    let expired = false
    const expire = (): void => {
      expired = true
      reject(late())
    }
    const timer = background ? platform.startTimer(expire, milliseconds) : setTimeout(expire, milliseconds)
    function settle(complete: () => void): void {
      if (expired) return
      // A settled wait clears its timer at once, so that it keeps nothing alive.
      clearTimeout(timer)
      try {
        complete()
      } catch (error) {
        reject(error)
      }
    }
    promise.then(
      (value) => settle(() => resolve(accept(value))),
      (error) => settle(() => reject(refuse ? refuse(error) : error))
    )
  })
}
