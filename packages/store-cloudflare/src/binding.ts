import { SessionError } from '@kvsession/core'

/** @throws SessionError `STORE_INVALID` if the binding is missing or of another kind. */
export function assertMethods(binding: unknown, methods: readonly string[], store: string, hint: string): void {
  const missing = methods.find((method) => typeof property(binding, method) !== 'function')
  if (missing === undefined) return
  const found = binding === undefined || binding === null ? 'no binding' : `a binding without ${missing}()`
  throw storeInvalid(`The ${store} store got ${found}. ${hint}`)
}

/** Reads a property of any value, including `undefined`. Bindings may be functions. */
export function property(value: unknown, name: string): unknown {
  const has = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return has ? Reflect.get(value, name) : undefined
}

export function storeInvalid(message: string, cause?: unknown): SessionError {
  return new SessionError('STORE_INVALID', message, cause === undefined ? undefined : { cause })
}
