import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a campaign counted. `counts` and `seconds` are added up when it runs in several processes. */
export interface Figures {
  readonly seed: number
  /** Of one processor; left out where other processes do the work. */
  readonly seconds?: number
  readonly counts: Readonly<Record<string, number>>
  /** Of these the highest counts. */
  readonly highest?: Readonly<Record<string, number>>
}

/** Keeps the figures of a campaign for whoever asked for them by `KVSESSION_FIGURES`, a folder. */
export function recordFigures(name: string, figures: Figures): void {
  const folder = process.env.KVSESSION_FIGURES
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  const file = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.${figures.seed}.json`
  writeFileSync(join(folder, file), `${JSON.stringify({ name, ...figures }, null, 2)}\n`)
}

/** Seconds of a processor since now; of a clock where the platform does not tell. */
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
