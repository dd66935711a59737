import { basename } from 'node:path'

const mostOthers = 200

/** The file that a test stands in. */
export function fileOf(id: string): string {
  const end = id.indexOf(' > ')
  return end < 0 ? id : id.slice(0, end)
}

/** Whether the tests of `file` are named after the source at `path`: `crypto.test.ts` after `crypto-node.ts`. */
export function isNamedAfter(file: string, path: string): boolean {
  return basename(path, '.ts').startsWith(basename(file, '.test.ts'))
}

/** Files, or tests, without the thorough ones of other sources; unless nothing else reaches the mutant. */
export function withoutThorough(ids: readonly string[], source: string, thorough: readonly string[]): string[] {
  const fitting = ids.filter((id) => isNamedAfter(fileOf(id), source) || !thorough.includes(fileOf(id)))
  return fitting.length > 0 ? fitting : [...ids]
}

/**
 * All tests named after the source, and of the others as many as are worth their time, a few from each file: what
 * hundreds of tests run through, the first dozens show. At worst a mutant that one more test would see survives.
 */
export function withoutMany(ids: readonly string[], source: string): string[] {
  const own = ids.filter((id) => isNamedAfter(fileOf(id), source))
  const places = new Map<string, number>()
  const others = ids
    .filter((id) => !isNamedAfter(fileOf(id), source))
    .map((id) => {
      const place = (places.get(fileOf(id)) ?? 0) + 1
      places.set(fileOf(id), place)
      return { id, place }
    })
  const first = others.toSorted((a, b) => a.place - b.place).slice(0, mostOthers)
  return [...own, ...first.map(({ id }) => id)]
}
