import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { evidenceFolder } from './results.ts'

/** What `npm run matrix` writes down when no test has failed. */
export interface MatrixResult {
  readonly commit: string
  readonly date: string
  readonly suites: readonly SuiteRun[]
  readonly leftOut: readonly { readonly path: string; readonly why: string; readonly on?: readonly string[] }[]
  readonly differences: readonly { readonly runtime: string; readonly test: string; readonly why: string }[]
}

interface SuiteRun {
  readonly runtime: string
  readonly version: string
  readonly suite: string
  readonly passed: number
  readonly differ: number
}

const claim =
  'The suites of core and of the adapters pass on every runtime that the packages promise to work on, each from the same test files.'

export function renderMatrix(result: MatrixResult | undefined): string {
  const found = result ? renderRun(result) : 'No run was recorded yet.'
  return `## matrix\n\n${claim}\n\n${found}\n\nAgain: \`npm run matrix\`.\n`
}

/** A row for each runtime, a column for each suite. */
function renderRun({ commit, date, suites, leftOut, differences }: MatrixResult): string {
  const names = [...new Set(suites.map(({ suite }) => suite))]
  const runtimes = [...new Set(suites.map(({ runtime }) => runtime))]
  const cell = (runtime: string, name: string): string => {
    const run = suites.find((one) => one.runtime === runtime && one.suite === name)
    if (!run) return '–'
    return `${run.passed} passed${run.differ === 0 ? '' : `, ${run.differ} unlike Node`}`
  }
  const rows = runtimes.map((runtime) => {
    const version = suites.find((one) => one.runtime === runtime)?.version ?? ''
    return `| ${runtime} | ${version} | ${names.map((name) => cell(runtime, name)).join(' | ')} |`
  })
  const table = [`| | version | ${names.join(' | ')} |`, `|---|---|${names.map(() => '---|').join('')}`, ...rows]
  const facts = `Commit \`${commit}\`, ${date}. Failed: 0.`
  const without = ['| does not run | on | because it |', '|---|---|---|']
  for (const { path, why, on } of leftOut) without.push(`| \`${path}\` | ${on?.join(', ') ?? 'any'} | ${why} |`)
  const unlike = ['| unlike Node | on | why |', '|---|---|---|']
  for (const { test, runtime, why } of differences) unlike.push(`| ${test} | ${runtime} | ${why} |`)
  return [facts, table.join('\n'), without.join('\n'), unlike.join('\n')].join('\n\n')
}

export const matrixFile = 'matrix.json'

export function readMatrix(): MatrixResult | undefined {
  const file = join(evidenceFolder, matrixFile)
  if (!existsSync(file)) return undefined
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (isMatrix(value)) return value
  throw new TypeError('the file of the matrix holds something else')
}

function isMatrix(value: unknown): value is MatrixResult {
  const fields = Object(value)
  return typeof fields.commit === 'string' && Array.isArray(fields.suites) && Array.isArray(fields.leftOut)
}
