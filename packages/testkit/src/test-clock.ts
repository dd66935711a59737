/** A clock that stands still until it is moved. Fits wherever a store or a manager takes `{ now() }`. */
export interface TestClock {
  /** Epoch milliseconds. */
  now(): number
  /** Moves the clock forward. A store may need to be told, hence the promise. */
  advance(milliseconds: number): void | Promise<void>
}

/**
 * @param start epoch milliseconds. Default: in the middle of the second after now, so that deadlines rounded to full
 *   seconds show, and an engine that expires keys by its own time does not collect what is live by this clock.
 */
export function createTestClock(start: number = Math.ceil(Date.now() / 1_000) * 1_000 + 250): TestClock {
  let time = start
  return {
    now: () => time,
    advance: (milliseconds) => {
      if (!(milliseconds >= 0)) throw new RangeError('A clock only moves forward: advance() takes milliseconds from 0.')
      time += milliseconds
    }
  }
}
