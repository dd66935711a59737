import { type KeyvClient, property } from './client.ts'

/**
 * If the adapter cannot iterate, `iterator()` of both versions yields nothing and throws no error.
 */
export function canIterate(keyv: KeyvClient): boolean {
  if (typeof keyv.iterator !== 'function') return false
  const adapter = property(keyv, 'store')
  const methods = property(property(adapter, 'capabilities'), 'methods')
  if (methods === undefined) return true
  const isMap = typeof property(property(adapter, 'store'), 'entries') === 'function'
  return isMap || property(property(methods, 'iterator'), 'exists') === true
}

/** Yields the values in a Keyv's namespace, as they were passed to `set()`. */
export async function* storedValues(keyv: KeyvClient): AsyncIterable<unknown> {
  if (keyv.deserializeData === undefined) {
    for await (const entry of keyv.iterator?.(undefined) ?? []) yield Array.isArray(entry) ? entry[1] : entry
    return
  }
  // The iterator() of version 5 throws if an entry disappears, and confuses namespaces that contain each other.
  const namespace = property(keyv, 'useKeyPrefix') === false ? undefined : property(keyv, 'namespace')
  for await (const entry of entriesOf(property(keyv, 'store'))) {
    const [key, stored]: unknown[] = Array.isArray(entry) ? entry : []
    if (typeof key !== 'string' || typeof stored !== 'string') continue
    if (typeof namespace === 'string' && !key.startsWith(`${namespace}:`)) continue
    yield property(await keyv.deserializeData(stored), 'value')
  }
}

function entriesOf(adapter: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  if (adapter instanceof Map) return adapter
  const iterator = property(adapter, 'iterator')
  return isIterator(iterator) ? iterator.call(adapter, property(adapter, 'namespace')) : []
}

function isIterator(value: unknown): value is (this: unknown, namespace: unknown) => AsyncIterable<unknown> {
  return typeof value === 'function'
}
