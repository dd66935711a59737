import assert from 'node:assert/strict'
import type { KeyValueStore } from '@kvsession/core'
import type { TestClock } from '../test-clock.ts'
import { fullStore } from './full-store.ts'
import type { PendingCalls } from './pending-calls.ts'
import type { FullStore, StoreCaseContext } from './store-case.ts'

export interface CaseContextOptions {
  store: KeyValueStore
  clock: TestClock | undefined
  /** Milliseconds, at least 1. A value must be absent once now ≥ deadline + granularity - 1. */
  expiryGranularity: number
  calls: PendingCalls
  openSecond(): Promise<KeyValueStore>
  refuse?(): void | Promise<void>
  allow?(): void | Promise<void>
  interrupt?(): void | Promise<void>
}

const anHour = 3_600_000
/** Enough for one write and one read on an idle engine; doubled if it was too short. */
const shortestRealLife = 50
const longestRealLife = 10_000

export function createCaseContext(options: CaseContextOptions): StoreCaseContext {
  const { clock, expiryGranularity, calls } = options
  const now = (): number => (clock === undefined ? Date.now() : clock.now())
  let second: Promise<FullStore> | undefined

  const passTime = async (milliseconds: number): Promise<void> => {
    if (clock === undefined) await until(Date.now() + milliseconds)
    else await clock.advance(milliseconds)
  }
  const passDeadline = (deadline: number): Promise<void> =>
    passTime(Math.max(0, deadline + expiryGranularity - 1 - now()))

  const expire = async (write: (deadline: number) => Promise<void>): Promise<void> => {
    let life = clock === undefined ? shortestRealLife : anHour
    for (;;) {
      const start = now()
      const deadline = start + life
      try {
        await write(deadline)
      } catch (error) {
        // The value may have expired during its own check, which proves nothing: try again.
        if (now() < deadline) throw error
      }
      if (now() < deadline) return passDeadline(deadline)
      life = 2 * Math.max(life, now() - start)
      assert.ok(life <= longestRealLife, 'the engine is too slow to write a value and read it before it expires')
    }
  }

  return {
    original: options.store,
    store: fullStore(options.store, calls),
    second: () => {
      second ??= options.openSecond().then((store) => fullStore(store, calls))
      return second
    },
    refuse: async () => options.refuse?.(),
    allow: async () => options.allow?.(),
    interrupt: async () => options.interrupt?.(),
    track: calls.track,
    now,
    later: () => now() + 24 * anHour,
    past: () => now() - expiryGranularity + 1,
    passTime,
    passDeadline,
    expire
  }
}

async function until(moment: number): Promise<void> {
  // A timer may fire a millisecond early, so the clock decides.
  for (let rest = moment - Date.now(); rest > 0; rest = moment - Date.now()) {
    await new Promise((resolve) => setTimeout(resolve, rest))
  }
}
