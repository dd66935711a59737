import type { Vitals } from './serve.ts'

/** The vitals of a process, and the resident set of the baseline at the same time. */
export interface Sample extends Vitals {
  readonly baseline: number
}

/** What is measured of memory, in bytes. */
export interface Memory {
  readonly rss: number
  /** Live objects and buffers, without compiled code, which grows for hours. */
  readonly held: number
  readonly code: number
  readonly baseline: number
  readonly aboveBaseline: number
}

/** How a process has changed. */
export interface Growth {
  /** From the second quarter to the last, as a fraction. */
  readonly rss: number
  readonly held: number
  readonly handles: number
  /** Megabytes an hour, from the second quarter on. */
  readonly slopes: Memory
}

export interface GrowthLimits {
  /** A fraction of the memory in the second quarter. */
  readonly part: number
  /** Megabytes an hour of held memory, and of the resident set above the baseline. */
  readonly slope: number
  /** Handles that come and go: the connections of a pool. */
  readonly handles: number
}

function memoryOf({ rss, heapUsed, external, code, baseline }: Sample): Memory {
  return { rss, held: heapUsed + external - code, code, baseline, aboveBaseline: rss - baseline }
}

/** The first quarter is left out: code is still being loaded and compiled. */
export function growthOf(samples: readonly Sample[]): Growth {
  if (samples.length < 4) throw new RangeError('growth needs four samples or more')
  const quarter = Math.floor(samples.length / 4)
  const [before, after] = [samples.slice(quarter, quarter * 2), samples.slice(-quarter)]
  const relative = (part: 'rss' | 'held'): number => {
    const medianOf = (some: readonly Sample[]): number => median(some.map((sample) => memoryOf(sample)[part]))
    return medianOf(after) / medianOf(before) - 1
  }
  const warm = afterWarmUp(samples)
  return {
    rss: relative('rss'),
    held: relative('held'),
    handles: median(after.map(({ handles }) => handles)) - median(before.map(({ handles }) => handles)),
    slopes: {
      rss: slopeOf(warm, 'rss'),
      held: slopeOf(warm, 'held'),
      code: slopeOf(warm, 'code'),
      baseline: slopeOf(warm, 'baseline'),
      aboveBaseline: slopeOf(warm, 'aboveBaseline')
    }
  }
}

/** All but the first quarter. */
export function afterWarmUp<T>(samples: readonly T[]): readonly T[] {
  return samples.slice(Math.floor(samples.length / 4))
}

/** The median of the slopes between any two samples (Theil and Sen): a few outliers do not change it. */
function slopeOf(samples: readonly Sample[], part: keyof Memory): number {
  const slopes = samples.flatMap((later, index) =>
    samples
      .slice(0, index)
      .map((earlier) => (memoryOf(later)[part] - memoryOf(earlier)[part]) / (later.at - earlier.at))
  )
  return (median(slopes) * 3_600_000) / 1e6
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** @throws Error that says what grew */
export function checkGrowth({ rss, held, handles, slopes }: Growth, limits: GrowthLimits): void {
  if (held > limits.part) throw new Error(`memory grows: ${percentOf(held)} % of heap and buffers`)
  if (rss > limits.part) throw new Error(`memory grows: ${percentOf(rss)} % of the resident set`)
  if (slopes.held > limits.slope) {
    throw new Error(`memory grows: heap and buffers by ${round(slopes.held)} MB an hour`)
  }
  if (slopes.aboveBaseline > limits.slope) {
    throw new Error(
      `memory grows: the resident set by ${round(slopes.aboveBaseline)} MB an hour more than without sessions`
    )
  }
  if (handles > limits.handles) throw new Error(`handles are kept: ${handles}`)
}

export function percentOf(part: number): number {
  return Math.round(part * 1_000) / 10
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}
