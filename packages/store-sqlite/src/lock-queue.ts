import { randomInt } from 'node:crypto'
import { isBusy } from './client.ts'

/** Waits for the lock of the file beside the event loop: the drivers' own wait stops the whole process. */
export interface LockQueue {
  /**
   * Runs `attempt`, and runs it again while another connection holds the lock. `attempt` is a single statement, or may be
   * repeated from its start. Attempts succeed in the order of the calls. After `busyTimeout` milliseconds rejects with
   * the engine's error, on which `wroteNothing` says that the statement never got the lock. Any other failure is final.
   */
  run<T>(attempt: () => T): Promise<T>
}

/** The wait in the engine: enough for a commit of another process, too short to hold up this one. */
const mostEngineWaitMs = 2
const shortestPauseMs = 1
const longestPauseMs = 24

export function engineWaitMs(busyTimeout: number): number {
  return Math.min(mostEngineWaitMs, busyTimeout)
}

interface Waiting {
  readonly deadline: number
  /** Returns the engine's error while the lock is held elsewhere. */
  attempt(): unknown
  giveUp(busy: unknown): void
}

export function createLockQueue(busyTimeout: number): LockQueue {
  const queue: Waiting[] = []

  /** Only the first one asks the engine. The others cannot succeed before it, and each attempt may take engineWaitMs. */
  async function drain(busy: unknown): Promise<void> {
    let pauseMs = shortestPauseMs
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const left = first.deadline - performance.now()
      if (left <= 0) {
        first.giveUp(busy)
        queue.shift()
        continue
      }
      // Jitter: processes that wait for one lock do not ask at the same moments for ever.
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
    async run(attempt) {
      let busy: unknown
      if (queue.length === 0) {
        try {
          return attempt()
        } catch (error) {
          if (!isBusy(error)) throw error
          busy = error
        }
      }
      return enqueue(attempt, busy)
    }
  }
}

/** Marks the error as the store contract has it. A statement that did not get the lock was rolled back by SQLite. */
function unchanged(busy: unknown): unknown {
  return Object.assign(Object(busy), { wroteNothing: true })
}

/** 0: a turn of the event loop, for what else is ready. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds === 0) setImmediate(resolve)
    else setTimeout(resolve, milliseconds)
  })
}
