/** Two kinds of input whose times are compared. */
export interface Contest {
  /** Runs once with an input of this class; made before, so that making it is not measured. */
  prepare(right: 0 | 1): () => void
}

/** The result of one measurement. */
export interface Leakage {
  readonly samples: number
  /** Welch's t over the fastest part of the samples; beyond 4.5 the two classes differ. */
  readonly t: number
}

/** Samples slower than this share of all depend more on the machine than on the code. */
const cut = 0.9
const batch = 1_000

/**
 * The test of "Dude, is my code constant time?" (Reparaz, Balasch, Verbauwhede, 2017): both classes are measured in
 * random order, the slowest samples are dropped by a bound that knows no class, and Welch's t-test compares the rest.
 *
 * @param repeat executions per sample; clocks are coarse.
 * @param chance 0 or 1, drawn per sample.
 */
export function measureLeakage(contest: Contest, samples: number, repeat: number, chance: () => 0 | 1): Leakage {
  const times = [new Float64Array(samples), new Float64Array(samples)]
  const counts = [0, 0]
  for (let done = 0; done < samples; done += batch) {
    const runsInOrder = Array.from({ length: batch }, () => {
      const side = chance()
      return { side, runs: Array.from({ length: repeat }, () => contest.prepare(side)) }
    })
    for (const { side, runs } of runsInOrder) {
      const start = process.hrtime.bigint()
      for (const run of runs) run()
      const took = Number(process.hrtime.bigint() - start)
      const place = counts[side] ?? 0
      const list = times[side]
      if (list) list[place] = took
      counts[side] = place + 1
    }
  }
  const lists = times.map((list, side) => list.subarray(0, counts[side]))
  const all = Float64Array.from(lists.flatMap((list) => [...list])).sort()
  const bound = all[Math.floor(all.length * cut)] ?? Number.POSITIVE_INFINITY
  const [left = [], right = []] = lists.map((list) => [...list].filter((time) => time < bound))
  return { samples: all.length, t: welch(left, right) }
}

/** How surely two lists have different means. */
export function welch(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [momentsOf(left), momentsOf(right)]
  const spread = Math.sqrt(a.variance / left.length + b.variance / right.length)
  return spread === 0 ? 0 : (a.mean - b.mean) / spread
}

function momentsOf(list: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = list.reduce((sum, time) => sum + time, 0) / list.length
  const variance = list.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (list.length - 1)
  return { mean, variance }
}
