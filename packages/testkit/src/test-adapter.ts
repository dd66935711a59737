import { type AdapterCaseOptions, adapterCases } from './adapter-cases/adapter-cases.ts'

export interface AdapterTestOptions extends AdapterCaseOptions {
  /** The runner's `describe`: vitest, jest, mocha, node:test, bun:test. */
  describe(name: string, register: () => void): unknown
  /** The runner's `it`. The timeout is for runners that take one as third argument. */
  it(name: string, run: () => Promise<void>, timeout: number): unknown
  /** Title of the suite; default `session adapter`. */
  name?: string
}

/**
 * Registers the conformance suite of adapters with a test runner: an application on a real socket per test, spoken to
 * over HTTP. One test per sentence that a session middleware must keep.
 */
export function testAdapter(options: AdapterTestOptions): void {
  const { describe, it, caseTimeout = 20_000 } = options
  const cases = adapterCases(options)
  describe(options.name ?? 'session adapter', () => {
    for (const group of new Set(cases.map((adapterCase) => adapterCase.group))) {
      describe(group, () => {
        for (const { name, run } of cases.filter((adapterCase) => adapterCase.group === group)) {
          // The case and its teardown have our limit each; ours says more than the runner's, which only has to be later.
          it(name, run, 2 * caseTimeout + 1_000)
        }
      })
    }
  })
}
