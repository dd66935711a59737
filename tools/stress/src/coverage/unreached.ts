import { join } from 'node:path'
import { readEntries, readList } from 'runtime-matrix/entry-list'

/** Code of core that no test of core reaches, and why that is right. Matched by file and by a part of its line. */
export interface Unreached {
  readonly file: string
  readonly part: string
  readonly why: string
}

export const unreached: readonly Unreached[] = readEntries(
  readList(join(import.meta.dirname, '..'), 'unreached.md')
).map(({ heading, code: [file = '', part = ''] }) => ({ file, part, why: heading }))
