export interface TestCount {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface FileTime {
  readonly file: string
  readonly seconds: number
}

/** The report of one run of vitest. `npm test` adds up the reports of all workspaces, including cached ones. */
export interface TestReport extends TestCount {
  /** Tests that failed, by file and title. */
  readonly failures: readonly string[]
  /** Suites that were skipped, and why. */
  readonly notRun: readonly string[]
  readonly files: readonly FileTime[]
}

/** Below the folder of a workspace. turbo stores it with the task and restores it from its cache. */
export const reportPath = '.turbo/test-report.json'

const shownFiles = 15

/** `3 passed, 1 failed` or `3 passed, 1 failed, 2 skipped`: the last line of every run, read by people and by CI. */
export function countLine({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

export function sumReports(reports: readonly TestReport[]): TestReport {
  const sum = (field: keyof TestCount): number => reports.reduce((total, report) => total + report[field], 0)
  return {
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    failures: reports.flatMap(({ failures }) => failures),
    notRun: reports.flatMap(({ notRun }) => notRun),
    files: reports.flatMap(({ files }) => files)
  }
}

/** The slowest files, slowest first; empty if only a few files ran. */
export function describeSlowest(files: readonly FileTime[]): string[] {
  if (files.length <= shownFiles) return []
  const slowest = [...files].sort((one, other) => other.seconds - one.seconds).slice(0, shownFiles)
  return ['Slowest files:', ...slowest.map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`)]
}

export function isTestReport(value: unknown): value is TestReport {
  return typeof value === 'object' && value !== null && 'passed' in value && 'files' in value
}
