import type { Clock } from '../clock.ts'
import { type Duration, duration } from '../duration.ts'
import { describeError, SessionError } from '../errors.ts'
import { invalid, keep, refuseUnknown, wholeNumber } from '../option-check.ts'
import type { CachedReads } from './cached-reads.ts'
import { createHintedReads } from './hinted-reads.ts'
import type { Awaitable, KeyValueStore } from './key-value-store.ts'

export interface CachedStoreOptions {
  /**
   * Maximum age of a value in memory, measured from the start of its read; at most `'1m'`. A hint drops the value earlier,
   * so this is the limit if hints are late or lost. Default `'1s'`.
   */
  readonly maxAge?: Duration
  /** Maximum number of values in memory; the oldest are dropped first. Default 10,000. */
  readonly maxEntries?: number
  /** Source of the time in milliseconds. Default: the time since the process started, which never goes back. */
  readonly clock?: Pick<Clock, 'now'>
}

export type CachedStore = KeyValueStore & Required<Pick<KeyValueStore, 'compareAndSet' | 'watch'>> & CachedReads

const longestAge = 60_000

/**
 * A store that keeps the values that it has read in memory, so that most requests that only read a session need no call to
 * the engine. It drops a value when `store.watch` hints at a write or deletion of the key, when hints may have been lost,
 * when this process writes the key, and after `maxAge`. While the store cannot be watched, it keeps no values.
 *
 * Security: if another process revokes, logs out or changes a session, this process serves the previous state until the
 * hint arrives, at most for `maxAge`. Everything else is unchanged: each write is compared with the store itself, and if a
 * session in memory looks ended, superseded or expired, the manager reads it from the store before it decides. The values
 * are as readable in the memory of this process as in the store.
 *
 * Every method, including `get`, fulfils the store contract. Only the manager reads from memory, to open the session of a
 * request; `find`, `list`, `update` and `revoke` read the store. Pass this store directly to the manager: a wrapper
 * without `getCached` disables the cache.
 *
 * @throws SessionError `STORE_LACKS_METHOD` for a store without `watch` or `compareAndSet`; `OPTION_INVALID`, `OPTION_UNKNOWN`
 */
export function createCachedStore(store: KeyValueStore, options: CachedStoreOptions = {}): CachedStore {
  const { watch, compareAndSet } = requiredMethods(store)
  refuseUnknown({ maxAge: keep, maxEntries: keep, clock: keep }, options)
  const maxAge = duration(1_000, 10)(options.maxAge, 'maxAge')
  if (maxAge > longestAge) throw invalid('maxAge', "must be at most '1m': a revoked session may be served for as long")
  const maxEntries = wholeNumber(10_000, 1)(options.maxEntries, 'maxEntries')
  const { clock = { now: () => performance.now() } } = options
  let warned = false
  const reads = createHintedReads({
    read: (key) => new Promise((resolve) => resolve(store.get(key))),
    watch,
    maxAge,
    maxEntries,
    clock,
    onFailure: warn
  })

  function warn(error: unknown): void {
    if (warned) return
    warned = true
    console.warn(`kvsession: the store cannot be watched, so createCachedStore keeps nothing: ${describeError(error)}`)
  }

  /** A read that overlaps a write of this process may return either value, so it is not kept. */
  async function write<T>(key: string, send: () => Awaitable<T>): Promise<T> {
    reads.forget(key)
    try {
      return await send()
    } finally {
      reads.forget(key)
    }
  }

  return {
    get: (key) => reads.get(key),
    getCached: (key, accepts) => reads.getCached(key, accepts),
    set: (key, value, expiresAt) => write(key, () => store.set(key, value, expiresAt)),
    delete: (key) => write(key, () => store.delete(key)),
    compareAndSet: (key, expected, value, expiresAt) =>
      write(key, () => compareAndSet(key, expected, value, expiresAt)),
    watch,
    ...(store.getMany && { getMany: async (keys: readonly string[]) => (await store.getMany?.(keys)) ?? [] }),
    ...(store.keys && { keys: (prefix: string) => store.keys?.(prefix) ?? none() }),
    ...(store.deleteExpired && { deleteExpired: async () => (await store.deleteExpired?.()) ?? 0 }),
    async close() {
      reads.close()
      await store.close?.()
    }
  }
}

function requiredMethods(store: KeyValueStore): Required<Pick<KeyValueStore, 'compareAndSet' | 'watch'>> {
  const { watch, compareAndSet } = store
  if (typeof compareAndSet !== 'function') throw lacks('compareAndSet()')
  if (typeof watch !== 'function') {
    throw lacks('watch(): the memory store, Redis on one server or with sentinels, PostgreSQL with notify: true')
  }
  return {
    compareAndSet: (...args) => compareAndSet.apply(store, args),
    watch: (...args) => watch.apply(store, args)
  }
}

function lacks(what: string): SessionError {
  return new SessionError('STORE_LACKS_METHOD', `createCachedStore needs a store with ${what}`)
}

async function* none(): AsyncIterable<string> {}
