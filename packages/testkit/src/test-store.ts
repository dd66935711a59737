import type { KeyValueStore } from '@kvsession/core'
import { caseLimitsOf, checkCaseOptions, type StoreCase, type StoreCaseOptions } from './store-case-options.ts'
import { basicCases } from './store-cases/basic.ts'
import { createCaseContext } from './store-cases/case-context.ts'
import { clockCases } from './store-cases/clock.ts'
import { closeCases } from './store-cases/close.ts'
import { compareAndSetCases } from './store-cases/compare-and-set.ts'
import { deleteExpiredCases } from './store-cases/delete-expired.ts'
import { expiryCases } from './store-cases/expiry.ts'
import { failureCases } from './store-cases/failure.ts'
import { getManyCases } from './store-cases/get-many.ts'
import { keysCases } from './store-cases/keys.ts'
import { largeValueCases } from './store-cases/large-values.ts'
import { methodCases } from './store-cases/methods.ts'
import { createPendingCalls, type PendingCalls } from './store-cases/pending-calls.ts'
import { raceCases } from './store-cases/races.ts'
import { refusedWriteCases } from './store-cases/refused-writes.ts'
import type { CaseDefinition, CaseGroup } from './store-cases/store-case.ts'
import { valueCases } from './store-cases/values.ts'
import { interruptedWatchCases, watchCases } from './store-cases/watch.ts'
import { createStoreReport, type StoreReport } from './store-report.ts'
import { storeUnderTestOf } from './store-under-test.ts'
import { type TimeLimit, withinTime } from './within-time.ts'

export interface StoreTestOptions extends StoreCaseOptions {
  /** The runner's `describe`: vitest, jest, mocha, node:test, bun:test. */
  describe(name: string, register: () => void): unknown
  /** The runner's `it`. The timeout is for runners that accept it as the third argument. */
  it(name: string, run: () => Promise<void>, timeout: number): unknown
  /** Title of the outermost group and name in the report; default `key-value store`. */
  name?: string
  /** Called when every case has ended, failed or not. It is never called if the runner skips a case. */
  onReport?(report: StoreReport): void
}

/**
 * Registers the conformance suite for `KeyValueStore` with a test runner: one test per requirement of the contract. No
 * option skips a requirement.
 *
 * @throws RangeError or TypeError for invalid options
 */
export function testStore(options: StoreTestOptions): void {
  const { describe, it } = options
  const { caseTimeout } = caseLimitsOf(options)
  const cases = reported(options, storeCases(options))
  describe(options.name ?? 'key-value store', () => {
    for (const group of new Set(cases.map((storeCase) => storeCase.group))) {
      describe(group, () => {
        for (const { name, run } of cases.filter((storeCase) => storeCase.group === group)) {
          // Setup, case and teardown each have our limit. It reports more than the runner's limit, so it must come first.
          it(name, run, 3 * caseTimeout + 1_000)
        }
      })
    }
  })
}

/** The cases, with a report once the last one has ended. */
function reported(options: StoreTestOptions, cases: readonly StoreCase[]): readonly StoreCase[] {
  const failed: string[] = []
  let left = cases.length
  return cases.map(({ group, name, run }) => ({
    group,
    name,
    async run() {
      try {
        await run()
      } catch (error) {
        failed.push(`${group}: ${name}`)
        throw error
      } finally {
        if (--left === 0) options.onReport?.(createStoreReport(options, cases, failed))
      }
    }
  }))
}

/** Runs the suite without a test runner, one case after another. Resolves to the report; rejects for invalid options. */
export async function runStoreCases(options: StoreCaseOptions & { readonly name?: string }): Promise<StoreReport> {
  const cases = storeCases(options)
  const failed: string[] = []
  for (const { group, name, run } of cases) {
    await run().catch(() => failed.push(`${group}: ${name}`))
  }
  return createStoreReport(options, cases, failed)
}

/** Returns the suite without a test runner, for other harnesses. Cases are independent and may run in any order. */
export function storeCases(options: StoreCaseOptions): readonly StoreCase[] {
  checkCaseOptions(options)
  const { methods, largestValue, caseTimeout } = caseLimitsOf(options)
  const limit = createCaseLimit(caseTimeout)
  const bind = (
    groups: readonly CaseGroup[],
    option: CreatingOption,
    create: StoreCaseOptions['createStore']
  ): StoreCase[] =>
    groups.flatMap(({ group, needs = [], cases }) =>
      cases
        .filter((definition) => [...needs, ...(definition.needs ?? [])].every((method) => methods.includes(method)))
        .map((definition) => {
          const createFirst = async () => storeUnderTestOf(option, await create())
          return { group, name: definition.name, run: () => runCase(definition, createFirst, options, limit) }
        })
    )
  const groups = [
    ...[clockCases, methodCases(methods), basicCases, valueCases(largestValue)],
    ...(largestValue < mebibyte ? [largeValueCases(largestValue)] : []),
    ...[expiryCases, getManyCases(largestValue), compareAndSetCases(largestValue), raceCases],
    ...[keysCases, deleteExpiredCases, watchCases, closeCases(options.createSecondStore !== undefined)]
  ]
  const { createFailingStore, createRefusingStore, createInterruptedStore } = options
  return [
    ...bind(groups, 'createStore', options.createStore),
    ...(createFailingStore === undefined ? [] : bind([failureCases], 'createFailingStore', createFailingStore)),
    ...(createRefusingStore === undefined ? [] : bind([refusedWriteCases], 'createRefusingStore', createRefusingStore)),
    ...(createInterruptedStore === undefined
      ? []
      : bind([interruptedWatchCases], 'createInterruptedStore', createInterruptedStore))
  ]
}

const mebibyte = 1_048_576

type CreatingOption = 'createStore' | 'createFailingStore' | 'createRefusingStore' | 'createInterruptedStore'
type FirstStore = ReturnType<typeof storeUnderTestOf>

/** The time limit in one run of the suite. After a case has hung, the limit of the others is a tenth. */
function createCaseLimit(caseTimeout: number): (calls: PendingCalls) => TimeLimit {
  let hung = false
  return (calls) => {
    const milliseconds = hung ? Math.ceil(caseTimeout / 10) : caseTimeout
    const shorter = hung ? ' (a tenth of caseTimeout, because an earlier case hung)' : ''
    return {
      milliseconds,
      describe: () => `${calls.describe()}${shorter}`,
      onTimeout: () => {
        hung = true
      }
    }
  }
}

async function runCase(
  definition: CaseDefinition,
  createFirst: () => Promise<FirstStore>,
  options: StoreCaseOptions,
  limitOf: (calls: PendingCalls) => TimeLimit
): Promise<void> {
  const { createSecondStore } = options
  const { expiryGranularity } = caseLimitsOf(options)
  const calls = createPendingCalls()
  const limit = limitOf(calls)
  const first = await withinTime(limit, 'createStore', createFirst)
  const handles = [first]
  const openSecond = async (): Promise<KeyValueStore> => {
    if (createSecondStore === undefined) return first.store
    const second = await calls.track('createSecondStore', undefined, async () => createSecondStore(first.store))
    const handle = storeUnderTestOf('createSecondStore', second)
    handles.push(handle)
    if (handle.clock !== undefined && handle.clock !== first.clock) {
      throw new TypeError('createSecondStore must use the clock of createStore: both handles share one clock')
    }
    return handle.store
  }
  const context = createCaseContext({ clock: undefined, expiryGranularity, calls, openSecond, ...first })
  const tearDown = (): Promise<void> => withinTime(limit, 'closing the store', () => closeAll(handles))
  try {
    await withinTime(limit, 'the case', () => definition.check(context))
  } catch (error) {
    await tearDown().catch(() => undefined) // The first failure is the one to report.
    throw error
  }
  await tearDown()
}

/** Closes every handle, then cleans up in reverse order, because an earlier resource may contain a later one. */
async function closeAll(handles: readonly FirstStore[]): Promise<void> {
  try {
    for (const { store } of handles) await store.close?.()
  } finally {
    for (const handle of handles.toReversed()) await handle.cleanup?.()
  }
}
