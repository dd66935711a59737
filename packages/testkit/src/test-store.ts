import type { KeyValueStore } from '@kvsession/core'
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
import { type CaseDefinition, type CaseGroup, type OptionalMethod, optionalMethods } from './store-cases/store-case.ts'
import { textCases } from './store-cases/text.ts'
import { type CreatedStore, type RefusingStore, storeUnderTestOf } from './store-under-test.ts'
import { type TimeLimit, withinTime } from './within-time.ts'

type CreateStore = () => CreatedStore | Promise<CreatedStore>

export interface StoreCaseOptions {
  /** Makes a store on an empty engine, or in an empty namespace of one. Called once per case. */
  createStore(): CreatedStore | Promise<CreatedStore>
  /**
   * The optional methods that the store has; default `compareAndSet`, `keys`, `deleteExpired`. Chooses the cases (tests
   * must be known before there is a store to look at), and one of them fails when the store has more or fewer methods,
   * so nothing is left out unnoticed.
   */
  methods?: readonly OptionalMethod[]
  /**
   * Another handle (connection, process) on the engine of `first`, with the clock of `first`. Races then run across both
   * handles.
   */
  createSecondStore?(first: KeyValueStore): CreatedStore | Promise<CreatedStore>
  /** A store whose engine fails (closed, unreachable, read-only): adds the cases about failures that must not be hidden. */
  createFailingStore?(): CreatedStore | Promise<CreatedStore>
  /** A store that rejects some writes with `wroteNothing`: adds the cases that hold it to that. */
  createRefusingStore?(): RefusingStore | Promise<RefusingStore>
  /** Milliseconds within which the store notices that a deadline has come; default 1, at most 2,000. */
  expiryGranularity?: number
  /**
   * UTF-8 bytes of the largest value that the engine holds, when it holds less than 1 MiB; at least 100,000. The cases
   * about large values then go to this size, and three more say what becomes of a larger one. Default 1,048,576.
   */
  largestValue?: number
  /**
   * Milliseconds after which a case that still waits for the store has failed; default 20,000. Once that has happened, the
   * other cases have a tenth of it.
   */
  caseTimeout?: number
}

export interface StoreTestOptions extends StoreCaseOptions {
  /** The runner's `describe`: vitest, jest, mocha, node:test, bun:test. */
  describe(name: string, register: () => void): unknown
  /** The runner's `it`. The timeout is for runners that take one as third argument. */
  it(name: string, run: () => Promise<void>, timeout: number): unknown
  /** Title of the outermost group; default `key-value store`. */
  name?: string
}

/** One sentence of the contract, ready to run; rejects when the store breaks it. */
export interface StoreCase {
  readonly group: string
  readonly name: string
  run(): Promise<void>
}

/**
 * Registers the conformance suite of `KeyValueStore` with a test runner: one test per sentence of the contract. There
 * is no option that leaves a sentence out.
 *
 * @throws RangeError or TypeError for options that make no sense
 */
export function testStore(options: StoreTestOptions): void {
  const { describe, it } = options
  const caseTimeout = options.caseTimeout ?? defaultCaseTimeout
  const cases = storeCases(options)
  describe(options.name ?? 'key-value store', () => {
    for (const group of new Set(cases.map((storeCase) => storeCase.group))) {
      describe(group, () => {
        for (const { name, run } of cases.filter((storeCase) => storeCase.group === group)) {
          // Set-up, case and teardown have our limit each; ours says more than the runner's, which only has to be later.
          it(name, run, 3 * caseTimeout + 1_000)
        }
      })
    }
  })
}

/** The same suite without a runner, for other harnesses. Cases are independent of each other and may run in any order. */
export function storeCases(options: StoreCaseOptions): readonly StoreCase[] {
  const { methods = ['compareAndSet', 'keys', 'deleteExpired'], largestValue = mebibyte } = options
  checkOptions(options, methods)
  const limit = createCaseLimit(options.caseTimeout)
  const bind = (groups: readonly CaseGroup[], option: CreatingOption, create: CreateStore): StoreCase[] =>
    groups.flatMap(({ group, needs = [], cases }) =>
      cases
        .filter((definition) => [...needs, ...(definition.needs ?? [])].every((method) => methods.includes(method)))
        .map((definition) => {
          const createFirst = async () => storeUnderTestOf(option, await create())
          return { group, name: definition.name, run: () => runCase(definition, createFirst, options, limit) }
        })
    )
  const groups = [
    ...[clockCases, methodCases(methods), basicCases, textCases(largestValue)],
    ...(largestValue < mebibyte ? [largeValueCases(largestValue)] : []),
    ...[expiryCases, getManyCases(largestValue), compareAndSetCases(largestValue), raceCases],
    ...[keysCases, deleteExpiredCases, closeCases(options.createSecondStore !== undefined)]
  ]
  const { createFailingStore, createRefusingStore } = options
  return [
    ...bind(groups, 'createStore', options.createStore),
    ...(createFailingStore === undefined ? [] : bind([failureCases], 'createFailingStore', createFailingStore)),
    ...(createRefusingStore === undefined ? [] : bind([refusedWriteCases], 'createRefusingStore', createRefusingStore))
  ]
}

const defaultCaseTimeout = 20_000
const mebibyte = 1_048_576

type CreatingOption = 'createStore' | 'createFailingStore' | 'createRefusingStore'
type FirstStore = ReturnType<typeof storeUnderTestOf>

/** The limit of one run of the suite: after a case that hung, the others get a tenth. */
function createCaseLimit(caseTimeout = defaultCaseTimeout): (calls: PendingCalls) => TimeLimit {
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
  const { expiryGranularity = 1, createSecondStore } = options
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
      throw new TypeError('createSecondStore must use the clock of createStore: both handles have one time')
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

/** Closes every handle, then cleans up in reverse order: what was made first may hold what was made later. */
async function closeAll(handles: readonly FirstStore[]): Promise<void> {
  try {
    for (const { store } of handles) await store.close?.()
  } finally {
    for (const handle of handles.toReversed()) await handle.cleanup?.()
  }
}

function checkOptions(options: StoreCaseOptions, methods: readonly OptionalMethod[]): void {
  if (typeof options.createStore !== 'function')
    throw new TypeError('createStore must be a function that makes a store.')
  const unknown = methods.filter((method) => !optionalMethods.includes(method))
  if (unknown.length > 0)
    throw new TypeError(`methods: ${unknown.join(', ')} is none of ${optionalMethods.join(', ')}.`)
  const { expiryGranularity = 1, caseTimeout = defaultCaseTimeout, largestValue = mebibyte } = options
  if (!Number.isInteger(largestValue) || largestValue < 100_000 || largestValue > mebibyte) {
    throw new RangeError('largestValue must be a whole number of bytes from 100,000 to 1,048,576.')
  }
  if (!Number.isInteger(expiryGranularity) || expiryGranularity < 1 || expiryGranularity > 2_000) {
    throw new RangeError('expiryGranularity must be a whole number of milliseconds from 1 to 2,000.')
  }
  if (!Number.isInteger(caseTimeout) || caseTimeout < 1 || caseTimeout > 600_000) {
    throw new RangeError('caseTimeout must be a whole number of milliseconds from 1 to 600,000.')
  }
}
