import { encodeTombstone } from '../record/tombstone.ts'
import { createKeyQueue, type Patience } from './key-queue.ts'
import type { KeyValueStore } from './key-value-store.ts'
import type { AtomicStore } from './store-access.ts'

/**
 * Gives a store without `compareAndSet` the best that one process can: calls for one key take turns, every write reads
 * first, and a delete leaves a tombstone for `tombstoneLifetime`, so that a writer which saw the record before does not
 * bring it back. Between processes, a write that falls between another's read and write is still lost.
 */
export function overNonAtomicStore(
  store: KeyValueStore,
  tombstoneLifetime: number,
  now: () => number,
  writeId: () => string,
  patience: Patience
): AtomicStore {
  const queue = createKeyQueue(patience)

  return {
    get: (key) => store.get(key),
    set: (key, value, expiresAt) => store.set(key, value, expiresAt),
    delete: (key) =>
      queue.run(key, async () => {
        if ((await store.get(key)) !== undefined) {
          await store.set(key, encodeTombstone(writeId()), now() + tombstoneLifetime)
        }
      }),
    compareAndSet: (key, expected, value, expiresAt) =>
      queue.run(key, async () => {
        const text = await store.get(key)
        if (text !== expected) return false
        await store.set(key, value, expiresAt)
        return true
      }),
    ...(store.keys && { keys: (prefix: string) => store.keys?.(prefix) ?? none() }),
    ...(store.deleteExpired && { deleteExpired: async () => (await store.deleteExpired?.()) ?? 0 }),
    ...(store.close && { close: async () => store.close?.() })
  }
}

async function* none(): AsyncIterable<string> {}
