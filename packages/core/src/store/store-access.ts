import { describeError, isSessionError, SessionError, type SessionErrorCode } from '../errors.ts'
import type { SessionEventHandler } from '../events.ts'
import { callsAtOnce, eachOf, inBatches } from './batches.ts'
import type { CachedReads } from './cached-reads.ts'
import { bound } from './deadline.ts'
import type { Awaitable, KeyValueStore } from './key-value-store.ts'

/** The store as the manager sees it: calls are bounded in time, results checked, failures typed and reported. */
export interface StoreAccess {
  /** @param accepts takes a value from the memory of a cached store, or refuses it. Default: the store is asked. */
  get(key: string, accepts?: (value: string) => boolean): Awaitable<string | undefined>
  /** The values in the order of the keys, of which there may be any number. */
  getMany(keys: readonly string[]): Promise<(string | undefined)[]>
  /** How many keys to pass to `getMany` at a time. */
  readonly mostKeys: number
  compareAndSet(key: string, expected: string | undefined, value: string, expiresAt: number): Awaitable<boolean>
  delete(key: string): Promise<void>
  keys(prefix: string): AsyncIterable<string>
  /** @param background no caller awaits it, so it does not keep the process alive. */
  deleteExpired(background?: boolean): Promise<number>
  close(): Promise<void>
  /** Waits for earlier operations of this process, for at most three store timeouts. */
  waitForEarlier(earlier: Promise<unknown>): Promise<unknown>
}

export type AtomicStore = KeyValueStore & Required<Pick<KeyValueStore, 'compareAndSet'>> & Partial<CachedReads>

interface CallOptions {
  /** Strings that the call passes to the store: errors must not contain them. */
  readonly known?: readonly (string | undefined)[]
  readonly background?: boolean
  /** How many store timeouts it may take. Default: one. */
  readonly timeouts?: number
}

const mostKeys = 100

// Listing and sweeping work in batches beside requests, for as long as there is something to read or delete.
const timeoutsOfBatches = 600

/** The only caller of stores. */
export function createStoreAccess(
  store: AtomicStore,
  storeTimeout: number,
  emit: SessionEventHandler | undefined
): StoreAccess {
  function report(operation: string, code: SessionErrorCode, message: string, cause?: unknown): SessionError {
    emit?.({ type: 'storeError', operation, code, cause })
    return new SessionError(code, message, cause === undefined ? undefined : { cause })
  }

  function call<T, R>(
    operation: string,
    start: () => Awaitable<T>,
    accept: (result: T) => R,
    { known = [], timeouts = 1, background = false }: CallOptions = {}
  ): Awaitable<R> {
    const result = resultOf(start)
    if (!isPending(result)) return accept(result)
    const milliseconds = storeTimeout * timeouts
    return bound(Promise.resolve(result), {
      milliseconds,
      background,
      late: () => timedOut(operation, milliseconds),
      accept,
      refuse: (error) => unavailable(operation, error, known)
    })
  }

  function timedOut(operation: string, milliseconds: number): SessionError {
    const message = `The store did not answer ${operation}() in ${milliseconds} ms: check it, or raise storeTimeout`
    return report(operation, 'STORE_TIMEOUT', message)
  }

  function unavailable(operation: string, error: unknown, known: CallOptions['known']): SessionError {
    // The store refused before it wrote anything, and would refuse again: this is not an outage.
    if (isSessionError(error) && error.code === 'RECORD_TOO_LARGE') return error
    const cause = describeError(error, known)
    return report(operation, 'STORE_UNAVAILABLE', `The store failed ${operation}(): ${summaryOf(cause)}`, cause)
  }

  function misbehaved(operation: string, wanted: string): SessionError {
    return report(
      operation,
      'STORE_MISBEHAVED',
      `The store's ${operation}() must give ${wanted}. Run @kvsession/testkit`
    )
  }

  function acceptValue(value: unknown): string | undefined {
    if (isValue(value)) return value
    throw misbehaved('get', 'a string or undefined')
  }

  function acceptValues(values: unknown, count: number): readonly (string | undefined)[] {
    const list: readonly unknown[] = Array.isArray(values) ? values : []
    if (list.length === count && list.every(isValue)) return list
    throw misbehaved('getMany', 'a string or undefined for each key')
  }

  function acceptBoolean(written: unknown): boolean {
    if (typeof written === 'boolean') return written
    throw misbehaved('compareAndSet', 'a boolean')
  }

  function acceptCount(deleted: unknown = 0): number {
    if (typeof deleted === 'number') return deleted
    throw misbehaved('deleteExpired', 'a number')
  }

  function acceptKey({ done, value }: IteratorResult<unknown, unknown>): string | undefined {
    if (done) return undefined
    if (typeof value === 'string') return value
    throw misbehaved('keys', 'strings')
  }

  const get: StoreAccess['get'] = (key, accepts) =>
    call('get', () => (accepts && store.getCached ? store.getCached(key, accepts) : store.get(key)), acceptValue)

  return {
    get,
    getMany: (keys) =>
      store.getMany
        ? inBatches(keys, mostKeys, async (batch) =>
            call(
              'getMany',
              async () => store.getMany?.(batch),
              (values) => acceptValues(values, batch.length),
              {
                timeouts: Math.ceil(batch.length / callsAtOnce)
              }
            )
          )
        : eachOf(keys, async (key) => get(key)),
    mostKeys: store.getMany ? mostKeys : callsAtOnce,
    compareAndSet: (key, expected, value, expiresAt) =>
      call('compareAndSet', () => store.compareAndSet(key, expected, value, expiresAt), acceptBoolean, {
        known: [expected, value]
      }),
    delete: async (key) => call('delete', () => store.delete(key), ignore),
    async *keys(prefix) {
      if (!store.keys) throw new SessionError('STORE_LACKS_METHOD', 'list() without a user needs a store with keys()')
      const listing = listKeys(store, prefix)
      const options = { timeouts: timeoutsOfBatches }
      try {
        for (;;) {
          const key = await call('keys', () => listing.next(), acceptKey, options)
          if (key === undefined) return
          yield key
        }
      } finally {
        // A caller that stops early continues once the engine's cursor is closed, or does not respond.
        await Promise.resolve(call('keys', () => listing.return(undefined), ignore)).catch(ignore)
      }
    },
    deleteExpired: async (background = false) =>
      call('deleteExpired', async () => store.deleteExpired?.(), acceptCount, {
        timeouts: timeoutsOfBatches,
        background
      }),
    close: async () => call('close', async () => store.close?.(), ignore, { timeouts: 10 }),
    waitForEarlier: (earlier) =>
      bound(earlier, {
        milliseconds: storeTimeout * 3,
        late: () => report('queue', 'STORE_TIMEOUT', 'Earlier writes still wait for the store'),
        accept: ignore
      })
  }
}

/** What a store method returns; a rejection if it throws. */
function resultOf<T>(start: () => Awaitable<T>): Awaitable<T> {
  try {
    return start()
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Whether there is something to wait for. Results that are objects, such as lists, come from async functions here. */
function isPending<T>(result: Awaitable<T>): result is Promise<T> {
  return typeof result === 'object' && result !== null
}

/** Whether the store reports that the failed write changed nothing. */
export function wroteNothing(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && Reflect.get(error.cause, 'wroteNothing') === true
}

/** Name, code and message in one line, the code once. */
function summaryOf(cause: Error): string {
  const code: unknown = Reflect.get(cause, 'code') ?? ''
  return cause.message.includes(String(code)) ? String(cause) : `${cause.name} (${code}): ${cause.message}`
}

function ignore(): undefined {}

function isValue(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

/** A generator, because it turns every fault of an iterable into a rejection. */
async function* listKeys(store: KeyValueStore, prefix: string): AsyncGenerator<unknown, void> {
  yield* (await store.keys?.(prefix)) ?? []
}
