import type { ConflictHandler } from './session-manager-options.ts'

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
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine), ...Object.keys(base)])) {
    const was = fieldText(base, key, textOf)
    const here = fieldText(mine, key, textOf)
    const there = fieldText(theirs, key, textOf)
    let value = here === was ? field(theirs, key) : field(mine, key)
    if (here !== was && there !== was && here !== there) {
      conflicts.push(key)
      if (onConflict) value = onConflict({ key, base: field(base, key), mine: value, theirs: field(theirs, key) })
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

function fieldText(fields: Fields, key: string, textOf: (value: unknown) => string): string | undefined {
  const value = field(fields, key)
  return value === undefined ? undefined : textOf(value)
}
