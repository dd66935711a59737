import type { MysqlStore } from '../../src/index.ts'

export const later: number = Date.UTC(9999, 0)

/** One call of every method, on keys that may or may not exist. */
export function callsOf(store: MysqlStore): Record<string, () => Promise<unknown>> {
  return {
    get: () => store.get('key'),
    set: () => store.set('key', 'top secret', later),
    delete: () => store.delete('key'),
    create: () => store.compareAndSet('new', undefined, 'top secret', later),
    replace: () => store.compareAndSet('key', 'old', 'top secret', later),
    keys: () => keysOf(store, ''),
    deleteExpired: () => store.deleteExpired()
  }
}

export async function keysOf(store: MysqlStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys(prefix)) keys.push(key)
  return keys
}

/** Resolves to the rejection of a promise. Fails if the promise resolves. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error })
  )
  if ('error' in outcome) return outcome.error
  throw new Error(`It resolved to ${String(outcome.value)}`)
}
