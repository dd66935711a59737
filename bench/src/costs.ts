import type { Act } from './applications/scenario.ts'
import type { Table } from './results.ts'
import { formatNumber, formatSpread, median, spreadOf } from './statistics.ts'

/** Microseconds of processor time per request, by subject and kind of request, one number a round. */
export interface Costs {
  add(subject: string, act: Act, microseconds: number): void
  /** The total time of the subject, including the framework. */
  of(subject: string, act: Act): readonly number[]
  /** The difference to the bare framework in the same round, because a slow moment of the machine affects both. */
  above(subject: string, act: Act): readonly number[]
  /** The median, over all rounds, of the ratio of two such differences. */
  ratio(subject: string, against: string, act: Act): number
}

export function createCosts(): Costs {
  const costs = new Map<string, number[]>()
  const of = (subject: string, act: Act): readonly number[] => costs.get(`${subject}|${act}`) ?? []
  const above = (subject: string, act: Act): readonly number[] => {
    const bare = of('bare', act)
    return of(subject, act).map((cost, round) => cost - (bare[round] ?? Number.NaN))
  }
  return {
    add: (subject, act, microseconds) => void costs.set(`${subject}|${act}`, [...of(subject, act), microseconds]),
    of,
    above,
    ratio(subject, against, act) {
      const other = above(against, act)
      return median(above(subject, act).map((cost, round) => cost / (other[round] ?? Number.NaN)))
    }
  }
}

/** A row for each subject, the bare framework's own time first. */
export function costTable(title: string, costs: Costs, subjects: readonly string[], acts: readonly Act[]): Table {
  return {
    title,
    columns: ['µs a request', ...acts],
    rows: subjects.map((subject) => [
      subject === 'bare' ? 'bare framework' : subject,
      ...acts.map((act) =>
        subject === 'bare'
          ? formatNumber(median(costs.of(subject, act)))
          : formatSpread(spreadOf(costs.above(subject, act)))
      )
    ])
  }
}
