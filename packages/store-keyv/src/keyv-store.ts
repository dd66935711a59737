import type { Clock, KeyValueStore } from '@kvsession/core'
import { createKeyedLock } from '@kvsession/core/keyed-lock'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertKeyv, type KeyvClient } from './client.ts'
import { createFailureWatch } from './failure-watch.ts'
import { decodeRecord, encodeRecord, type StoredRecord } from './record.ts'
import { canIterate, storedTexts } from './stored-texts.ts'

export interface KeyvStoreOptions {
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** The engine collects this many ms after the deadline, so that its clock and ours may differ. */
const grace = 60_000

/**
 * Sessions in whatever Keyv reaches. Non-atomic: it has no `compareAndSet`, so the manager asks for
 * `allowNonAtomicStore: true`, and processes that share the engine can undo one another's writes, logouts among them.
 * Has `keys` and `deleteExpired` if the adapter can iterate. Never closes the Keyv; calls nothing before the first use.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createKeyvStore(keyv: KeyvClient, options: KeyvStoreOptions = {}): KeyValueStore {
  checkStoreOptions<KeyvStoreOptions>(options, { clock: true })
  assertKeyv(keyv)
  const { clock = { now: Date.now } } = options
  const watch = createFailureWatch(keyv)
  const lock = createKeyedLock()

  const read = async (key: string): Promise<StoredRecord | undefined> =>
    decodeRecord(await watch.call(() => keyv.get(key)), key)

  const isLive = ({ expiresAt }: StoredRecord): boolean => expiresAt > clock.now()

  /** Keys of the records that pass, each once, as some engines find one twice. */
  async function* find(passes: (record: StoredRecord) => boolean): AsyncIterable<string> {
    const seen = new Set<string>()
    const rethrow = watch.begin()
    for await (const text of storedTexts(keyv)) {
      rethrow()
      const record = decodeRecord(text)
      if (record === undefined || seen.has(record.key) || !passes(record)) continue
      seen.add(record.key)
      yield record.key
    }
    rethrow()
  }

  const store: KeyValueStore = {
    // Keyv deletes what it finds expired while it reads: a write must not fall in between.
    async get(key) {
      const record = await lock.read(key, () => read(key))
      return record !== undefined && isLive(record) ? record.value : undefined
    },
    set: (key, value, expiresAt) =>
      lock.write(key, async () => {
        const ttl = Math.max(0, Math.ceil(expiresAt - clock.now())) + grace
        const stored = await watch.call(() => keyv.set(key, encodeRecord({ key, expiresAt, value }), ttl))
        if (stored === false) throw new Error('Keyv did not store the value: its set() resolved to false')
      }),
    delete: (key) =>
      lock.write(key, async () => {
        await watch.call(() => keyv.delete(key))
      })
  }
  if (!canIterate(keyv)) return store
  return {
    ...store,
    async *keys(prefix) {
      // What was passed on the way may be over, or of a namespace whose name contains ours: get() decides.
      for await (const key of find((record) => record.key.startsWith(prefix) && isLive(record))) {
        if ((await store.get(key)) !== undefined) yield key
      }
    },
    async deleteExpired() {
      let deleted = 0
      for await (const key of find((record) => !isLive(record))) {
        await lock.write(key, async () => {
          const record = await read(key)
          if (record === undefined || isLive(record)) return
          await watch.call(() => keyv.delete(key))
          deleted++
        })
      }
      return deleted
    }
  }
}
