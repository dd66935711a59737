import type { Vitals } from './server.ts'

/** How a process that lived from beginning to end is, and how one is that answers as many requests without sessions. */
export interface Sample extends Vitals {
  /** The resident set of the other one. */
  readonly floor: number
}

/** How a process that lived from beginning to end has changed. Memory in parts of what it was. */
export interface Drift {
  readonly rss: number
  /**
   * What the process holds on to: its heap and what is outside of it, after a collection of garbage, but for compiled
   * code, of which there is more for hours.
   */
  readonly held: number
  readonly handles: number
}

/** What memory did once a process had warmed up. Megabytes an hour. */
export interface Slopes {
  readonly held: number
  /** Compiled code. */
  readonly code: number
  readonly rss: number
  /** Of the resident set of a process without sessions. */
  readonly floor: number
  /** Of the difference between the two resident sets. */
  readonly aboveFloor: number
}

/** How everything that is watched over a whole soak has changed. */
export interface Growth {
  readonly drift: Drift
  readonly slopes: Slopes
  /** Errors that nobody handled. */
  readonly unhandled: number
  /** How many handles come and go by themselves. */
  readonly pooled: number
}

/** How much memory may grow. */
export interface GrowthLimits {
  /** As a part of what it was. */
  readonly part: number
  /** Megabytes an hour, of what the process holds on to and of what its resident set has above the floor's. */
  readonly slope: number
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
    held: growth(heldBy),
    handles: median(after.map(({ handles }) => handles)) - median(before.map(({ handles }) => handles))
  }
}

function heldBy({ heapUsed, external, code }: Vitals): number {
  return heapUsed + external - code
}

export function slopesOf(samples: readonly Sample[]): Slopes {
  const warm = afterWarmUp(samples)
  return {
    held: slopeOf(warm, heldBy),
    code: slopeOf(warm, ({ code }) => code),
    rss: slopeOf(warm, ({ rss }) => rss),
    floor: slopeOf(warm, ({ floor }) => floor),
    aboveFloor: slopeOf(warm, ({ rss, floor }) => rss - floor)
  }
}

/** All but the first quarter. */
export function afterWarmUp<T>(samples: readonly T[]): readonly T[] {
  return samples.slice(Math.floor(samples.length / 4))
}

/** The median of the slopes between any two samples (Theil and Sen): a few samples that are far off do not move it. */
function slopeOf(samples: readonly Sample[], part: (sample: Sample) => number): number {
  const slopes = samples.flatMap((later, index) =>
    samples.slice(0, index).map((earlier) => (part(later) - part(earlier)) / (later.at - earlier.at))
  )
  return (median(slopes) * 3_600_000) / 1e6
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** @throws Error that says what grew. */
export function judgeGrowth({ drift, slopes, unhandled, pooled }: Growth, limits: GrowthLimits): void {
  const { rss, held, handles } = drift
  if (held > limits.part) throw new Error(`memory grows: ${percentOf(held)} % of heap and buffers`)
  if (rss > limits.part) throw new Error(`memory grows: ${percentOf(rss)} % of the resident set`)
  if (slopes.held > limits.slope) {
    throw new Error(`memory grows: heap and buffers by ${round(slopes.held)} MB an hour`)
  }
  if (slopes.aboveFloor > limits.slope) {
    throw new Error(
      `memory grows: the resident set by ${round(slopes.aboveFloor)} MB an hour more than without sessions`
    )
  }
  if (handles > pooled) throw new Error(`handles are kept: ${handles}`)
  if (unhandled > 0) throw new Error(`${unhandled} errors that nobody handled`)
}

export function percentOf(part: number): number {
  return Math.round(part * 1_000) / 10
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}
