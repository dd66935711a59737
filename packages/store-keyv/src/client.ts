import { SessionError } from '@kvsession/core'

/** What the store calls of a `Keyv`, version 5 or 6. */
export interface KeyvClient {
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttl: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  on(event: 'error', listener: (error: unknown) => void): unknown
  iterator?: ((namespace: undefined) => AsyncIterable<unknown>) | undefined
  /** Version 5 alone. */
  deserializeData?(stored: string): Promise<unknown>
}

const cure =
  "Pass a Keyv of its own: createKeyvStore(new Keyv(adapter, { namespace: 'sessions', throwOnErrors: true }))"

/** @throws SessionError `STORE_INVALID` */
export function assertKeyv(value: unknown): asserts value is KeyvClient {
  for (const method of ['get', 'set', 'delete', 'on']) {
    if (typeof property(value, method) !== 'function') throw misfit(`got no Keyv: ${method}() is missing`)
  }
  // Version 5 swallows what its adapter throws, reads without an event even; version 6 has no such option and emits all.
  if (property(value, 'throwOnErrors') === false) {
    throw misfit('would take failures for absence: the Keyv needs throwOnErrors: true')
  }
  if (property(property(value, 'opts'), 'emitErrors') === false) {
    throw misfit('hears of failures by error events: the Keyv must not have emitErrors: false')
  }
  if (property(property(value, 'sanitize'), 'enabled') === true) {
    throw misfit('needs its keys as they are: the Keyv must not sanitize them')
  }
}

/** Of anything, `undefined` included. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function misfit(what: string): SessionError {
  return new SessionError('STORE_INVALID', `The Keyv store ${what}. ${cure}`)
}
