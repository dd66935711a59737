import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { resultsFolder } from './result-file.ts'
import { table } from './table.ts'

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
  const rows = runtimes.map((run) => [
    run.name,
    run.version,
    ...names.map((name) => cell(run, name)),
    `\`${run.commit}\`, ${run.date}`
  ])
  const without = leftOut.map(({ path, why, on }) => [`\`${path}\``, on?.join(', ') ?? 'any', why])
  const unlike = differences.map(({ test, runtime, why }) => [test, runtime, why])
  return [
    'None failed.',
    table(['', 'version', ...names, 'commit'], 'l'.repeat(names.length + 3), rows),
    table(['does not run', 'on', 'because it'], 'lll', without),
    table(['unlike Node', 'on', 'why'], 'lll', unlike)
  ].join('\n\n')
}

export function readMatrix(): MatrixResult | undefined {
  const file = join(resultsFolder, 'matrix.json')
  if (!existsSync(file)) return undefined
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (isMatrix(value)) return value
  throw new TypeError('the file of the matrix holds something else')
}

function isMatrix(value: unknown): value is MatrixResult {
  const fields = Object(value)
  return Array.isArray(fields.runtimes) && Array.isArray(fields.leftOut) && Array.isArray(fields.differences)
}
