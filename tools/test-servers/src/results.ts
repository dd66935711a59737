import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a stress test counted. `counts` and `seconds` are added up when it runs in several processes. */
export interface Results {
  readonly seed: number
  /** Processor time; omitted where other processes do the work. */
  readonly seconds?: number
  readonly counts: Readonly<Record<string, number>>
  /** Of several processes the maximum counts. */
  readonly highest?: Readonly<Record<string, number>>
}

/** Writes the results of a stress test into the folder that `KVSESSION_RESULTS` names; without it, does nothing. */
export function recordResults(name: string, results: Results): void {
  const folder = process.env.KVSESSION_RESULTS
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  const file = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.${results.seed}.json`
  writeFileSync(join(folder, file), `${JSON.stringify({ name, ...results }, null, 2)}\n`)
}

/** Returns a function that gives the processor seconds since now; on platforms without that figure, seconds of a clock. */
export function startStopwatch(): () => number {
  const start = performance.now()
  const used = processorTime()
  if (used === undefined) return () => (performance.now() - start) / 1_000
  return () => (processorTime() ?? used) - used
}

function processorTime(): number | undefined {
  try {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  } catch {
    // workerd has the function, and it throws.
    return undefined
  }
}
