import type { AsyncKeyValueStore, Awaitable, KeyValueStore } from '../../src/index.ts'

export type Operation = 'get' | 'compareAndSet' | 'delete' | 'set'

export interface Call {
  readonly operation: Operation
  readonly key: string
}

/** The fault of one call: it fails before or after its effect, never responds, or waits at a gate. */
export type Fault = 'error-before' | 'error-after' | 'hang-before' | 'hang-after' | { readonly gate: Promise<void> }

export interface FaultyStore extends AsyncKeyValueStore {
  compareAndSet(key: string, expected: string | undefined, value: string, expiresAt: number): Promise<boolean>
  readonly calls: Call[]
  /** Applies `fault`, or the one that it returns for a call, to the calls that `matches` selects, until it is replaced. */
  break(fault: Fault | undefined | ((call: Call) => Fault | undefined), matches?: (call: Call) => boolean): void
  /** The calls made while `task` ran. */
  during<T>(task: () => Promise<T>): Promise<{ readonly result: T; readonly calls: readonly Call[] }>
}

/** The given store with every call recorded, and with faults on request. */
export function createFaultyStore(inner: KeyValueStore & { compareAndSet: NonNullable<unknown> }): FaultyStore {
  const calls: Call[] = []
  let faultOf: (call: Call) => Fault | undefined = () => undefined

  async function pass<T>(call: Call, act: () => Awaitable<T>): Promise<T> {
    calls.push(call)
    const fault = faultOf(call)
    if (fault === undefined) return act()
    if (typeof fault === 'object') {
      await fault.gate
      return act()
    }
    if (fault.endsWith('-after')) await act()
    if (fault.startsWith('hang')) return new Promise<T>(() => {})
    throw new Error('the engine is down')
  }

  const { compareAndSet } = inner
  if (typeof compareAndSet !== 'function') throw new TypeError('an atomic store')
  const swap: NonNullable<KeyValueStore['compareAndSet']> = (...args) => compareAndSet.apply(inner, args)
  return {
    calls,
    get: (key) => pass({ operation: 'get', key }, () => inner.get(key)),
    set: (key, value, expiresAt) => pass({ operation: 'set', key }, () => inner.set(key, value, expiresAt)),
    delete: (key) => pass({ operation: 'delete', key }, () => inner.delete(key)),
    compareAndSet: (key, expected, value, expiresAt) =>
      pass({ operation: 'compareAndSet', key }, () => swap(key, expected, value, expiresAt)),
    ...(inner.keys && { keys: (prefix: string) => inner.keys?.(prefix) ?? nothing() }),
    ...(inner.deleteExpired && { deleteExpired: async () => (await inner.deleteExpired?.()) ?? 0 }),
    break(fault, matches = () => true) {
      faultOf = (call) => (matches(call) ? (typeof fault === 'function' ? fault(call) : fault) : undefined)
    },
    async during(task) {
      const start = calls.length
      const result = await task()
      return { result, calls: calls.slice(start) }
    }
  }
}

async function* nothing(): AsyncIterable<string> {}
