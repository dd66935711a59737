import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly note?: string
}

/** One bar of the chart: processor time of a request, above the bare framework. */
export interface Bar {
  readonly framework: string
  readonly act: string
  readonly subject: string
  readonly microseconds: number
}

/** Where the time of one kind of request goes. */
export interface Profile {
  readonly framework: string
  readonly act: string
  readonly subject: string
  /** Microseconds a request. */
  readonly whole: number
  /** The same by room, all of them together. */
  readonly rooms: Readonly<Record<string, number>>
}

/** One point of the curves: by how much our part of a reading request has grown. */
export interface Point {
  readonly curve: string
  readonly sessions: number
  readonly growth: number
}

/** One line of the targets. */
export interface Verdict {
  readonly target: string
  readonly wanted: string
  readonly reached: string
  /** What hand-written sessions reach of the same, where there are some. */
  readonly floors?: string
  readonly met: boolean
}

/** What one section found, as it is kept between runs: each section can run alone, and the page shows them all. */
export interface Figures {
  readonly ran: string
  readonly machine: string
  readonly quick: boolean
  readonly tables: readonly Table[]
  readonly verdicts: readonly Verdict[]
  readonly bars?: readonly Bar[]
  readonly points?: readonly Point[]
  readonly profiles?: readonly Profile[]
}

export type Found = Omit<Figures, 'ran' | 'machine' | 'quick'>

export interface Section {
  readonly name: string
  readonly title: string
  /** What is measured, and how. */
  readonly about: string
  /** Left out unless it is asked for by its name. */
  readonly onlyNamed?: boolean
  run(quick: boolean): Promise<Found>
}

export const folder: string = join(import.meta.dirname, '../performance')

export function keepFigures(section: string, quick: boolean, found: Found): void {
  const processor = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}`
  // Above the number of processors others were at work, and the times are theirs too.
  const machine = `Node ${process.version}, ${processor}, load ${loadavg()[0]?.toFixed(1)}`
  const figures: Figures = { ran: new Date().toISOString().slice(0, 10), machine, quick, ...found }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${section}.json`), `${JSON.stringify(figures, undefined, 1)}\n`)
}

export function readFigures(section: string): Figures | undefined {
  try {
    return asFigures(JSON.parse(readFileSync(join(folder, `${section}.json`), 'utf8')))
  } catch {
    return undefined
  }
}

/** {@link keepFigures} wrote it. */
function asFigures(value: unknown): Figures {
  return value as Figures
}

/** A target that is a ratio which must not be exceeded. One that is not above nothing says that nothing was measured. */
export function atMost(target: string, limit: number, ratio: number): Verdict {
  return { target, wanted: `≤ ${limit}`, reached: shownRatio(ratio), met: ratio > 0 && ratio <= limit }
}

export function atLeast(target: string, limit: number, ratio: number): Verdict {
  return { target, wanted: `≥ ${limit}`, reached: shownRatio(ratio), met: ratio >= limit }
}

function shownRatio(ratio: number): string {
  return ratio > 0 ? ratio.toFixed(2) : 'lost in noise'
}
