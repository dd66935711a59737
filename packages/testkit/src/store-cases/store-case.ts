import type { AsyncKeyValueStore, KeyValueStore } from '@kvsession/core'
import type { PendingCalls } from './pending-calls.ts'

/** The optional methods of the contract. */
export type OptionalMethod = 'getMany' | 'compareAndSet' | 'keys' | 'deleteExpired' | 'watch' | 'close'

/** In the order of the contract. */
export const optionalMethods: readonly OptionalMethod[] = [
  'getMany',
  'compareAndSet',
  'keys',
  'deleteExpired',
  'watch',
  'close'
]

/** A store on which every method can be called. Calling a missing method fails with an assertion. */
export type FullStore = Required<AsyncKeyValueStore>

/** One requirement of the contract as a check. */
export interface CaseDefinition {
  readonly name: string
  /** The optional methods that the case needs. */
  readonly needs?: readonly OptionalMethod[]
  check(context: StoreCaseContext): Promise<void>
}

export interface CaseGroup {
  readonly group: string
  /** The optional methods that every case of the group needs. */
  readonly needs?: readonly OptionalMethod[]
  readonly cases: readonly CaseDefinition[]
}

/** The fixture of a case: a new, empty store and its clock. */
export interface StoreCaseContext {
  readonly store: FullStore
  /** The store as `createStore` returned it. */
  readonly original: KeyValueStore
  /** Another handle on the same engine, or the store itself if the binding has no `createSecondStore`. */
  second(): Promise<FullStore>
  /** Makes the engine refuse writes. Only on stores of `createRefusingStore`. */
  refuse(): Promise<void>
  /** Makes the engine accept writes again. Only on stores of `createRefusingStore`. */
  allow(): Promise<void>
  /** Interrupts the hints of watches. Only on stores of `createInterruptedStore`. */
  interrupt(): Promise<void>
  /** Names what the case waits for, in the error of a case that takes too long. */
  readonly track: PendingCalls['track']
  /** Epoch milliseconds, by the clock of the store or the system clock. */
  now(): number
  /** A deadline that no case reaches. */
  later(): number
  /** The latest deadline that the store must already treat as past. */
  past(): number
  /** Lets `milliseconds` pass: moves the injected clock, or waits. */
  passTime(milliseconds: number): Promise<void>
  /** Lets time pass until a value with this deadline must be absent. */
  passDeadline(deadline: number): Promise<void>
  /**
   * Calls `write` with a near deadline and resolves once it has passed. A `write` that ends after its deadline is repeated
   * with a later one, so that even on a slow engine every value is live before it expires.
   */
  expire(write: (deadline: number) => Promise<void>): Promise<void>
}
