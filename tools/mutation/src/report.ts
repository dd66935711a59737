import type { Explained } from './explanation.ts'
import type { Counts, Reason } from './figures.ts'

interface Mutant {
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
  readonly testsCompleted?: number
  readonly location: { readonly start: { readonly line: number } }
}

/** What Stryker writes, as far as it is read here. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>
}

/** A mutant that every test passed over. */
export interface Survivor {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly becomes: string
  readonly mutator: string
}

/** All of it, or what it says of the files at `paths`. */
export function readReport(text: string, paths: readonly string[] = []): Report {
  const value: unknown = JSON.parse(text)
  if (isReport(value)) {
    const files = Object.entries(value.files).filter(([path]) => paths.length === 0 || paths.includes(path))
    return { files: Object.fromEntries(files) }
  }
  throw new TypeError('the report of Stryker has another form')
}

function isReport(value: unknown): value is Report {
  const files: unknown = Object(value).files
  return typeof files === 'object' && Object.values(Object(files)).every((file) => Array.isArray(Object(file).mutants))
}

/** A mutant that ends the test run itself is none: `tsc` or the first start would have shown it. */
export function countMutants(mutants: readonly Mutant[]): Counts {
  const withStatus = (...all: string[]): number => mutants.filter(({ status }) => all.includes(status)).length
  const [killed, timedOut] = [withStatus('Killed'), withStatus('Timeout')]
  const survived = withStatus('Survived', 'NoCoverage')
  return { mutants: killed + timedOut + survived, killed, timedOut, survived }
}

/** Every survivor; a run in which no test ran at all shows nothing and is no run. */
export function findSurvivors({ files }: Report): Survivor[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ mutatorName, replacement = '', status, testsCompleted, location: { start } }) => {
        const text = lines[start.line - 1]?.trim() ?? ''
        if (status === 'Survived' && testsCompleted === 0) throw new Error(`${file}:${start.line}: no test ran`)
        return { file, line: start.line, text, becomes: replacement.replaceAll(/\s+/g, ' '), mutator: mutatorName }
      })
  })
}

export interface Verdict {
  readonly unexplained: readonly Survivor[]
  /** Explanations, or parts of them, without a survivor: `file: part: becomes`. */
  readonly stale: readonly string[]
  readonly explained: readonly { readonly file: string; readonly why: string }[]
}

/** Holds the survivors of `files` against the explanations of these files. */
export function judge(
  survivors: readonly Survivor[],
  explanations: readonly Explained[],
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

function isThis({ file, text, becomes }: Survivor, { file: of, part }: Explained, wanted: string): boolean {
  if (file !== of || !text.includes(part)) return false
  return wanted.endsWith('…') ? becomes.startsWith(wanted.slice(0, -1)) : becomes === wanted
}

function keyOf({ file, part }: Explained, becomes: string): string {
  return `${file}: ${part}: ${becomes}`
}

/** How often each reason is given, the most frequent first. */
export function countReasons(all: readonly { readonly why: string }[]): Reason[] {
  const counts = new Map<string, number>()
  for (const { why } of all) counts.set(why, (counts.get(why) ?? 0) + 1)
  return [...counts].map(([why, mutants]) => ({ why, mutants })).sort((a, b) => b.mutants - a.mutants)
}
