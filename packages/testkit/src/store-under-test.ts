import type { KeyValueStore } from '@kvsession/core'
import type { TestClock } from './test-clock.ts'

/** A store with its clock and cleanup, which `createStore` and `createSecondStore` may return instead of a store. */
export interface StoreUnderTest {
  store: KeyValueStore
  /** The clock of the store. Without it, the suite waits for deadlines in real time, some seconds in total. */
  clock?: TestClock
  /** Called after the case, when the kit has closed all handles. Drop the table or remove the folder here. */
  cleanup?(): void | Promise<void>
}

/** A store that detects when its engine refused a write without changing anything. */
export interface RefusingStore extends StoreUnderTest {
  /** Makes the engine refuse writes, for example because its lock is held or its port is closed. */
  refuse(): void | Promise<void>
  /** Makes the engine accept writes again. */
  allow(): void | Promise<void>
}

/** A store whose hints can be interrupted. */
export interface InterruptedStore extends StoreUnderTest {
  /** Cuts the connections over which hints come, and lets them be made again: the server ends them, or a proxy does. */
  interrupt(): void | Promise<void>
}

export type CreatedStore = KeyValueStore | StoreUnderTest | RefusingStore | InterruptedStore

/**
 * Normalizes the result of an option of the binding.
 *
 * @param option the name of the option, for the error.
 * @throws TypeError that names the option and what is wrong with its result
 */
export function storeUnderTestOf(
  option: string,
  created: CreatedStore
): StoreUnderTest & Partial<RefusingStore & InterruptedStore> {
  const problem = problemOf(option, created)
  if (problem !== undefined) throw new TypeError(problem)
  return 'store' in created ? created : { store: created }
}

function problemOf(option: string, created: unknown): string | undefined {
  const shape = `${option} must return a store, or { store, clock?, cleanup? }:`
  if (!isObject(created)) return `${shape} it returned ${created === null ? 'null' : typeof created}`
  const store = 'store' in created ? created.store : created
  if (!isObject(store)) return `${shape} store is ${store === null ? 'null' : typeof store}`
  const missing = missingMethod(store, ['get', 'set', 'delete'])
  if (missing !== undefined) return `${shape} ${missing}() is missing`
  if (!('store' in created)) return undefined
  const { clock, cleanup } = optionalParts(created)
  if (clock !== undefined && missingMethod(clock, ['now', 'advance']) !== undefined) {
    return `${shape} clock must have now() and advance(); createTestClock() creates one`
  }
  if (cleanup !== undefined && typeof cleanup !== 'function') return `${shape} cleanup must be a function`
  if (option === 'createRefusingStore' && missingMethod(created, ['refuse', 'allow']) !== undefined) {
    return `${option} must return { store, clock?, cleanup?, refuse, allow }: refuse() or allow() is missing`
  }
  if (option === 'createInterruptedStore' && missingMethod(created, ['interrupt']) !== undefined) {
    return `${option} must return { store, clock?, cleanup?, interrupt }: interrupt() is missing`
  }
  return undefined
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null
}

function missingMethod(value: unknown, names: readonly string[]): string | undefined {
  return names.find((name) => !isObject(value) || typeof Reflect.get(value, name) !== 'function')
}

function optionalParts(created: object): { clock: unknown; cleanup: unknown } {
  return { clock: Reflect.get(created, 'clock'), cleanup: Reflect.get(created, 'cleanup') }
}
