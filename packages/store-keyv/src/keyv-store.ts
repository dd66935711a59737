import type { AsyncKeyValueStore, Clock } from '@kvsession/core'
import { createKeyedLock } from '@kvsession/core/keyed-lock'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertKeyv, type KeyvClient } from './client.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope } from './envelope.ts'
import { createFailureWatch } from './failure-watch.ts'
import { canIterate, storedValues } from './stored-values.ts'

export interface KeyvStoreOptions {
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** The engine removes a value this many ms after its deadline, so that its clock and ours may differ. */
const grace = 60_000

/**
 * Stores sessions in any engine that Keyv supports. It is non-atomic: it has no `compareAndSet`, so the manager requires
 * `allowNonAtomicStore: true`, and processes that share the engine can undo each other's writes, including logouts. It has
 * `keys` and `deleteExpired` if the adapter can iterate. It never closes the Keyv, and calls nothing before the first use.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createKeyvStore(keyv: KeyvClient, options: KeyvStoreOptions = {}): AsyncKeyValueStore {
  checkStoreOptions<KeyvStoreOptions>(options, { clock: true })
  assertKeyv(keyv)
  const { clock = { now: Date.now } } = options
  const watch = createFailureWatch(keyv)
  const lock = createKeyedLock()

  const read = async (key: string): Promise<Envelope | undefined> =>
    decodeEnvelope(await watch.call(() => keyv.get(key)), key)

  const isLive = ({ expiresAt }: Envelope): boolean => expiresAt > clock.now()

  /** Yields the keys of matching records. Each key comes once, although some engines return one twice. */
  async function* find(passes: (record: Envelope) => boolean): AsyncIterable<string> {
    const seen = new Set<string>()
    const rethrow = watch.begin()
    for await (const stored of storedValues(keyv)) {
      rethrow()
      const record = decodeEnvelope(stored)
      if (record === undefined || seen.has(record.key) || !passes(record)) continue
      seen.add(record.key)
      yield record.key
    }
    rethrow()
  }

  const store: AsyncKeyValueStore = {
    // Keyv deletes expired values while it reads, so a write must not interleave.
    async get(key) {
      const record = await lock.read(key, () => read(key))
      return record !== undefined && isLive(record) ? record.value : undefined
    },
    set: (key, value, expiresAt) =>
      lock.write(key, async () => {
        const ttl = Math.max(0, Math.ceil(expiresAt - clock.now())) + grace
        const stored = await watch.call(() => keyv.set(key, encodeEnvelope({ key, expiresAt, value }), ttl))
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
      // A key may have expired meanwhile, or belong to a namespace whose name contains ours, so get() decides.
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
