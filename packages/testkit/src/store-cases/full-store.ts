import assert from 'node:assert/strict'
import type { KeyValueStore } from '@kvsession/core'
import type { FullStore } from './store-case.ts'

/** `store` with every optional method callable, so that a missing one fails its cases by name. */
export function fullStore(store: KeyValueStore): FullStore {
  return {
    get: (key) => store.get(key),
    set: (key, value, expiresAt) => store.set(key, value, expiresAt),
    delete: (key) => store.delete(key),
    compareAndSet: (key, expected, value, expiresAt) =>
      store.compareAndSet?.(key, expected, value, expiresAt) ?? lacks('compareAndSet'),
    keys: (prefix) => store.keys?.(prefix) ?? lacks('keys'),
    deleteExpired: () => store.deleteExpired?.() ?? lacks('deleteExpired'),
    close: () => store.close?.() ?? lacks('close')
  }
}

function lacks(method: string): never {
  assert.fail(`the store has no ${method}(), or it returned nothing`)
}
