import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { evidenceFolder } from './results.ts'

/** What `npm run test:runtimes` writes down of each runtime on which no test has failed. */
export interface MatrixResult {
  readonly runtimes: readonly RuntimeRun[]
  readonly leftOut: readonly { readonly path: string; readonly why: string; readonly on?: readonly string[] }[]
  readonly differences: readonly { readonly runtime: string; readonly test: string; readonly why: string }[]
}

interface RuntimeRun {
  readonly name: string
  readonly version: string
  readonly commit: string
  readonly date: string
  readonly suites: readonly { readonly suite: string; readonly passed: number; readonly differ: number }[]
}

const claim =
  'The suites of core and of the adapters pass on every runtime that the packages promise to work on, each from the same test files.'

export function renderMatrix(result: MatrixResult | undefined): string {
  const found = result ? renderRun(result) : 'No run was recorded yet.'
  return `## matrix\n\n${claim}\n\n${found}\n\nAgain: \`npm run test:runtimes\`.\n`
}

/** A row for each runtime, a column for each suite. */
function renderRun({ runtimes, leftOut, differences }: MatrixResult): string {
  const names = [...new Set(runtimes.flatMap(({ suites }) => suites.map(({ suite }) => suite)))]
  const cell = ({ suites }: RuntimeRun, name: string): string => {
    const run = suites.find(({ suite }) => suite === name)
    if (!run) return '–'
    return `${run.passed} passed${run.differ === 0 ? '' : `, ${run.differ} unlike Node`}`
  }
  const rows = runtimes.map((run) => {
    const cells = names.map((name) => cell(run, name))
    return `| ${run.name} | ${run.version} | ${cells.join(' | ')} | \`${run.commit}\`, ${run.date} |`
  })
  const columns = names.map(() => '---|').join('')
  const table = [`| | version | ${names.join(' | ')} | commit |`, `|---|---|${columns}---|`, ...rows]
  const without = ['| does not run | on | because it |', '|---|---|---|']
  for (const { path, why, on } of leftOut) without.push(`| \`${path}\` | ${on?.join(', ') ?? 'any'} | ${why} |`)
  const unlike = ['| unlike Node | on | why |', '|---|---|---|']
  for (const { test, runtime, why } of differences) unlike.push(`| ${test} | ${runtime} | ${why} |`)
  return ['None failed.', table.join('\n'), without.join('\n'), unlike.join('\n')].join('\n\n')
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
  return Array.isArray(fields.runtimes) && Array.isArray(fields.leftOut) && Array.isArray(fields.differences)
}
