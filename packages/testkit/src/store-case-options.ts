import type { KeyValueStore } from '@kvsession/core'
import { type OptionalMethod, optionalMethods } from './store-cases/store-case.ts'
import type { CreatedStore, InterruptedStore, RefusingStore } from './store-under-test.ts'

export interface StoreCaseOptions {
  /** Creates a store on an empty engine, or in an empty namespace of one. Called once per case. */
  createStore(): CreatedStore | Promise<CreatedStore>
  /**
   * The optional methods of the store; default `compareAndSet`, `keys`, `deleteExpired`. The list selects the cases,
   * because tests are registered before a store exists. One case compares the list with the store, so a missing or
   * additional method is noticed.
   */
  methods?: readonly OptionalMethod[]
  /**
   * Opens another handle (connection, process) on the engine of `first`, with the same clock. Races then run across both
   * handles.
   */
  createSecondStore?(first: KeyValueStore): CreatedStore | Promise<CreatedStore>
  /** Creates a store whose engine fails (closed, unreachable, read-only). Adds the cases that forbid hiding a failure. */
  createFailingStore?(): CreatedStore | Promise<CreatedStore>
  /** Creates a store that can reject writes with `wroteNothing`. Adds the cases that check this promise. */
  createRefusingStore?(): RefusingStore | Promise<RefusingStore>
  /** Creates a store with `watch` whose hints can be interrupted. Adds the cases about gaps. */
  createInterruptedStore?(): InterruptedStore | Promise<InterruptedStore>
  /** Milliseconds within which the store notices that a deadline has passed; default 1, at most 2,000. */
  expiryGranularity?: number
  /**
   * Size in UTF-8 bytes of the largest value, if the engine cannot hold 1 MiB; at least 100,000. The cases about large
   * values then use this size, and three more check that larger values are refused. Default 1,048,576.
   */
  largestValue?: number
  /**
   * Milliseconds after which a case fails that still waits for the store; default 20,000. After the first such failure,
   * the limit of the other cases is a tenth of it.
   */
  caseTimeout?: number
}

/** One requirement of the contract, ready to run. `run` rejects if the store breaks it. */
export interface StoreCase {
  readonly group: string
  readonly name: string
  run(): Promise<void>
}

type CaseLimits = Required<Pick<StoreCaseOptions, 'methods' | 'largestValue' | 'expiryGranularity' | 'caseTimeout'>>

/** The options with their defaults. */
export function caseLimitsOf(options: StoreCaseOptions): CaseLimits {
  const { methods = ['compareAndSet', 'keys', 'deleteExpired'] } = options
  const { largestValue = 1_048_576, expiryGranularity = 1, caseTimeout = 20_000 } = options
  return { methods, largestValue, expiryGranularity, caseTimeout }
}

/** @throws RangeError or TypeError */
export function checkCaseOptions(options: StoreCaseOptions): void {
  if (typeof options.createStore !== 'function')
    throw new TypeError('createStore must be a function that creates a store.')
  const { methods, largestValue, expiryGranularity, caseTimeout } = caseLimitsOf(options)
  const unknown = methods.filter((method) => !optionalMethods.includes(method))
  if (unknown.length > 0)
    throw new TypeError(`methods: unknown ${unknown.join(', ')}. Known methods: ${optionalMethods.join(', ')}.`)
  if (!Number.isInteger(largestValue) || largestValue < 100_000 || largestValue > 1_048_576) {
    throw new RangeError('largestValue must be a whole number of bytes from 100,000 to 1,048,576.')
  }
  if (!Number.isInteger(expiryGranularity) || expiryGranularity < 1 || expiryGranularity > 2_000) {
    throw new RangeError('expiryGranularity must be a whole number of milliseconds from 1 to 2,000.')
  }
  if (!Number.isInteger(caseTimeout) || caseTimeout < 1 || caseTimeout > 600_000) {
    throw new RangeError('caseTimeout must be a whole number of milliseconds from 1 to 600,000.')
  }
}
