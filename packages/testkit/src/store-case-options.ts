import type { KeyValueStore } from '@kvsession/core'
import { type OptionalMethod, optionalMethods } from './store-cases/store-case.ts'
import type { CreatedStore, InterruptedStore, RefusingStore } from './store-under-test.ts'

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
  /** A store with `watch` whose hints can be interrupted: adds the cases about gaps. */
  createInterruptedStore?(): InterruptedStore | Promise<InterruptedStore>
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

/** One sentence of the contract, ready to run; rejects when the store breaks it. */
export interface StoreCase {
  readonly group: string
  readonly name: string
  run(): Promise<void>
}

type CaseLimits = Required<Pick<StoreCaseOptions, 'methods' | 'largestValue' | 'expiryGranularity' | 'caseTimeout'>>

/** What the options say, with the defaults of what they leave out. */
export function caseLimitsOf(options: StoreCaseOptions): CaseLimits {
  const { methods = ['compareAndSet', 'keys', 'deleteExpired'] } = options
  const { largestValue = 1_048_576, expiryGranularity = 1, caseTimeout = 20_000 } = options
  return { methods, largestValue, expiryGranularity, caseTimeout }
}

/** @throws RangeError or TypeError */
export function checkCaseOptions(options: StoreCaseOptions): void {
  if (typeof options.createStore !== 'function')
    throw new TypeError('createStore must be a function that makes a store.')
  const { methods, largestValue, expiryGranularity, caseTimeout } = caseLimitsOf(options)
  const unknown = methods.filter((method) => !optionalMethods.includes(method))
  if (unknown.length > 0)
    throw new TypeError(`methods: ${unknown.join(', ')} is none of ${optionalMethods.join(', ')}.`)
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
