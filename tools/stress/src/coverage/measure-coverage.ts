import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Part, root, startRecord, writeResult } from '../results/result-file.ts'
import { writePages } from '../results/results-page.ts'
import { type Unreached, unreached } from './unreached.ts'

// `npm run coverage`: the tests of core alone, the stress tests in a very short form. What they do not reach must be explained.

interface Location {
  readonly start: { readonly line: number }
}

interface FileCoverage {
  readonly statementMap: Readonly<Record<string, Location>>
  readonly branchMap: Readonly<
    Record<string, { readonly loc: Location; readonly locations: readonly Partial<Location>[] }>
  >
  readonly s: Readonly<Record<string, number>>
  readonly b: Readonly<Record<string, readonly number[]>>
}

type Totals = Readonly<
  Record<'lines' | 'statements' | 'branches', { readonly total: number; readonly covered: number }>
>

const schedules = 300
const folder = mkdtempSync(join(tmpdir(), 'kvsession-coverage-'))
try {
  const scale = { variable: 'KVSESSION_SCHEDULES', value: schedules }
  const record = startRecord({ test: 'coverage', processes: 1, scale }, ['packages/core'])
  runTests()
  const missing = Object.entries(readReport<FileCoverage>('coverage-final.json')).flatMap(findMissing)
  explain(missing)
  const { total } = readReport<Totals>('coverage-summary.json')
  if (total === undefined) throw new TypeError('the report has no total')
  writeResult(record([1], [partOf(total)]))
  writePages()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function runTests(): void {
  const args = ['run', 'packages/core', '--coverage', '--coverage.include=packages/core/src/**']
  const reports = [
    '--coverage.reporter=json',
    '--coverage.reporter=json-summary',
    `--coverage.reportsDirectory=${folder}`
  ]
  const env = { ...process.env, KVSESSION_SCHEDULES: `${schedules}`, KVSESSION_FUZZ: '20000', KVSESSION_TOKENS: '1' }
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status } = spawnSync(process.execPath, [vitest, ...args, ...reports], { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) throw new Error('a test of core fails')
}

/** A report of vitest: an entry for each file. */
function readReport<T>(name: string): Readonly<Record<string, T>> {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'))
}

/** `file: source line` for each statement and each branch that was not reached. */
function findMissing([path, { s, b, statementMap, branchMap }]: readonly [string, FileCoverage]): string[] {
  const source = readFileSync(path, 'utf8').split('\n')
  const show = (line = 0): string => `${basename(path)}: ${source[line - 1]?.trim() ?? ''}`
  const statements = Object.entries(s)
    .filter(([, count]) => count === 0)
    .map(([key]) => show(statementMap[key]?.start.line))
  const branches = Object.entries(b).flatMap(([key, counts]) =>
    counts.flatMap((count, index) => {
      const { locations = [], loc } = branchMap[key] ?? {}
      return count > 0 ? [] : [show(locations[index]?.start?.line ?? loc?.start.line)]
    })
  )
  return [...statements, ...branches]
}

/** @throws Error when something is not reached and not explained, or the other way round */
function explain(missing: readonly string[]): void {
  const explains = ({ file, part }: Unreached, line: string): boolean =>
    line.startsWith(`${file}: `) && line.includes(part)
  const unexplained = missing.filter((line) => !unreached.some((one) => explains(one, line)))
  const outdated = unreached.filter((one) => !missing.some((line) => explains(one, line)))
  if (unexplained.length === 0 && outdated.length === 0) return
  const old = outdated.map(({ file, part }) => `${file}: ${part}`)
  throw new Error(
    `not reached, and not explained:\n${unexplained.join('\n')}\nexplained, and reached or gone:\n${old.join('\n')}`
  )
}

function partOf(totals: Totals): Part {
  const kinds = ['lines', 'statements', 'branches'] as const
  const counts = kinds.flatMap((kind) => [
    [kind, totals[kind].total],
    [`${kind} reached`, totals[kind].covered]
  ])
  return { name: 'core', counts: { ...Object.fromEntries(counts), 'not reached and not explained': 0 } }
}
