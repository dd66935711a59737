import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commitOf } from 'test-servers/commit'
import type { Results } from 'test-servers/results'

export const root: string = join(import.meta.dirname, '../../../..')
export const resultsFolder: string = join(root, 'tools/stress/results')

/** The counts of one part of a stress test, over all processes. */
export type Part = Omit<Results, 'seed'> & { readonly name: string }

/** The last long run of a stress test. */
export interface TestResult {
  readonly test: string
  readonly commit: string
  readonly date: string
  /** From start to end. */
  readonly minutes: number
  readonly processes: number
  readonly seeds: readonly number[]
  readonly scale: { readonly variable: string; readonly value: number }
  readonly node: string
  readonly parts: readonly Part[]
}

/** Adds counts of the same name; of `highest` takes the maximum. */
export function addParts(all: readonly Part[]): Part[] {
  const sums = new Map<string, Part>()
  for (const { name, seconds, counts, highest = {} } of all) {
    const sum: Part = sums.get(name) ?? { name, counts: {}, highest: {} }
    sums.set(name, {
      name,
      ...(seconds !== undefined && { seconds: Math.round((sum.seconds ?? 0) + seconds) }),
      counts: combine(sum.counts, counts, (a, b) => a + b),
      highest: combine(sum.highest ?? {}, highest, Math.max)
    })
  }
  return [...sums.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function combine(
  some: Readonly<Record<string, number>>,
  more: Readonly<Record<string, number>>,
  join: (a: number, b: number) => number
): Record<string, number> {
  const sum: Record<string, number> = { ...some }
  for (const [name, value] of Object.entries(more)) sum[name] = name in sum ? join(sum[name] ?? 0, value) : value
  return sum
}

/** What `recordResults` wrote into this folder. */
export function readParts(folder: string): Part[] {
  return readJsonFiles(folder, (value): value is Part => hasFields(value, ['name', 'counts']))
}

/** The results of all stress tests; other results in the folder have other fields. */
export function readResults(folder: string = resultsFolder): TestResult[] {
  return readJsonFiles(folder, (value): value is TestResult => hasFields(value, ['test', 'parts', 'seeds']))
}

export function writeResult(result: TestResult, folder: string = resultsFolder): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${result.test}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

function readJsonFiles<T>(folder: string, isWanted: (value: unknown) => value is T): T[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return files.map((file): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'))).filter(isWanted)
}

function hasFields(value: unknown, names: readonly string[]): boolean {
  return names.every((name) => name in Object(value))
}

/** Everything of a result but what was found, for a run that begins now. */
export function startRecord(
  fields: Pick<TestResult, 'test' | 'processes' | 'scale'>,
  sources: readonly string[]
): (seeds: readonly number[], parts: readonly Part[]) => TestResult {
  const begun = { commit: commitOf(root, sources), date: new Date().toISOString().slice(0, 10), node: process.version }
  const start = performance.now()
  return (seeds, parts) => ({
    ...{ ...fields, ...begun, seeds, parts },
    minutes: Math.round((performance.now() - start) / 6_000) / 10
  })
}
