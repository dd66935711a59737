import { isSessionError, SessionError, type SessionErrorCode } from '../errors.ts'
import type { SessionEventHandler } from '../events.ts'
import { createDeadlineTimer } from './deadline.ts'
import type { KeyValueStore } from './key-value-store.ts'

/** The store as the manager sees it: bounded in time, its answers checked, its failures typed and reported. */
export interface StoreAccess {
  get(key: string): Promise<string | undefined>
  compareAndSet(key: string, expected: string | undefined, value: string, expiresAt: number): Promise<boolean>
  delete(key: string): Promise<void>
  keys(prefix: string): AsyncIterable<string>
  deleteExpired(): Promise<number>
  /** Bounds the wait for other operations of this process, by a few store timeouts. */
  patience(earlier: Promise<unknown>): Promise<unknown>
}

export type AtomicStore = KeyValueStore & Required<Pick<KeyValueStore, 'compareAndSet'>>

/** The only caller of stores. */
export function createStoreAccess(
  store: AtomicStore,
  storeTimeout: number,
  emit: SessionEventHandler | undefined
): StoreAccess {
  const timer = createDeadlineTimer(storeTimeout)
  const patient = createDeadlineTimer(storeTimeout * 3)

  function fail(operation: string, code: SessionErrorCode, message: string, cause?: unknown): SessionError {
    emit?.({ type: 'storeError', operation, code, cause })
    return new SessionError(code, message, cause === undefined ? undefined : { cause })
  }

  function call<R>(
    operation: string,
    start: () => Promise<unknown>,
    text: string,
    accept: (answer: unknown) => R
  ): Promise<R> {
    let pending: Promise<unknown>
    try {
      pending = Promise.resolve(start())
    } catch (error) {
      pending = Promise.reject(error)
    }
    const late = (): SessionError =>
      fail(
        operation,
        'STORE_TIMEOUT',
        `The store did not answer ${operation}() in ${storeTimeout} ms: check it, or raise storeTimeout`
      )
    return timer.bound(pending, late, accept, (error) => failed(operation, error, text))
  }

  function failed(operation: string, error: unknown, text: string): SessionError {
    // Refused before anything was written, and again however often it is tried: no outage.
    if (isSessionError(error) && error.code === 'RECORD_TOO_LARGE') return error
    return fail(operation, 'STORE_UNAVAILABLE', `The store failed ${operation}(). See cause`, redact(error, text))
  }

  function misbehaved(operation: string, wanted: string): SessionError {
    return fail(operation, 'STORE_MISBEHAVED', `The store's ${operation}() must give ${wanted}. Run @kvsession/testkit`)
  }

  function acceptText(text: unknown): string | undefined {
    if (text === undefined || typeof text === 'string') return text
    throw misbehaved('get', 'a string or undefined')
  }

  function acceptBoolean(written: unknown): boolean {
    if (typeof written === 'boolean') return written
    throw misbehaved('compareAndSet', 'a boolean')
  }

  return {
    get: (key) => call('get', () => store.get(key), '', acceptText),
    compareAndSet: (key, expected, value, expiresAt) =>
      call('compareAndSet', () => store.compareAndSet(key, expected, value, expiresAt), value, acceptBoolean),
    delete: (key) =>
      call(
        'delete',
        () => store.delete(key),
        '',
        () => undefined
      ),
    async *keys(prefix) {
      if (!store.keys) throw new SessionError('STORE_LACKS_METHOD', 'list() without a user needs a store with keys()')
      try {
        yield* store.keys(prefix)
      } catch (error) {
        throw failed('keys', error, '')
      }
    },
    async deleteExpired() {
      // Not bounded by storeTimeout: it runs in batches, beside requests, for as long as there is something to delete.
      const deleted: unknown = await store.deleteExpired?.().catch((error: unknown) => {
        throw failed('deleteExpired', error, '')
      })
      if (deleted !== undefined && typeof deleted !== 'number') throw misbehaved('deleteExpired', 'a number')
      return deleted ?? 0
    },
    patience: (earlier) =>
      patient.bound(
        earlier,
        () => fail('queue', 'STORE_TIMEOUT', 'Earlier writes still wait for the store'),
        () => undefined
      )
  }
}

/** A driver's error may carry the command and its arguments: keep what diagnoses, drop what was being stored. */
function redact(error: unknown, text: string): Error {
  const source = error instanceof Error ? error : new Error(String(error))
  const clean = (part: string): string => (text === '' ? part : part.split(text).join('[record]'))
  const copy = new Error(clean(source.message).slice(0, 500))
  copy.name = source.name
  copy.stack = clean(source.stack ?? '')
  for (const key of ['code', 'errno', 'syscall', 'sqlState', 'errcode']) {
    const value: unknown = Reflect.get(source, key)
    if (typeof value === 'string' || typeof value === 'number') Object.assign(copy, { [key]: value })
  }
  return copy
}
