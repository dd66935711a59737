import { SessionError } from '@kvsession/core'

/** The methods of a `Keyv`, version 5 or 6, that the store calls. */
export interface KeyvClient {
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttl: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  on(event: 'error', listener: (error: unknown) => void): unknown
  iterator?: ((namespace: undefined) => AsyncIterable<unknown>) | undefined
  /** Only in version 5. */
  deserializeData?(stored: string): Promise<unknown>
}

const hint = "Pass a separate Keyv: createKeyvStore(new Keyv(adapter, { namespace: 'sessions', throwOnErrors: true }))"

/** @throws SessionError `STORE_INVALID` */
export function assertKeyv(value: unknown): asserts value is KeyvClient {
  for (const method of ['get', 'set', 'delete', 'on']) {
    if (typeof property(value, method) !== 'function') throw invalidClient(`got no Keyv: ${method}() is missing`)
  }
  // Version 5 ignores errors of its adapter, for reads even without an event. Version 6 emits all and has no such option.
  if (property(value, 'throwOnErrors') === false) {
    throw invalidClient('would treat failures as absent keys: the Keyv needs throwOnErrors: true')
  }
  if (property(property(value, 'opts'), 'emitErrors') === false) {
    throw invalidClient('needs error events to detect failures: the Keyv must not have emitErrors: false')
  }
  if (property(property(value, 'sanitize'), 'enabled') === true) {
    throw invalidClient('needs unchanged keys: the Keyv must not sanitize them')
  }
}

/** Reads a property of any value, including `undefined`. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function invalidClient(problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The Keyv store ${problem}. ${hint}`)
}
