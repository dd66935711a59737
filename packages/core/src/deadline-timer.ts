import { startBackgroundTimer } from './background-timer.ts'

interface Waiting {
  readonly since: number
  readonly expire: () => void
  done: boolean
}

/** Bounds promises by one duration with a single timer: all waits are equally long, so they end in order. */
export interface DeadlineTimer {
  /** Settles as `promise` does, or rejects with `late()` when that takes too long; a late answer is then ignored. */
  bound<T>(promise: Promise<T>, late: () => Error): Promise<T>
}

/** @param milliseconds how long each promise may take; `Infinity` never expires. Real time: an injected clock may jump. */
export function createDeadlineTimer(milliseconds: number): DeadlineTimer {
  const waiting: Waiting[] = []
  let first = 0
  let armed = false

  function arm(delay: number): void {
    armed = true
    // A pending deadline alone must not keep the process alive.
    startBackgroundTimer(expireDue, delay)
  }

  function expireDue(): void {
    armed = false
    const now = performance.now()
    let head = waiting[first]
    while (head && (head.done || head.since + milliseconds <= now)) {
      first++
      if (!head.done) head.expire()
      head = waiting[first]
    }
    waiting.splice(0, first)
    first = 0
    if (head) arm(Math.max(1, head.since + milliseconds - now))
  }

  function bound<T>(promise: Promise<T>, late: () => Error): Promise<T> {
    if (milliseconds === Number.POSITIVE_INFINITY) return promise
    return new Promise((resolve, reject) => {
      const entry: Waiting = { since: performance.now(), expire: () => reject(late()), done: false }
      waiting.push(entry)
      if (!armed) arm(milliseconds)
      promise.then(
        (value) => {
          entry.done = true
          resolve(value)
        },
        (error) => {
          entry.done = true
          reject(error)
        }
      )
    })
  }

  return { bound }
}
