import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readExplanations, readSeededMutants } from './entries.ts'
import { addCounts, recordScope, scoreOf } from './figures.ts'
import { countMutants, countReasons, findSurvivors, judge, readReport } from './report.ts'
import { runSeeded } from './run-seeded.ts'
import { type Scope, scopes } from './scopes.ts'
import { lastCopy, prepareCopy, root, strykerFolder, type WorkingCopy } from './working-copy.ts'

// `npm run test:mutation -- core packages/core/src/token/token.ts` mutates the last commit in a clone of it, prints the mutants
// that no test detects, and fails if one of them has no explanation. `-- seeded` runs the seeded mutants of the work tree.

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: 'string', default: '2' },
    anew: { type: 'boolean', default: false },
    judge: { type: 'boolean', default: false }
  }
})
const [name, ...paths] = positionals
const names = ['seeded', ...scopes.map((scope) => scope.name)]
if (name !== undefined && !names.includes(name))
  throw new TypeError(`usage: npm run test:mutation -- [${names.join(' | ')}] [files, or part of a seeded mutant]`)

const failed: string[] = []
if ((name ?? 'seeded') === 'seeded') {
  const [part = ''] = paths
  const mutants = readSeededMutants().filter((mutant) => `${mutant.name} ${mutant.file}`.includes(part))
  if (!(await runSeeded(root, mutants))) failed.push('seeded')
}
const chosen = scopes.filter((scope) => (name ?? scope.name) === scope.name)
if (chosen.length > 0) {
  const copy = values.judge ? lastCopy() : prepareCopy()
  for (const scope of chosen) {
    if (!values.judge) runStryker(scope, copy)
    if (!report(scope, copy)) failed.push(scope.name)
  }
}
if (failed.length > 0) throw new Error(`failed, see above: ${failed.join(', ')}`)

function reportOf({ name: scope }: Scope, folder: string): string {
  return join(folder, `reports/${scope}.json`)
}

/** Leaves its report in the clone. */
function runStryker(scope: Scope, { folder }: WorkingCopy): void {
  const reports = join(folder, 'reports')
  // An interrupted run would record that the mutants it had not yet run survived.
  const known = join(reports, `${scope.name}.known.json`)
  const next = join(reports, `${scope.name}.next.json`)
  const options = {
    testRunner: 'bundle',
    plugins: ['./tools/mutation/src/bundle-runner.ts'],
    // In a sandbox the links of the workspaces would lead out of it.
    inPlace: true,
    // Stryker cannot read project references; it rewrites nothing in a file that does not exist.
    tsconfigFile: 'none.json',
    mutate: paths.length === 0 ? scope.sources : paths,
    coverageAnalysis: 'perTest',
    incremental: true,
    incrementalFile: next,
    force: values.anew,
    concurrency: Number(values.processes),
    // For loops that do not end: the runner itself detects a test that waits in vain.
    timeoutMS: 30_000,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: reportOf(scope, folder) }
  }
  mkdirSync(reports, { recursive: true })
  if (existsSync(known)) copyFileSync(known, next)
  const optionsFile = join(reports, `${scope.name}.options.json`)
  writeFileSync(optionsFile, JSON.stringify(options))
  const stryker = join(folder, strykerFolder, 'node_modules/@stryker-mutator/core/bin/stryker.js')
  const env = { ...process.env, KVSESSION_MUTATION_SCOPE: scope.name, KVSESSION_MODEL_RUNS: '20' }
  const { status } = spawnSync(process.execPath, [stryker, 'run', optionsFile], { cwd: folder, env, stdio: 'inherit' })
  if (status !== 0) throw new Error('Stryker failed')
  copyFileSync(next, known)
}

/** Prints what is not explained and records the figures. Returns whether the scope passes. */
function report(scope: Scope, { folder, commit }: WorkingCopy): boolean {
  // Stryker's report also contains files of earlier runs.
  const { files: found } = readReport(readFileSync(reportOf(scope, folder), 'utf8'), paths)
  const survivors = findSurvivors({ files: found })
  const { unexplained, stale, explained } = judge(survivors, readExplanations(), Object.keys(found))
  for (const { file, line, code, mutator, becomes } of unexplained)
    console.log(`${file}:${line} ${mutator}\n  - ${code}\n  + ${becomes}`)
  for (const key of stale) console.log(`explained, but no survivor: ${key}`)
  const files = Object.entries(found).map(([path, { mutants }]) => {
    const reasons = countReasons(explained.filter(({ file }) => file === path))
    return { path, commit, ...countMutants(mutants), reasons }
  })
  const { target } = scope
  const run = { scope: scope.name, target, date: new Date().toISOString().slice(0, 10), node: process.version, files }
  recordScope(join(root, 'tools/stress/results/mutation.json'), run, (path) => existsSync(join(root, path)))
  const score = scoreOf(addCounts(files))
  console.log(
    `${scope.name}: tests detect ${score.toFixed(2)} % of the mutants; ${unexplained.length} are not explained`
  )
  return unexplained.length === 0 && stale.length === 0 && score >= target
}
