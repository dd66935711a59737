import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Figures } from 'test-servers/results'

export const root: string = join(import.meta.dirname, '../../../..')
export const evidenceFolder: string = join(root, 'tools/stress/results')

/** What one part of a campaign counted, over all processes. */
export interface Part {
  readonly name: string
  /** Of processors, over all processes. */
  readonly seconds?: number
  readonly counts: Readonly<Record<string, number>>
  readonly highest?: Readonly<Record<string, number>>
}

/** The last long run of a campaign. */
export interface CampaignResult {
  readonly campaign: string
  readonly commit: string
  readonly date: string
  /** From start to end, on a clock. */
  readonly minutes: number
  readonly processes: number
  readonly seeds: readonly number[]
  readonly scale: { readonly variable: string; readonly value: number }
  readonly node: string
  readonly parts: readonly Part[]
}

export type NamedFigures = Figures & { readonly name: string }

/** Counts of the same name are added; of what is highest the highest counts. */
export function addFigures(all: readonly NamedFigures[]): Part[] {
  const parts = new Map<string, Part>()
  for (const { name, seconds, counts, highest = {} } of all) {
    const sum = parts.get(name) ?? { name, counts: {}, highest: {} }
    parts.set(name, {
      name,
      ...(seconds !== undefined && { seconds: Math.round((sum.seconds ?? 0) + seconds) }),
      counts: combine(sum.counts, counts, (a, b) => a + b),
      highest: combine(sum.highest ?? {}, highest, Math.max)
    })
  }
  return [...parts.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function combine(
  some: Readonly<Record<string, number>>,
  more: Readonly<Record<string, number>>,
  join: (a: number, b: number) => number
): Record<string, number> {
  const sum: Record<string, number> = { ...some }
  for (const [name, value] of Object.entries(more)) sum[name] = name in sum ? join(sum[name] ?? 0, value) : value
  return sum
}

export function readFigures(text: string): NamedFigures {
  const value: unknown = JSON.parse(text)
  if (isFigures(value)) return value
  throw new TypeError('a file of figures holds something else')
}

export function readResult(text: string): CampaignResult {
  const value: unknown = JSON.parse(text)
  if (isResult(value)) return value
  throw new TypeError('a file of results holds something else')
}

function isFigures(value: unknown): value is NamedFigures {
  const fields = Object(value)
  return typeof fields.name === 'string' && typeof fields.counts === 'object'
}

function isResult(value: unknown): value is CampaignResult {
  const fields = Object(value)
  return typeof fields.campaign === 'string' && Array.isArray(fields.parts) && Array.isArray(fields.seeds)
}

/** The commit, and whether the sources differ from it. */
export function commitOf(sources: readonly string[]): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', ...sources)
  return git('rev-parse', '--short=12', 'HEAD') + (changed === '' ? '' : ' with local changes')
}
