import type { Vitals } from './server.ts'

/** How a process that lived from beginning to end has changed. Memory in parts of what it was. */
export interface Drift {
  readonly rss: number
  readonly heap: number
  readonly handles: number
}

/** How everything that is watched over a whole soak has changed. */
export interface Growth {
  readonly drift: Drift
  /** Errors that nobody handled. */
  readonly unhandled: number
  /** How many handles come and go by themselves. */
  readonly pooled: number
}

/** Compares the last quarter with the second: in the first one code is still being loaded and compiled. */
export function driftOf(samples: readonly Vitals[]): Drift {
  if (samples.length < 4) throw new RangeError('growth is told by four mishaps or more')
  const quarter = Math.floor(samples.length / 4)
  const before = samples.slice(quarter, quarter * 2)
  const after = samples.slice(-quarter)
  const growth = (part: (vitals: Vitals) => number): number => median(after.map(part)) / median(before.map(part)) - 1
  return {
    rss: growth(({ rss }) => rss),
    heap: growth(({ heapUsed }) => heapUsed),
    handles: median(after.map(({ handles }) => handles)) - median(before.map(({ handles }) => handles))
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/**
 * @param limit by how much the memory may grow, as a part of what it was.
 * @throws Error that says what grew.
 */
export function judgeGrowth({ drift, unhandled, pooled }: Growth, limit: number): void {
  const { rss, heap, handles } = drift
  if (heap > limit) throw new Error(`memory grows: ${percentOf(heap)} % of the heap`)
  if (rss > limit) throw new Error(`memory grows: ${percentOf(rss)} % of the resident set`)
  if (handles > pooled) throw new Error(`handles are kept: ${handles}`)
  if (unhandled > 0) throw new Error(`${unhandled} errors that nobody handled`)
}

export function percentOf(part: number): number {
  return Math.round(part * 1_000) / 10
}
