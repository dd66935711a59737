import type { AsyncKeyValueStore, Clock } from '@kvsession/core'
import { createKeyedLock } from '@kvsession/core/keyed-lock'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertStorage, type UnstorageClient } from './client.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope } from './envelope.ts'

export interface UnstorageStoreOptions {
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** An engine that expires keys removes them this many seconds after the deadline, so that its clock and ours may differ. */
const grace = 60
/** Number of records that `keys` and `deleteExpired` read concurrently. */
const pageSize = 50

/**
 * Stores sessions in any engine with an unstorage driver. It is non-atomic: it has no `compareAndSet`, so the manager
 * requires `allowNonAtomicStore: true`, and processes that share the engine can undo each other's writes, including logouts.
 * `keys` and `deleteExpired` load all keys of the storage into memory. It never disposes of the storage, and calls no
 * driver method before the first use.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createUnstorageStore(
  storage: UnstorageClient,
  options: UnstorageStoreOptions = {}
): AsyncKeyValueStore & Required<Pick<AsyncKeyValueStore, 'keys' | 'deleteExpired'>> {
  checkStoreOptions<UnstorageStoreOptions>(options, { clock: true })
  assertStorage(storage)
  const { clock = { now: Date.now } } = options
  // Some drivers write in place, so reads and writes of a key must not overlap.
  const lock = createKeyedLock()

  const read = async (key: string): Promise<Envelope | undefined> =>
    decodeEnvelope(key, await storage.getItem(itemOf(key)))

  const write = async (key: string, record: Envelope): Promise<void> => {
    const ttl = Math.max(0, Math.ceil((record.expiresAt - clock.now()) / 1000)) + grace
    await storage.setItem(itemOf(key), encodeEnvelope(key, record), { ttl })
  }

  const isLive = (record: Envelope | undefined): boolean => record !== undefined && record.expiresAt > clock.now()

  async function* pages(prefix: string): AsyncIterable<string[]> {
    const items = (await storage.getKeys()).filter((item) => /^[A-Za-z0-9._-]+_$/.test(item) && item.startsWith(prefix))
    const keys = Array.from(new Set(items), (item) => item.slice(0, -1)).filter((key) => key.startsWith(prefix))
    for (let start = 0; start < keys.length; start += pageSize) yield keys.slice(start, start + pageSize)
  }

  async function deleteIfExpired(key: string): Promise<number> {
    const record = await read(key)
    if (record === undefined || isLive(record)) return 0
    await storage.removeItem(itemOf(key))
    return (await storage.hasItem(itemOf(key))) ? 0 : 1
  }

  return {
    async get(key) {
      const record = await lock.read(key, () => read(key))
      return isLive(record) ? record?.value : undefined
    },
    set: (key, value, expiresAt) => lock.write(key, () => write(key, { value, expiresAt })),
    delete: (key) =>
      lock.write(key, async () => {
        // The file drivers hide a failed removal, but not a failed write.
        await write(key, { value: '', expiresAt: 0 })
        await storage.removeItem(itemOf(key))
      }),
    async *keys(prefix) {
      for await (const page of pages(prefix)) {
        const records = await Promise.all(page.map((key) => lock.read(key, () => read(key))))
        yield* page.filter((_, index) => isLive(records[index]))
      }
    },
    async deleteExpired() {
      let deleted = 0
      for await (const page of pages('')) {
        const counts = await Promise.all(page.map((key) => lock.write(key, () => deleteIfExpired(key))))
        for (const count of counts) deleted += count
      }
      return deleted
    }
  }
}

/** Escapes keys, because storages and file drivers refuse `.`, `..` and keys that end with `..`. */
function itemOf(key: string): string {
  return `${key}_`
}
