import { startBackgroundTimer } from './background-timer.ts'
import { areRequestsIsolated } from './isolated-requests.ts'

/** A wait under way: one of a ring in order of time, whose first member is none. */
interface Waiting {
  readonly since: number
  readonly expire: () => void
  before: Waiting | undefined
  after: Waiting | undefined
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
  const waiting = createRing()
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
    for (let entry = waiting.after; entry && entry !== waiting; entry = waiting.after) {
      const left = entry.since + milliseconds - now
      if (left > 0) {
        arm(Math.max(1, left))
        return
      }
      leave(entry)
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
      const entry = join(isolated ? createRing() : waiting, () => reject(late()))
      const own = isolated ? startBackgroundTimer(() => leave(entry) && entry.expire(), milliseconds) : undefined
      if (!isolated && !armed) arm(milliseconds)
      promise.then(
        (value) => {
          if (own !== undefined) clearTimeout(own)
          if (!leave(entry)) return
          try {
            resolve(accept(value))
          } catch (error) {
            reject(error)
          }
        },
        (error) => {
          if (own !== undefined) clearTimeout(own)
          if (leave(entry)) reject(refuse ? refuse(error) : error)
        }
      )
    })
  }

  return { bound }
}

function createRing(): Waiting {
  const ring: Waiting = { since: 0, expire: () => {}, before: undefined, after: undefined }
  ring.before = ring
  ring.after = ring
  return ring
}

function join(ring: Waiting, expire: () => void): Waiting {
  const entry: Waiting = { since: performance.now(), expire, before: ring.before, after: ring }
  if (ring.before) ring.before.after = entry
  ring.before = entry
  return entry
}

/**
 * Who is answered leaves at once, and holds on to nobody. In a `Set`, each table that it outgrows goes on holding those who
 * were in it, with all of their requests, until the old generation is collected: 0.5 kB a request.
 *
 * @returns false for who has left before.
 */
function leave(entry: Waiting): boolean {
  const { before, after } = entry
  if (!before || !after) return false
  before.after = after
  after.before = before
  entry.before = undefined
  entry.after = undefined
  return true
}
