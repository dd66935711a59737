import type { KeyValueStore } from '@kvsession/core'
import type { PendingCalls } from './pending-calls.ts'

/** The methods of the contract that a store may leave out. */
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

/** A store on which every method can be called; a call to one that the store lacks throws an assertion. */
export type FullStore = Required<KeyValueStore>

/** One sentence of the contract as a check. */
export interface CaseDefinition {
  readonly name: string
  /** Methods without which the sentence says nothing about a store. */
  readonly needs?: readonly OptionalMethod[]
  check(context: StoreCaseContext): Promise<void>
}

export interface CaseGroup {
  readonly group: string
  /** Methods that every case of the group needs. */
  readonly needs?: readonly OptionalMethod[]
  readonly cases: readonly CaseDefinition[]
}

/** What a case may use: a fresh, empty store and its time. */
export interface StoreCaseContext {
  readonly store: FullStore
  /** The store as `createStore` returned it. */
  readonly original: KeyValueStore
  /** Another handle on the same engine; the store itself when the binding has no `createSecondStore`. */
  second(): Promise<FullStore>
  /** Makes the engine refuse writes. Only on stores of `createRefusingStore`, as `allow`. */
  refuse(): Promise<void>
  /** Makes the engine take writes again. */
  allow(): Promise<void>
  /** Interrupts the hints of watches. Only on stores of `createInterruptedStore`. */
  interrupt(): Promise<void>
  /** Names what the case waits for, in the error of a case that takes too long. */
  readonly track: PendingCalls['track']
  /** Epoch milliseconds, from the clock that the store was given or the system's. */
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
   * Calls `write` with a near deadline and returns once it has passed. A `write` that finished only after its deadline
   * is repeated with a later one, so that what expires was live before, however slow the engine.
   */
  expire(write: (deadline: number) => Promise<void>): Promise<void>
}
