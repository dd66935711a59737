import type { Clock } from '../clock.ts'
import { type Duration, duration } from '../duration.ts'
import { describeError, SessionError } from '../errors.ts'
import { invalid, keep, refuseUnknown, wholeNumber } from '../option-check.ts'
import type { CachedReads } from './cached-reads.ts'
import { createHintedReads } from './hinted-reads.ts'
import type { KeyValueStore } from './key-value-store.ts'

export interface CachedStoreOptions {
  /**
   * How old a value from memory may be, counted from when the store was asked for it; at most `'1m'`. Hints drop it earlier:
   * this is the limit where hints are late or lost. Default `'1s'`.
   */
  readonly maxAge?: Duration
  /** Most values held in memory; the oldest go first. Default 10,000. */
  readonly maxEntries?: number
  /** Where the time comes from, in milliseconds. Default: the time since the process started, which nobody sets back. */
  readonly clock?: Pick<Clock, 'now'>
}

export type CachedStore = KeyValueStore & Required<Pick<KeyValueStore, 'compareAndSet' | 'watch'>> & CachedReads

const longestAge = 60_000

/**
 * A store that keeps in memory what it has read, so that most requests that only read a session ask the engine nothing. A
 * value leaves the memory at the first hint of `store.watch` that its key was written or deleted, when hints may have been
 * lost, when this process writes the key, and after `maxAge`. While the store cannot be watched, nothing is kept.
 *
 * Security: a session that was revoked, logged out or changed in another process is served as it was until the hint is
 * there, at most for `maxAge`. Nothing else changes: every write is compared with the store itself, and what looks ended,
 * superseded or expired in memory is read from the store before the manager decides. The values are as readable in this
 * process's memory as they are in the store.
 *
 * Every method, `get` among them, keeps the store contract. Only the manager looks into the memory, to open the session of a
 * request; `find`, `list`, `update` and `revoke` read the store. Pass the store itself to the manager: a wrapper that
 * leaves out `getCached` leaves out the cache.
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
  const reads = createHintedReads({ read: (key) => store.get(key), watch, maxAge, maxEntries, clock, onFailure: warn })

  function warn(error: unknown): void {
    if (warned) return
    warned = true
    console.warn(`kvsession: the store cannot be watched, so createCachedStore keeps nothing: ${describeError(error)}`)
  }

  /** A read that overlaps a write of this process may have either value: it is not kept. */
  async function write<T>(key: string, send: () => Promise<T>): Promise<T> {
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
