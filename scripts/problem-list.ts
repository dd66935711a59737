import type { Problem } from './problem.ts'
import type { Workspace } from './workspace.ts'

export interface ProblemList {
  readonly found: Problem[]
  expect(holds: boolean, what: string): void
  /** Compares fields of a manifest. A script is named `scripts.<name>`. */
  expectFields(workspace: Workspace, fields: Readonly<Record<string, unknown>>): void
}

/** Collects the problems of one manifest. */
export function problemList(where: string): ProblemList {
  const found: Problem[] = []
  const expect = (holds: boolean, what: string): void => void (holds || found.push({ where, what }))
  return {
    found,
    expect,
    expectFields({ manifest }, fields) {
      for (const [field, wanted] of Object.entries(fields)) {
        const script = /^scripts\.(.*)$/.exec(field)?.[1]
        const should = JSON.stringify(wanted)
        const has = JSON.stringify(script === undefined ? manifest[field] : manifest.scripts?.[script])
        expect(has === should, `${field} must be ${should ?? 'left out'}`)
      }
    }
  }
}
