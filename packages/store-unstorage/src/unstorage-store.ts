import type { Clock, KeyValueStore } from '@kvsession/core'
import { createKeyedLock } from '@kvsession/core/keyed-lock'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertStorage, type UnstorageClient } from './client.ts'
import { decodeRecord, encodeRecord, type StoredRecord } from './record.ts'

export interface UnstorageStoreOptions {
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** An engine that expires keys collects this many seconds after the deadline, so that its clock and ours may differ. */
const grace = 60
/** How many records `keys` and `deleteExpired` read at a time. */
const pageSize = 50

/**
 * Sessions in whatever an unstorage driver reaches. Non-atomic: it has no `compareAndSet`, so the manager asks for
 * `allowNonAtomicStore: true`, and processes that share the engine can undo one another's writes, logouts among them.
 * `keys` and `deleteExpired` take all keys of the storage into memory at once. Never disposes of the storage; calls
 * nothing of its driver before the first use.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createUnstorageStore(
  storage: UnstorageClient,
  options: UnstorageStoreOptions = {}
): KeyValueStore & Required<Pick<KeyValueStore, 'keys' | 'deleteExpired'>> {
  checkStoreOptions<UnstorageStoreOptions>(options, { clock: true })
  assertStorage(storage)
  const { clock = { now: Date.now } } = options
  // Some drivers write in place: a read must not fall into a write, nor a write into another.
  const lock = createKeyedLock()

  const read = async (key: string): Promise<StoredRecord | undefined> =>
    decodeRecord(key, await storage.getItem(itemOf(key)))

  const write = async (key: string, record: StoredRecord): Promise<void> => {
    const ttl = Math.max(0, Math.ceil((record.expiresAt - clock.now()) / 1000)) + grace
    await storage.setItem(itemOf(key), encodeRecord(key, record), { ttl })
  }

  const isLive = (record: StoredRecord | undefined): boolean => record !== undefined && record.expiresAt > clock.now()

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
        // The file drivers hide a removal that failed; a write that failed they do not.
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

/** Storages and file drivers refuse `.`, `..` and keys that end with `..`. */
function itemOf(key: string): string {
  return `${key}_`
}
