import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { countLine, describeSlowest, isTestReport, reportPath, sumReports, type TestReport } from './test-report.ts'
import { describeLeftOut, findTestFiles } from './test-suites.ts'
import { readManifest } from './workspace.ts'

/** Concurrent packages. Each starts one worker per core, but most have only a few test files. */
const concurrency = 2

/** `npm test`: the unit tests of all workspaces, including cached ones, with one total count. */
function runTests(root: string, args: readonly string[]): void {
  const { workspaces } = readManifest(join(root, 'package.json'))
  const reports = [workspaces].flat().map((pattern) => join(String(pattern), reportPath))
  for (const file of globSync(reports, { cwd: root })) rmSync(join(root, file))
  // The template has no reporter of ours, and check-tarballs runs its tests.
  const scope = ['--filter=!example-custom-store', '--continue=always', `--concurrency=${concurrency}`]
  const options = [...scope, '--output-logs=new-only', ...args]
  const { status, error } = spawnSync('turbo', ['run', 'test', ...options], { cwd: root, stdio: 'inherit' })
  if (error !== undefined) throw error

  const total = sumReports(globSync(reports, { cwd: root }).map((file) => readReport(join(root, file))))
  const lines = [
    ...describeSlowest(total.files),
    ...total.notRun,
    ...total.failures.map((failure) => `FAILED: ${failure}`),
    ...describeLeftOut(findTestFiles(root), ['unit'])
  ]
  for (const line of lines) console.log(line)
  // A run without a report counts as one failed test.
  const failed = status === 0 ? total.failed : Math.max(1, total.failed)
  console.log(countLine({ ...total, failed }))
  if (failed > 0) process.exitCode = 1
}

function readReport(file: string): TestReport {
  const report: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isTestReport(report)) throw new TypeError(`${file} is not a test report`)
  return report
}

if (process.argv[1] === import.meta.filename) runTests(process.cwd(), process.argv.slice(2))
