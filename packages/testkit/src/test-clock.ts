/** A clock that stands still until it is moved. Fits wherever a store or a manager takes `{ now() }`. */
export interface TestClock {
  /** Epoch milliseconds. */
  now(): number
  /** Moves the clock forward. A store may need to be told, hence the promise. */
  advance(milliseconds: number): void | Promise<void>
}

/** Starts in the middle of a second by default, so that deadlines rounded to full seconds show. */
export function createTestClock(start = 1_750_000_000_250): TestClock {
  let time = start
  return {
    now: () => time,
    advance: (milliseconds) => {
      if (!(milliseconds >= 0)) throw new RangeError('A clock only moves forward: advance() takes milliseconds from 0.')
      time += milliseconds
    }
  }
}
