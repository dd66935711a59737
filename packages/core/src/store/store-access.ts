import { isSessionError, SessionError, type SessionErrorCode } from '../errors.ts'
import type { SessionEventHandler } from '../events.ts'
import { bound } from './deadline.ts'
import type { KeyValueStore } from './key-value-store.ts'

/** The store as the manager sees it: calls are bounded in time, results checked, failures typed and reported. */
export interface StoreAccess {
  get(key: string): Promise<string | undefined>
  compareAndSet(key: string, expected: string | undefined, value: string, expiresAt: number): Promise<boolean>
  delete(key: string): Promise<void>
  keys(prefix: string): AsyncIterable<string>
  deleteExpired(): Promise<number>
  /** Bounds the wait for earlier operations of this process by three store timeouts. */
  waitForEarlier(earlier: Promise<unknown>): Promise<unknown>
}

export type AtomicStore = KeyValueStore & Required<Pick<KeyValueStore, 'compareAndSet'>>

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

  /** @param record what the call stores: errors must not contain it. */
  function call<R>(
    operation: string,
    start: () => Promise<unknown>,
    accept: (answer: unknown) => R,
    record = ''
  ): Promise<R> {
    let pending: Promise<unknown>
    try {
      pending = Promise.resolve(start())
    } catch (error) {
      pending = Promise.reject(error)
    }
    const message = `The store did not answer ${operation}() in ${storeTimeout} ms: check it, or raise storeTimeout`
    return bound(pending, {
      milliseconds: storeTimeout,
      late: () => report(operation, 'STORE_TIMEOUT', message),
      accept,
      refuse: (error) => unavailable(operation, error, record)
    })
  }

  function unavailable(operation: string, error: unknown, record = ''): SessionError {
    // The store refused before it wrote anything, and would refuse again: no outage.
    if (isSessionError(error) && error.code === 'RECORD_TOO_LARGE') return error
    return report(operation, 'STORE_UNAVAILABLE', `The store failed ${operation}(). See cause`, redact(error, record))
  }

  function misbehaved(operation: string, wanted: string): SessionError {
    return report(
      operation,
      'STORE_MISBEHAVED',
      `The store's ${operation}() must give ${wanted}. Run @kvsession/testkit`
    )
  }

  function acceptValue(value: unknown): string | undefined {
    if (value === undefined || typeof value === 'string') return value
    throw misbehaved('get', 'a string or undefined')
  }

  function acceptBoolean(written: unknown): boolean {
    if (typeof written === 'boolean') return written
    throw misbehaved('compareAndSet', 'a boolean')
  }

  return {
    get: (key) => call('get', () => store.get(key), acceptValue),
    compareAndSet: (key, expected, value, expiresAt) =>
      call('compareAndSet', () => store.compareAndSet(key, expected, value, expiresAt), acceptBoolean, value),
    delete: (key) => call('delete', () => store.delete(key), ignore),
    async *keys(prefix) {
      if (!store.keys) throw new SessionError('STORE_LACKS_METHOD', 'list() without a user needs a store with keys()')
      try {
        yield* store.keys(prefix)
      } catch (error) {
        throw unavailable('keys', error)
      }
    },
    async deleteExpired() {
      // Not bounded by storeTimeout: it runs in batches, beside requests, for as long as there is something to delete.
      const deleted: unknown = await store.deleteExpired?.().catch((error: unknown) => {
        throw unavailable('deleteExpired', error)
      })
      if (deleted !== undefined && typeof deleted !== 'number') throw misbehaved('deleteExpired', 'a number')
      return deleted ?? 0
    },
    waitForEarlier: (earlier) =>
      bound(earlier, {
        milliseconds: storeTimeout * 3,
        late: () => report('queue', 'STORE_TIMEOUT', 'Earlier writes still wait for the store'),
        accept: ignore
      })
  }
}

/** Whether the store says of the write that failed that it changed nothing. */
export function wroteNothing(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && Reflect.get(error.cause, 'wroteNothing') === true
}

function ignore(): undefined {}

/** Copies an error without the record: a driver's error may contain the command and its arguments. */
function redact(error: unknown, record: string): Error {
  const source = error instanceof Error ? error : new Error(String(error))
  const clean = (part: string): string => (record === '' ? part : part.split(record).join('[record]'))
  const copy = new Error(clean(source.message).slice(0, 500))
  copy.name = source.name
  copy.stack = clean(source.stack ?? '')
  for (const key of ['code', 'errno', 'syscall', 'sqlState', 'errcode', 'wroteNothing']) {
    const value: unknown = Reflect.get(source, key)
    if (typeof value === 'string' || typeof value === 'number' || value === true) Object.assign(copy, { [key]: value })
  }
  return copy
}
