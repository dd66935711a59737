import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addCounts, recordScope, scoreOf } from './figures.ts'
import { countMutants, countReasons, findSurvivors, judge, readReport } from './report.ts'
import { type Scope, scopes } from './scopes.ts'
import { explained } from './survivors.ts'
import { lastCopy, prepareCopy, root, type WorkingCopy } from './working-copy.ts'

// `npm run mutate -- core`, `npm run mutate -- core packages/core/src/token/token.ts`: breaks the last commit in a clone of it,
// tells which mutants no test sees, and fails when one of them is not explained.

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: 'string', default: '2' },
    anew: { type: 'boolean', default: false },
    judge: { type: 'boolean', default: false }
  }
})
const [name, ...paths] = positionals
const place = join(root, 'tools/stress/results/mutation.json')
const chosen = scopes.filter((scope) => name === undefined || scope.name === name)
if (chosen.length === 0)
  throw new Error(`usage: npm run mutate -- [${scopes.map((scope) => scope.name).join(' | ')}] [files]`)

const copy = values.judge ? lastCopy() : prepareCopy()
const failed = chosen.filter((scope) => {
  if (!values.judge) mutate(scope, copy)
  return !tell(scope, copy)
})
if (failed.length > 0) throw new Error(`see above: ${failed.map((scope) => scope.name).join(', ')}`)

function reportOf({ name: scope }: Scope, folder: string): string {
  return join(folder, `reports/${scope}.json`)
}

/** Leaves its report in the clone. */
function mutate(scope: Scope, { folder }: WorkingCopy): void {
  const reports = join(folder, 'reports')
  // A run that is interrupted would say of mutants that it was about to try again that they survived it.
  const known = join(reports, `${scope.name}.known.json`)
  const next = join(reports, `${scope.name}.next.json`)
  const options = {
    testRunner: 'bundle',
    plugins: ['./tools/mutation/src/bundle-runner.ts'],
    // In a sandbox the links of the workspaces lead out of it again.
    inPlace: true,
    // Project references are more than it can read; it has nothing to rewrite in one that is not there.
    tsconfigFile: 'none.json',
    mutate: paths.length === 0 ? scope.sources : paths,
    coverageAnalysis: 'perTest',
    incremental: true,
    incrementalFile: next,
    force: values.anew,
    concurrency: Number(values.processes),
    // The runner sees by itself when a test waits in vain; this is for a loop that does not end.
    timeoutMS: 30_000,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: reportOf(scope, folder) }
  }
  mkdirSync(reports, { recursive: true })
  if (existsSync(known)) copyFileSync(known, next)
  const optionsFile = join(reports, `${scope.name}.options.json`)
  writeFileSync(optionsFile, JSON.stringify(options))
  const stryker = join(folder, 'node_modules/@stryker-mutator/core/bin/stryker.js')
  const env = { ...process.env, KVSESSION_MUTATION_SCOPE: scope.name, KVSESSION_MODEL_RUNS: '20' }
  const { status } = spawnSync(process.execPath, [stryker, 'run', optionsFile], { cwd: folder, env, stdio: 'inherit' })
  if (status !== 0) throw new Error('Stryker has not come to its end')
  copyFileSync(next, known)
}

/** Says what is not explained, and records the figures. */
function tell(chosenScope: Scope, { folder, commit }: WorkingCopy): boolean {
  const { name: scope, target } = chosenScope
  // It holds what earlier runs know of other files, too.
  const report = readReport(readFileSync(reportOf(chosenScope, folder), 'utf8'), paths)
  const { unexplained, stale, explained: known } = judge(findSurvivors(report), explained, Object.keys(report.files))
  for (const { file: where, line, text, mutator, becomes } of unexplained)
    console.log(`${where}:${line} ${mutator}\n  - ${text}\n  + ${becomes}`)
  for (const key of stale) console.log(`explained, but no survivor: ${key}`)
  const files = Object.entries(report.files).map(([path, { mutants }]) => {
    const reasons = countReasons(known.filter((one) => one.file === path))
    return { path, commit, ...countMutants(mutants), reasons }
  })
  const [date, node] = [new Date().toISOString().slice(0, 10), process.version]
  recordScope(place, { scope, target, date, node, files }, (path) => existsSync(join(root, path)))
  const score = scoreOf(addCounts(files))
  console.log(`${scope}: tests see ${score.toFixed(2)} % of the mutants; ${unexplained.length} are not explained`)
  return unexplained.length === 0 && stale.length === 0 && score >= target
}
