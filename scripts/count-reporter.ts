import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { countLine, describeSlowest, reportPath, type TestReport } from './test-report.ts'

/** The file of the report when turbo runs the tests of one workspace. */
function reportFileFor({ TURBO_HASH, npm_package_json }: NodeJS.ProcessEnv): string | false {
  if (TURBO_HASH === undefined || npm_package_json === undefined) return false
  return join(dirname(npm_package_json), reportPath)
}

export interface CountReporterOptions {
  readonly print?: (line: string) => void
  /** Whether a skipped test counts as failed. Default: `KVSESSION_REQUIRE_ENGINES` is 1. */
  readonly requireEngines?: boolean
  /** Describes the suites that did not run. It gets the names of the chosen suites, or none for all. */
  readonly leftOut?: (chosenSuites: readonly string[]) => readonly string[]
  /** Path of a report, written instead of the summary that `npm test` prints for all workspaces. Default: as turbo runs it. */
  readonly reportFile?: string | false
}

/**
 * Prints skipped suites, the slowest files and, as the last line, the counts. With `KVSESSION_REQUIRE_ENGINES=1`, as CI
 * sets it, a skipped test counts as failed, because a missing engine proves nothing.
 */
export function createCountReporter({
  print = console.log,
  requireEngines = process.env.KVSESSION_REQUIRE_ENGINES === '1',
  leftOut = () => [],
  reportFile = reportFileFor(process.env)
}: CountReporterOptions = {}): Reporter {
  let filtered = false
  let chosenSuites: readonly string[] = []
  return {
    onInit(vitest) {
      filtered = vitest.config.testNamePattern !== undefined
      chosenSuites = vitest.config.project
    },
    onTestRunEnd(testModules, unhandledErrors) {
      const report = reportOf(testModules, unhandledErrors.length, requireEngines)
      const refused = requireEngines && report.notRun.length > 0
      if (!filtered || refused) for (const line of report.notRun) print(line)
      if (refused) {
        print('Skipped tests count as failed here: KVSESSION_REQUIRE_ENGINES is 1.')
        process.exitCode = 1
      }
      if (reportFile === false) {
        for (const line of [...describeSlowest(report.files), ...leftOut(chosenSuites)]) print(line)
      } else {
        mkdirSync(dirname(reportFile), { recursive: true })
        writeFileSync(reportFile, JSON.stringify(report))
      }
      print(countLine(report))
    }
  }
}

function reportOf(modules: readonly TestModule[], unhandledErrors: number, requireEngines: boolean): TestReport {
  const cases = modules.flatMap((module) => [...module.children.allTests()])
  const skippedCases = cases.filter((test) => test.result().state === 'skipped')
  const passed = cases.filter((test) => test.result().state === 'passed').length
  const failedCases = cases.filter((test) => test.result().state === 'failed')
  // A file that does not load has no tests to fail, and an error outside of a test belongs to none.
  const broken = modules.filter((module) => module.state() === 'failed' && !hasFailedTest(module))
  const failed = cases.length - passed - skippedCases.length + broken.length + unhandledErrors
  return {
    passed,
    failed: requireEngines ? failed + skippedCases.length : failed,
    skipped: requireEngines ? 0 : skippedCases.length,
    failures: [
      ...failedCases.map((test) => `${test.module.relativeModuleId} > ${test.fullName}`),
      ...broken.map((module) => module.relativeModuleId)
    ],
    notRun: describeSkipped(skippedCases),
    files: modules.map((module) => ({ file: module.relativeModuleId, seconds: secondsOf(module) }))
  }
}

function secondsOf(module: TestModule): number {
  const { collectDuration, setupDuration, duration } = module.diagnostic()
  return (collectDuration + setupDuration + duration) / 1000
}

function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests('failed')].length > 0
}

/** One line for each skipped suite, so that readers notice a missing engine. */
function describeSkipped(cases: readonly TestCase[]): string[] {
  const suites = new Map<string, number>()
  for (const test of cases) {
    const suite = test.parent.type === 'suite' ? ` > ${test.parent.fullName}` : ''
    const name = `${test.module.relativeModuleId}${suite}${noteOf(test)}`
    suites.set(name, (suites.get(name) ?? 0) + 1)
  }
  return [...suites].map(([name, count]) => `!! NOT RUN: ${name} (${count} ${count === 1 ? 'test' : 'tests'})`)
}

function noteOf(test: TestCase): string {
  const result = test.result()
  return result.state === 'skipped' && result.note !== undefined ? `: ${result.note}` : ''
}
