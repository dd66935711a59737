import { basename } from 'node:path'

const mostOthers = 200

/** The file of a test. */
export function fileOf(id: string): string {
  const end = id.indexOf(' > ')
  return end < 0 ? id : id.slice(0, end)
}

/** Whether a test file is named after the source at `path`, as `crypto.test.ts` after `crypto-node.ts`. */
export function isNamedAfter(file: string, path: string): boolean {
  return basename(path, '.ts').startsWith(basename(file, '.test.ts'))
}

/** Removes the thorough tests, or test files, of other sources, unless no other test reaches the mutant. */
export function withoutThorough(ids: readonly string[], source: string, thorough: readonly string[]): string[] {
  const fitting = ids.filter((id) => isNamedAfter(fileOf(id), source) || !thorough.includes(fileOf(id)))
  return fitting.length > 0 ? fitting : [...ids]
}

/**
 * All tests named after the source, and at most 200 of the others, a few from each file: the first dozens of hundreds of
 * tests detect nearly every mutant. At worst a mutant survives that one more test would detect.
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
