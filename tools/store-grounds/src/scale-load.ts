import type { KeyValueStore } from '@kvsession/core'
import type { StoredSession } from './scale-population.ts'

/** Through the store's own `set`, so many at once. */
export async function storeAll(store: KeyValueStore, sessions: Iterable<StoredSession>, atOnce: number): Promise<void> {
  const rest = sessions[Symbol.iterator]()
  const work = async (): Promise<void> => {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      const { key, value, expiresAt } = next.value
      await store.set(key, value, expiresAt)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

export function* inBatches<T>(all: Iterable<T>, size: number): Iterable<readonly T[]> {
  let batch: T[] = []
  for (const one of all) {
    batch.push(one)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
