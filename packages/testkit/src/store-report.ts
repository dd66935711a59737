import { storeContractVersion } from '@kvsession/core'
import { caseLimitsOf, type StoreCase, type StoreCaseOptions } from './store-case-options.ts'
import type { OptionalMethod } from './store-cases/store-case.ts'

/** The result of the suite for a store, as plain JSON that the store's author can publish. */
export interface StoreReport {
  readonly name: string
  /** Version of the store contract, `storeContractVersion` of `@kvsession/core`. */
  readonly contract: string
  /** Whether the store has `compareAndSet`. */
  readonly atomic: boolean
  /** The optional methods of the store. */
  readonly methods: readonly OptionalMethod[]
  /** The number of cases that ran. */
  readonly cases: number
  /** The cases that failed, as `group: name`. */
  readonly failed: readonly string[]
  /** The groups that ran. `failure` and `refused writes` run only with an option of the binding. */
  readonly groups: readonly string[]
  /** Whether races ran across two handles (`createSecondStore`) or within one. */
  readonly racesAcrossHandles: boolean
  /** Milliseconds. */
  readonly expiryGranularity: number
  /** UTF-8 bytes. */
  readonly largestValue: number
}

/** Creates the report once all cases have run. */
export function createStoreReport(
  options: StoreCaseOptions & { readonly name?: string },
  cases: readonly StoreCase[],
  failed: readonly string[]
): StoreReport {
  const { methods, largestValue, expiryGranularity } = caseLimitsOf(options)
  return {
    name: options.name ?? 'key-value store',
    contract: storeContractVersion,
    atomic: methods.includes('compareAndSet'),
    methods: [...methods],
    cases: cases.length,
    failed,
    groups: [...new Set(cases.map(({ group }) => group))],
    racesAcrossHandles: options.createSecondStore !== undefined,
    expiryGranularity,
    largestValue
  }
}

const optionalGroups = ['failure', 'refused writes']

/** Formats a report as one line of Markdown, for a README. */
export function describeStoreReport(report: StoreReport): string {
  const { name, contract, cases, failed, methods, groups, atomic } = report
  const missing = optionalGroups.filter((group) => !groups.includes(group))
  const facts = [
    `${format(cases - failed.length)} of ${format(cases)} cases`,
    ...(atomic ? [] : ['not atomic']),
    ...(methods.length > 0 ? [methods.join(', ')] : []),
    report.racesAcrossHandles ? 'races across two handles' : 'races within one handle',
    ...(report.expiryGranularity > 1 ? [`deadlines to ${format(report.expiryGranularity)} ms`] : []),
    `values up to ${format(report.largestValue)} bytes`,
    ...(missing.length > 0 ? [`not run: ${missing.join(', ')}`] : []),
    ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : [])
  ]
  const verdict = failed.length === 0 ? 'keeps' : 'breaks'
  return `**${name.replaceAll('|', '\\|')}** ${verdict} store contract ${contract}: ${facts.join('; ')}`
}

function format(count: number): string {
  return count.toLocaleString('en')
}
