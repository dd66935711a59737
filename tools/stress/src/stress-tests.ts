import list from '../stress-tests.json' with { type: 'json' }

/** A test file in its long form; it records its results by itself. */
export interface StressTest {
  readonly name: string
  /** What it shows, one sentence. */
  readonly claim: string
  /** The counts of the summary: what was tried, then what was found. */
  readonly headline: readonly string[]
  /** Test files, relative to the root; each runs in a process of its own. */
  readonly files: readonly string[]
  /** The environment variable that says how much one process does, and its value in the long form. */
  readonly scale: { readonly variable: string; readonly long: number }
  /** How many seeds the long form takes, each in a process of its own. */
  readonly seeds: number
  /** The sources under test: the result names their commit. */
  readonly sources: readonly string[]
}

export const stressTests: readonly StressTest[] = list
