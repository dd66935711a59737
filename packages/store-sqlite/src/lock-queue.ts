import { randomInt } from 'node:crypto'
import type { Awaitable } from '@kvsession/core'
import { isBusy } from './client.ts'

/** Waits for the lock of the file without blocking the event loop, unlike the wait of the drivers. */
export interface LockQueue {
  /**
   * Runs `attempt`, and repeats it while another connection holds the lock. `attempt` must be a single statement or safe
   * to repeat. Returns its result without a promise if the lock is free. Attempts succeed in the order of the calls. After `busyTimeout` milliseconds the call rejects with the
   * engine's error, whose `wroteNothing` is true because the statement never got the lock. Any other failure is final.
   */
  run<T>(attempt: () => T): Awaitable<T>
}

/** The wait inside the engine: long enough for a commit of another process, too short to block this one. */
const maxEngineWaitMs = 2
const shortestPauseMs = 1
const longestPauseMs = 24

export function engineWaitMs(busyTimeout: number): number {
  return Math.min(maxEngineWaitMs, busyTimeout)
}

interface Waiting {
  readonly deadline: number
  /** Returns the engine's error while another connection holds the lock. */
  attempt(): unknown
  giveUp(busy: unknown): void
}

export function createLockQueue(busyTimeout: number): LockQueue {
  const queue: Waiting[] = []

  /** Only the first call tries the engine. The others cannot succeed before it, and an attempt may take engineWaitMs. */
  async function drain(busy: unknown): Promise<void> {
    let pauseMs = shortestPauseMs
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const left = first.deadline - performance.now()
      if (left <= 0) {
        first.giveUp(busy)
        queue.shift()
        continue
      }
      // Jitter, so that processes that wait for one lock do not retry at the same moments.
      await pause(Math.min(left, pauseMs === 0 ? 0 : randomInt(Math.ceil(pauseMs / 2), pauseMs + 1)))
      const stillBusy = first.attempt()
      if (stillBusy === undefined) queue.shift()
      else busy = stillBusy
      pauseMs = stillBusy === undefined ? 0 : Math.min(longestPauseMs, 2 * pauseMs || shortestPauseMs)
    }
  }

  function enqueue<T>(attempt: () => T, busy: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      queue.push({
        deadline: performance.now() + busyTimeout,
        attempt() {
          try {
            resolve(attempt())
          } catch (error) {
            if (isBusy(error)) return error
            reject(error)
          }
          return undefined
        },
        giveUp: (last) => reject(unchanged(last))
      })
      if (queue.length === 1) void drain(busy)
    })
  }

  return {
    run(attempt) {
      let busy: unknown
      if (queue.length === 0) {
        try {
          return attempt()
        } catch (error) {
          if (!isBusy(error)) return Promise.reject(error)
          busy = error
        }
      }
      return enqueue(attempt, busy)
    }
  }
}

/** Marks the error as the store contract requires. SQLite rolled back a statement that did not get the lock. */
function unchanged(busy: unknown): unknown {
  return Object.assign(Object(busy), { wroteNothing: true })
}

/** 0 waits for one turn of the event loop. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds === 0) setImmediate(resolve)
    else setTimeout(resolve, milliseconds)
  })
}
