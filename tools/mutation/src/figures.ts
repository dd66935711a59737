import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The results of the mutants of one file. */
export interface Counts {
  readonly mutants: number
  readonly killed: number
  /** A mutant that makes a test hang is detected, too. */
  readonly timedOut: number
  readonly survived: number
}

/** The last run of a file. */
export interface FileFigures extends Counts {
  readonly path: string
  /** The commit whose source was mutated. */
  readonly commit: string
  /** How many survivors each reason explains. */
  readonly reasons: readonly Reason[]
}

export interface Reason {
  readonly why: string
  readonly mutants: number
}

export interface ScopeFigures {
  readonly scope: string
  /** The least share of detected mutants, in percent. */
  readonly target: number
  readonly date: string
  readonly node: string
  readonly files: readonly FileFigures[]
}

/** Replaces the figures of the same files, and drops those of files that no longer exist. */
export function recordScope(file: string, run: ScopeFigures, exists: (path: string) => boolean): void {
  const before = readScopes(file)
  const known = before.find(({ scope }) => scope === run.scope)?.files ?? []
  const kept = known.filter(({ path }) => exists(path) && !run.files.some((one) => one.path === path))
  const figures = { ...run, files: [...kept, ...run.files].sort((a, b) => (a.path < b.path ? -1 : 1)) }
  const others = before.filter(({ scope }) => scope !== run.scope)
  const scopes = [...others, figures].sort((a, b) => (a.scope < b.scope ? -1 : 1))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ scopes }, null, 2)}\n`)
}

/** Returns the figures of every scope, none if the file does not exist. */
export function readScopes(file: string): readonly ScopeFigures[] {
  if (!existsSync(file)) return []
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (isFigures(value)) return value.scopes
  throw new TypeError('the figures of mutation testing have an unknown format')
}

function isFigures(value: unknown): value is { readonly scopes: readonly ScopeFigures[] } {
  const scopes: unknown = Object(value).scopes
  return Array.isArray(scopes) && scopes.every((one) => Array.isArray(Object(one).files))
}

export function addCounts(all: readonly Counts[]): Counts {
  const sum = (field: keyof Counts): number => all.reduce((total, one) => total + one[field], 0)
  return { mutants: sum('mutants'), killed: sum('killed'), timedOut: sum('timedOut'), survived: sum('survived') }
}

/** The share of mutants that a test detects, in percent. */
export function scoreOf({ mutants, killed, timedOut }: Counts): number {
  return mutants === 0 ? 100 : (100 * (killed + timedOut)) / mutants
}
