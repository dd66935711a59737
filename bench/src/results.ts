import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly note?: string
}

/** One bar of the chart. */
export interface Bar {
  /** `Express, read` */
  readonly group: string
  readonly subject: string
  readonly microseconds: number
}

/** One target and what was reached. */
export interface Verdict {
  readonly target: string
  readonly wanted: string
  readonly reached: string
  readonly met: boolean
}

/** One line of the short page. */
export interface Headline {
  readonly name: string
  readonly value: string
}

/** The results of one part of a section. */
export interface Measurement {
  readonly tables: readonly Table[]
  readonly verdicts?: readonly Verdict[]
  readonly headlines?: readonly Headline[]
  readonly bars?: readonly Bar[]
}

/** A measurement as it is recorded. */
export interface Result extends Measurement {
  readonly date: string
  readonly machine: string
}

export interface RunOptions {
  /** Runs a few short rounds, which are enough to judge a change, but not for the page. */
  readonly quick: boolean
  /** A commit whose packages are measured too, in sections that can do so. */
  readonly base?: string | undefined
  /** Flags of Node for the measured processes; `SUBJECT` stands for the name of each. */
  readonly flags: readonly string[]
}

/** One chapter of the page. Each part is measured and recorded alone. */
export interface Section {
  readonly name: string
  readonly title: string
  /** Describes the measurement. */
  readonly about: string
  readonly parts: readonly string[]
  /** Runs only if the command line names the section. */
  readonly onlyNamed?: boolean
  /** Why a part cannot be measured here, or `undefined`. */
  missing?(part: string): string | undefined
  run(part: string, options: RunOptions): Promise<Measurement>
}

/** Where results and chart are kept. */
export const folder: string = join(import.meta.dirname, '../results')

export function recordResult(section: string, part: string, measurement: Measurement): void {
  const processor = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}`
  const machine = `Node ${process.version}, ${processor}, load ${loadavg()[0]?.toFixed(1)}`
  const result: Result = { date: new Date().toISOString().slice(0, 10), machine, ...measurement }
  mkdirSync(folder, { recursive: true })
  writeFileSync(fileOf(section, part), `${JSON.stringify(result, undefined, 1)}\n`)
}

/** Returns `undefined` for a part that was never measured. */
export function readResult(section: string, part: string): Result | undefined {
  try {
    return asResult(JSON.parse(readFileSync(fileOf(section, part), 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function fileOf(section: string, part: string): string {
  return join(folder, `${section}-${part}.json`)
}

/** {@link recordResult} wrote it. */
function asResult(value: unknown): Result {
  return value as Result
}
