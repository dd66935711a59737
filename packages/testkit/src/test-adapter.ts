import { type AdapterCaseOptions, adapterCases } from './adapter-cases/adapter-cases.ts'

export interface AdapterTestOptions extends AdapterCaseOptions {
  /** The runner's `describe`: vitest, jest, mocha, node:test, bun:test. */
  describe(name: string, register: () => void): unknown
  /** The runner's `it`. The timeout is for runners that accept it as the third argument. */
  it(name: string, run: () => Promise<void>, timeout: number): unknown
  /** Title of the suite; default `session adapter`. */
  name?: string
}

/**
 * Registers the conformance suite for adapters with a test runner. Each test checks one requirement for session
 * middleware, over HTTP, against an application on a real socket.
 */
export function testAdapter(options: AdapterTestOptions): void {
  const { describe, it, caseTimeout = 20_000 } = options
  const cases = adapterCases(options)
  describe(options.name ?? 'session adapter', () => {
    for (const group of new Set(cases.map((adapterCase) => adapterCase.group))) {
      describe(group, () => {
        for (const { name, run } of cases.filter((adapterCase) => adapterCase.group === group)) {
          // The case and its teardown each have our limit. It reports more than the runner's limit, so it must come first.
          it(name, run, 2 * caseTimeout + 1_000)
        }
      })
    }
  })
}
