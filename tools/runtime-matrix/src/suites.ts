import { globSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readEntries, readList } from './entry-list.ts'

export type SuiteName = 'core' | 'fetch' | 'hono' | 'express' | 'koa'

interface LeftOut {
  /** A test file, or a folder of them with its slash. */
  readonly path: string
  readonly why: string
  /** The runtimes that leave it out; default all. */
  readonly on?: readonly string[]
}

/** Files that do not run on the portable runner, each with the reason: it … */
export const leftOut: readonly LeftOut[] = readEntries(readList(import.meta.dirname, 'left-out.md')).map(
  ({ heading: why, code: [path = '', ...on] }) => (on.length === 0 ? { path, why } : { path, why, on })
)

/** Tests that fail because a runtime differs from Node. */
export const differences: readonly { readonly runtime: string; readonly test: string; readonly why: string }[] =
  readEntries(readList(import.meta.dirname, 'differences.md')).map(
    ({ heading: why, code: [runtime = '', test = ''] }) => ({ runtime, test, why })
  )

/** The test files of a suite on a runtime, from the root of the repository. */
export function filesOf(root: string, suite: SuiteName, runtime: string): string[] {
  const out = leftOut.filter(({ on }) => on?.includes(runtime) ?? true)
  return globSync(join(root, `packages/${suite}/test/**/*.test.ts`))
    .map((file) => relative(root, file))
    .filter((file) => !out.some(({ path }) => file.startsWith(path)))
    .sort()
}
