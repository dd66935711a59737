/** A clock that stands still until it is advanced, for every store or manager that accepts `{ now() }`. */
export interface TestClock {
  /** Epoch milliseconds. */
  now(): number
  /** Advances the clock. It returns a promise because a store may have to be notified. */
  advance(milliseconds: number): void | Promise<void>
}

/**
 * @param start epoch milliseconds. Default: the middle of the next second. Deadlines that are rounded to full seconds
 *   are then detected, and an engine that expires keys by its own time does not remove values that are live by this clock.
 */
export function createTestClock(start: number = Math.ceil(Date.now() / 1_000) * 1_000 + 250): TestClock {
  let time = start
  return {
    now: () => time,
    advance: (milliseconds) => {
      if (!(milliseconds >= 0))
        throw new RangeError('A clock only moves forward: advance() takes 0 or more milliseconds.')
      time += milliseconds
    }
  }
}
