import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commitOf } from 'test-servers/commit'
import { runtimes } from './runtime.ts'
import { differences, leftOut } from './suites.ts'

export interface SuiteRun {
  readonly suite: string
  readonly passed: number
  /** Tests that fail because the runtime differs from Node. */
  readonly differ: number
}

/** The last run of a runtime on which no test has failed. */
export interface RuntimeRun {
  readonly name: string
  readonly version: string
  readonly commit: string
  readonly date: string
  readonly suites: readonly SuiteRun[]
}

export interface Matrix {
  readonly runtimes: readonly RuntimeRun[]
  readonly leftOut: typeof leftOut
  readonly differences: typeof differences
}

const root = join(import.meta.dirname, '../../..')
const file = join(root, 'tools/stress/results/matrix.json')

/** Returns `undefined` if no run was recorded. */
export function readMatrix(): Matrix | undefined {
  if (!existsSync(file)) return undefined
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (isMatrix(value)) return value
  throw new TypeError('the file of the matrix holds something else')
}

function isMatrix(value: unknown): value is Matrix {
  const fields = Object(value)
  return Array.isArray(fields.runtimes) && Array.isArray(fields.leftOut) && Array.isArray(fields.differences)
}

/** Replaces the evidence of a runtime by its last run, and writes the page. */
export function keepRun(name: string, version: string, suites: readonly SuiteRun[]): void {
  const others = readMatrix()?.runtimes.filter((one) => one.name !== name) ?? []
  const run = {
    name,
    version,
    commit: commitOf(root, ['packages']),
    date: new Date().toISOString().slice(0, 10),
    suites
  }
  const order = runtimes.map((runtime) => runtime.name)
  const all = [...others, run].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  writeFileSync(file, `${JSON.stringify({ runtimes: all, leftOut, differences }, null, 2)}\n`)
  execFileSync(process.execPath, [join(root, 'tools/stress/src/results/results-page.ts')])
}
