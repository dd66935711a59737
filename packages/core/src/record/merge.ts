import type { ConflictHandler } from '../session-manager-options.ts'

export type Fields = Record<string, unknown>

/** The result of a three-way merge: `data`, and the keys that both sides had changed to different values. */
export interface Merge {
  readonly data: Fields
  readonly conflicts: readonly string[]
}

/**
 * Merges two changes of one base by top-level key: changed here, changed there, or decided by `onConflict` (default:
 * ours). A deleted key is a change too. Never merges below the top level, where nobody can know what belongs together.
 */
export function merge(
  base: Fields,
  mine: Fields,
  theirs: Fields,
  textOf: (value: unknown) => string,
  onConflict: ConflictHandler | undefined
): Merge {
  const data: Fields = {}
  const conflicts: string[] = []
  // What is identical needs no text: merging 64 numbers takes 16 µs, not 26.
  const differ = (one: unknown, other: unknown): boolean =>
    !Object.is(one, other) && (one === undefined || other === undefined || textOf(one) !== textOf(other))
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine), ...Object.keys(base)])) {
    const was = field(base, key)
    const here = field(mine, key)
    const there = field(theirs, key)
    const changed = differ(was, here)
    let value = changed ? here : there
    if (changed && differ(there, was) && differ(there, here)) {
      conflicts.push(key)
      if (onConflict) value = onConflict({ key, base: was, mine: here, theirs: there })
    }
    if (value !== undefined) setField(data, key, value)
  }
  return { data, conflicts }
}

/** Makes `target` hold exactly the fields of `source`, in its order, keeping its own values where `same` says so. */
export function replaceFields(target: Fields, source: Fields, same: (key: string) => boolean): void {
  const next = Object.keys(source).map((key): [string, unknown] => [key, field(same(key) ? target : source, key)])
  for (const key of Object.keys(target)) delete target[key]
  for (const [key, value] of next) setField(target, key, value)
}

/** An own field: a key such as `__proto__` is data, never the prototype. */
export function field(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined
}

export function setField(fields: Fields, key: string, value: unknown): void {
  Object.defineProperty(fields, key, { value, writable: true, enumerable: true, configurable: true })
}
