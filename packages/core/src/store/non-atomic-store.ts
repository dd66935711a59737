import type { Clock } from '../clock.ts'
import { encodeTombstone } from '../record/tombstone.ts'
import { createKeyQueue } from './key-queue.ts'
import type { KeyValueStore } from './key-value-store.ts'
import type { WaitForEarlier } from './platform.ts'
import type { AtomicStore } from './store-access.ts'

export interface NonAtomicStoreOptions {
  /** How long a deleted key keeps a tombstone, in milliseconds. */
  readonly tombstoneLifetime: number
  readonly clock: Pick<Clock, 'now'>
  readonly newWriteId: () => string
  readonly waitForEarlier: WaitForEarlier
}

/**
 * Adds a `compareAndSet` that is atomic within one process: the calls for a key run one after another, every write reads
 * first, and a delete leaves a tombstone, so that a writer that saw the record before the delete does not restore it.
 * Between processes, a write that falls between another one's read and write is still lost.
 */
export function overNonAtomicStore(
  store: KeyValueStore,
  { tombstoneLifetime, clock, newWriteId, waitForEarlier }: NonAtomicStoreOptions
): AtomicStore {
  const queue = createKeyQueue(waitForEarlier)

  return {
    get: (key) => store.get(key),
    set: (key, value, expiresAt) => store.set(key, value, expiresAt),
    delete: (key) =>
      queue.run(key, async () => {
        if ((await store.get(key)) === undefined) return
        try {
          await store.set(key, encodeTombstone(newWriteId()), clock.now() + tombstoneLifetime)
        } catch {
          // A full store refuses writes, but still deletes.
          await store.delete(key)
        }
      }),
    compareAndSet: (key, expected, value, expiresAt) =>
      queue.run(key, async () => {
        if ((await store.get(key)) !== expected) return false
        await store.set(key, value, expiresAt)
        return true
      }),
    ...(store.getMany && { getMany: async (keys: readonly string[]) => (await store.getMany?.(keys)) ?? [] }),
    ...(store.keys && { keys: (prefix: string) => store.keys?.(prefix) ?? none() }),
    ...(store.deleteExpired && { deleteExpired: async () => (await store.deleteExpired?.()) ?? 0 }),
    ...(store.close && { close: async () => store.close?.() })
  }
}

async function* none(): AsyncIterable<string> {}
