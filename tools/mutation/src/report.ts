import type { Explanation } from './entries.ts'
import type { Counts, Reason } from './figures.ts'

interface Mutant {
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
  readonly testsCompleted?: number
  readonly location: { readonly start: { readonly line: number } }
}

/** The part of Stryker's report that is read here. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>
}

/** A mutant that no test detected. */
export interface Survivor {
  readonly file: string
  readonly line: number
  readonly code: string
  readonly becomes: string
  readonly mutator: string
}

/** @param paths limits the report to these files. Default: all. */
export function readReport(json: string, paths: readonly string[] = []): Report {
  const value: unknown = JSON.parse(json)
  if (isReport(value)) {
    const files = Object.entries(value.files).filter(([path]) => paths.length === 0 || paths.includes(path))
    return { files: Object.fromEntries(files) }
  }
  throw new TypeError('the report of Stryker has an unknown format')
}

function isReport(value: unknown): value is Report {
  const files: unknown = Object(value).files
  return typeof files === 'object' && Object.values(Object(files)).every((file) => Array.isArray(Object(file).mutants))
}

/** Does not count mutants that end the test run itself: `tsc` or the first run of the code detects them. */
export function countMutants(mutants: readonly Mutant[]): Counts {
  const withStatus = (...all: string[]): number => mutants.filter(({ status }) => all.includes(status)).length
  const [killed, timedOut] = [withStatus('Killed'), withStatus('Timeout')]
  const survived = withStatus('Survived', 'NoCoverage')
  return { mutants: killed + timedOut + survived, killed, timedOut, survived }
}

/** @throws Error if a mutant survived a run without tests, which proves nothing. */
export function findSurvivors({ files }: Report): Survivor[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ mutatorName, replacement = '', status, testsCompleted, location: { start } }) => {
        const code = lines[start.line - 1]?.trim() ?? ''
        if (status === 'Survived' && testsCompleted === 0) throw new Error(`${file}:${start.line}: no test ran`)
        return { file, line: start.line, code, becomes: replacement.replaceAll(/\s+/g, ' '), mutator: mutatorName }
      })
  })
}

export interface Verdict {
  readonly unexplained: readonly Survivor[]
  /** Explanations, or parts of them, without a survivor: `file: part: becomes`. */
  readonly stale: readonly string[]
  readonly explained: readonly { readonly file: string; readonly why: string }[]
}

/** Compares the survivors of `files` with the explanations for these files. */
export function judge(
  survivors: readonly Survivor[],
  explanations: readonly Explanation[],
  files: readonly string[]
): Verdict {
  const seen = new Set<string>()
  const explained: { readonly file: string; readonly why: string }[] = []
  const unexplained = survivors.filter((survivor) => {
    for (const one of explanations) {
      const becomes = one.becomes.find((wanted) => isThis(survivor, one, wanted))
      if (becomes === undefined) continue
      explained.push({ file: survivor.file, why: one.why })
      seen.add(keyOf(one, becomes))
      return false
    }
    return true
  })
  const stale = explanations
    .filter(({ file }) => files.includes(file))
    .flatMap((one) => one.becomes.map((becomes) => keyOf(one, becomes)))
    .filter((key) => !seen.has(key))
  return { unexplained, stale, explained }
}

function isThis({ file, code, becomes }: Survivor, { file: of, part }: Explanation, wanted: string): boolean {
  if (file !== of || !code.includes(part)) return false
  return wanted.endsWith('…') ? becomes.startsWith(wanted.slice(0, -1)) : becomes === wanted
}

function keyOf({ file, part }: Explanation, becomes: string): string {
  return `${file}: ${part}: ${becomes}`
}

/** How many survivors each reason explains, the most frequent first. */
export function countReasons(all: readonly { readonly why: string }[]): Reason[] {
  const counts = new Map<string, number>()
  for (const { why } of all) counts.set(why, (counts.get(why) ?? 0) + 1)
  return [...counts].map(([why, mutants]) => ({ why, mutants })).sort((a, b) => b.mutants - a.mutants)
}
