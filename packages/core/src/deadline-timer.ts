import { startBackgroundTimer } from './background-timer.ts'
import { areRequestsIsolated } from './isolated-requests.ts'

interface Waiting {
  readonly since: number
  readonly expire: () => void
}

/**
 * Bounds promises by one duration with a single timer: all waits are equally long, so they end in order. Where a timer ends
 * with the request that started it, each wait has its own.
 */
export interface DeadlineTimer {
  /**
   * Settles as `promise` does, or rejects with `late()` when that takes too long; a late answer is then ignored.
   *
   * @param accept what to resolve to; rejects when it throws.
   * @param refuse what to reject with.
   */
  bound<T, R = T>(
    promise: Promise<T>,
    late: () => Error,
    accept: (value: T) => R,
    refuse?: (error: unknown) => unknown
  ): Promise<R>
}

/** @param milliseconds how long each promise may take. Real time: an injected clock may jump. */
export function createDeadlineTimer(milliseconds: number): DeadlineTimer {
  // In order of time. Who is answered leaves at once: what stays for as long as the deadline outlives the young generation.
  const waiting = new Set<Waiting>()
  let armed = false
  const isolated = areRequestsIsolated()

  function arm(delay: number): void {
    armed = true
    // A pending deadline alone must not keep the process alive.
    startBackgroundTimer(expireDue, delay)
  }

  function expireDue(): void {
    armed = false
    const now = performance.now()
    for (const entry of waiting) {
      const left = entry.since + milliseconds - now
      if (left > 0) {
        arm(Math.max(1, left))
        return
      }
      waiting.delete(entry)
      entry.expire()
    }
  }

  function bound<T, R>(
    promise: Promise<T>,
    late: () => Error,
    accept: (value: T) => R,
    refuse?: (error: unknown) => unknown
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const entry: Waiting = { since: performance.now(), expire: () => reject(late()) }
      const open = isolated ? new Set<Waiting>() : waiting
      open.add(entry)
      const own = isolated ? startBackgroundTimer(() => open.delete(entry) && entry.expire(), milliseconds) : undefined
      if (!isolated && !armed) arm(milliseconds)
      promise.then(
        (value) => {
          if (own !== undefined) clearTimeout(own)
          if (!open.delete(entry)) return
          try {
            resolve(accept(value))
          } catch (error) {
            reject(error)
          }
        },
        (error) => {
          if (own !== undefined) clearTimeout(own)
          if (open.delete(entry)) reject(refuse ? refuse(error) : error)
        }
      )
    })
  }

  return { bound }
}
