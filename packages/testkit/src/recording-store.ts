import { type AsyncKeyValueStore, type Awaitable, createMemoryStore, type KeyValueStore } from '@kvsession/core'
import { createGate, type Gate } from './gate.ts'

export type StoreMethod = 'get' | 'set' | 'delete' | 'compareAndSet'

export interface StoreOperation {
  readonly method: StoreMethod
  readonly key: string
}

export interface HeldOperation {
  /** Resolves when the operation has been called and is being held. */
  readonly reached: Promise<void>
  /** Lets the operation continue. */
  release(): void
}

export interface FailureOptions {
  /** The error of the rejected calls. Default: an ordinary error. */
  readonly error?: Error
  /** The operation takes effect before it rejects, as if the response were lost. Default `false`. */
  readonly applied?: boolean
}

/** An atomic store that records its calls, and in which a test can make any operation wait or fail. */
export interface RecordingStore extends AsyncKeyValueStore {
  compareAndSet(key: string, expected: string | undefined, value: string, expiresAt: number): Promise<boolean>
  keys(prefix: string): AsyncIterable<string>
  /** All calls so far, in order. */
  readonly operations: readonly StoreOperation[]
  /** The number of calls of these methods; without an argument, of all methods. */
  count(...methods: readonly StoreMethod[]): number
  /** Clears the recorded calls. */
  forget(): void
  /** Makes the next call of `method` wait, before it takes effect, until it is released. */
  hold(method: StoreMethod): HeldOperation
  /** Makes every call of `method` reject. @returns a function that ends the failure. */
  fail(method: StoreMethod, options?: FailureOptions): () => void
  /** Releases everything held and ends all failures. */
  recover(): void
}

/** @param inner the store that holds the values. Default: a new in-memory store. */
export function createRecordingStore(inner: KeyValueStore = createMemoryStore()): RecordingStore {
  const { compareAndSet, keys } = inner
  if (!compareAndSet || !keys) throw new TypeError('The inner store must have compareAndSet and keys')
  const operations: StoreOperation[] = []
  const waiting: { readonly method: StoreMethod; readonly arrival: Gate; readonly departure: Gate }[] = []
  const releases = new Set<() => void>()
  const failures = new Map<StoreMethod, FailureOptions>()

  async function call<T>(method: StoreMethod, key: string, run: () => Awaitable<T>): Promise<T> {
    operations.push({ method, key })
    const next = waiting.findIndex((held) => held.method === method)
    const [held] = next === -1 ? [] : waiting.splice(next, 1)
    if (held) {
      held.arrival.open()
      await held.departure.passed
    }
    const failure = failures.get(method)
    if (!failure) return run()
    if (failure.applied) await run()
    throw failure.error ?? new Error('The store was told to fail')
  }

  return {
    get: (key) => call('get', key, () => inner.get(key)),
    set: (key, value, expiresAt) => call('set', key, () => inner.set(key, value, expiresAt)),
    delete: (key) => call('delete', key, () => inner.delete(key)),
    compareAndSet: (key, expected, value, expiresAt) =>
      call('compareAndSet', key, () => compareAndSet.call(inner, key, expected, value, expiresAt)),
    keys: (prefix) => keys.call(inner, prefix),
    operations,
    count: (...methods) => operations.filter(({ method }) => methods.length === 0 || methods.includes(method)).length,
    forget() {
      operations.length = 0
    },
    hold(method) {
      const arrival = createGate()
      const departure = createGate()
      waiting.push({ method, arrival, departure })
      releases.add(departure.open)
      return { reached: arrival.passed, release: departure.open }
    },
    fail(method, options = {}) {
      failures.set(method, options)
      return () => failures.delete(method)
    },
    recover() {
      failures.clear()
      waiting.length = 0
      for (const release of releases) release()
      releases.clear()
    }
  }
}
