import type { Reporter, TestCase, TestModule } from 'vitest/node'

export interface TestCount {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** `3 passed, 1 failed` or `3 passed, 1 failed, 2 skipped`: the last line of every run, read by people and by CI. */
export function countLine({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * Ends the run with one line that counts it, and names what did not run. With `KVSESSION_REQUIRE_ENGINES=1`, as CI
 * sets it, a skipped test is a failed one: an engine that is missing proves nothing.
 *
 * @param leftOut says which suites did not run; it gets the names of those that were asked for, none for all.
 */
export function createCountReporter(
  print: (line: string) => void = console.log,
  requireEngines: boolean = process.env.KVSESSION_REQUIRE_ENGINES === '1',
  leftOut: (chosenSuites: readonly string[]) => readonly string[] = () => []
): Reporter {
  let filtered = false
  let chosenSuites: readonly string[] = []
  return {
    onInit(vitest) {
      filtered = vitest.config.testNamePattern !== undefined
      chosenSuites = vitest.config.project
    },
    onTestRunEnd(testModules, unhandledErrors) {
      const cases = testModules.flatMap((module) => [...module.children.allTests()])
      const skippedCases = cases.filter((test) => test.result().state === 'skipped')
      const passed = cases.filter((test) => test.result().state === 'passed').length
      // A file that does not load has no tests to fail, and an error outside of a test belongs to none.
      const broken = testModules.filter((module) => module.state() === 'failed' && !hasFailedTest(module)).length
      const failed = cases.length - passed - skippedCases.length + broken + unhandledErrors.length

      const refused = requireEngines && skippedCases.length > 0
      if (!filtered || refused) for (const line of describeSkipped(skippedCases)) print(line)
      for (const line of leftOut(chosenSuites)) print(line)
      if (refused) {
        print('Skipped tests count as failed here: KVSESSION_REQUIRE_ENGINES is 1.')
        process.exitCode = 1
        print(countLine({ passed, failed: failed + skippedCases.length, skipped: 0 }))
      } else print(countLine({ passed, failed, skipped: skippedCases.length }))
    }
  }
}

function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests('failed')].length > 0
}

/** One line for each suite, so that a missing engine is seen and not scrolled past. */
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
