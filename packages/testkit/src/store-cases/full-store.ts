import assert from 'node:assert/strict'
import type { KeyValueStore } from '@kvsession/core'
import type { PendingCalls } from './pending-calls.ts'
import type { FullStore } from './store-case.ts'

/** Makes every optional method of `store` callable. A missing method fails its cases with its name. */
export function fullStore(store: KeyValueStore, { track }: PendingCalls): FullStore {
  return {
    // An exception must not pass for a rejection here.
    get: (key) => track('get', key, () => Promise.resolve(store.get(key))),
    getMany: (keys) => track('getMany', keys[0], () => store.getMany?.(keys) ?? lacks('getMany')),
    set: (key, value, expiresAt) => track('set', key, () => store.set(key, value, expiresAt)),
    delete: (key) => track('delete', key, () => store.delete(key)),
    compareAndSet: (key, expected, value, expiresAt) =>
      track('compareAndSet', key, () =>
        Promise.resolve(store.compareAndSet?.(key, expected, value, expiresAt) ?? lacks('compareAndSet'))
      ),
    async *keys(prefix) {
      const iterator = (store.keys?.(prefix) ?? lacks('keys'))[Symbol.asyncIterator]()
      try {
        for (;;) {
          const { done, value } = await track('keys', prefix, () => iterator.next())
          if (done) return
          yield value
        }
      } finally {
        await iterator.return?.()
      }
    },
    deleteExpired: () => track('deleteExpired', undefined, () => store.deleteExpired?.() ?? lacks('deleteExpired')),
    watch: (prefix, onKey, onGap) =>
      track('watch', prefix, () => store.watch?.(prefix, onKey, onGap) ?? lacks('watch')),
    close: () => track('close', undefined, () => store.close?.() ?? lacks('close'))
  }
}

function lacks(method: string): never {
  assert.fail(`the store has no ${method}(), or it returned nothing`)
}
