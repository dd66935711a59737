/** A violated rule: its place, and what to do. */
export interface Problem {
  /** `path` or `path:line`, relative to the root. */
  readonly where: string
  readonly what: string
}

/** Prints the problems of a check and sets the exit code. The last line is the result. */
export function reportProblems(check: string, problems: readonly Problem[], done: string): void {
  for (const { where, what } of problems) console.error(`${where}\n    ${what.replaceAll('\n', '\n    ')}`)
  if (problems.length > 0) {
    console.error(`${check}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`)
    process.exitCode = 1
  } else console.log(`${check}: ${done}`)
}
