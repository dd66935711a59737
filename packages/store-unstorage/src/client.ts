import { SessionError } from '@kvsession/core'

/** The methods that the store calls, of a storage from unstorage's `createStorage` or `prefixStorage`. */
export interface UnstorageClient {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: string, options: { ttl: number }): Promise<unknown>
  removeItem(key: string): Promise<unknown>
  hasItem(key: string): Promise<boolean>
  /** Resolves to all keys in one array. */
  getKeys(): Promise<string[]>
  getMount(): { readonly driver: unknown }
}

const hint = 'Pass a separate storage: createUnstorageStore(createStorage({ driver }))'

/** @throws SessionError `STORE_INVALID` */
export function assertStorage(value: unknown): asserts value is UnstorageClient {
  for (const method of ['getItem', 'setItem', 'removeItem', 'hasItem', 'getKeys', 'getMount']) {
    if (typeof property(value, method) !== 'function') throw invalidClient(`got no storage: ${method}() is missing`)
  }
  // A storage silently ignores operations that its driver does not support.
  const driver = mountOf(value)
  for (const method of ['setItem', 'removeItem', 'getKeys']) {
    if (typeof property(driver, method) !== 'function')
      throw invalidClient(`cannot write: its driver has no ${method}()`)
  }
  if (property(property(driver, 'options'), 'readOnly')) throw invalidClient('cannot write: its driver is readOnly')
}

function mountOf(storage: unknown): unknown {
  const getMount = property(storage, 'getMount')
  return typeof getMount === 'function' ? property(Reflect.apply(getMount, storage, []), 'driver') : undefined
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function invalidClient(problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The unstorage store ${problem}. ${hint}`)
}
