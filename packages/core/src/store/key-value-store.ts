/** A result, or a promise of it. */
export type Awaitable<T> = T | Promise<T>

/**
 * The contract between the session manager and a storage engine. This file is the specification: every sentence
 * below is a case in `@kvsession/testkit`, and a third-party store is an object literal that passes them.
 *
 * Vocabulary. A key is *live* when a value was written under it, it was not deleted since, and its `expiresAt` lies in
 * the future. Everything else is *absent*: never written, deleted, or past its expiry. Absence is a value, not an error.
 *
 * - Keys match `[A-Za-z0-9._-]{1,200}`. The manager never passes any other key, so a store may use them unescaped.
 * - Values are strings: well-formed Unicode without U+0000, from the empty string to 1 MiB. A value comes back exactly as
 *   written: not parsed, trimmed, folded or normalised, whatever it contains.
 * - An engine that holds less than 1 MiB documents its largest value: at least 100,000 bytes of UTF-8. A write of a larger
 *   one rejects with `RECORD_TOO_LARGE` and changes nothing; as `expected` it matches nothing.
 * - `expiresAt` is epoch milliseconds, absolute and mandatory. The store enforces it on every read: a value whose
 *   `expiresAt` is not later than now is absent for every method, whether or not the engine has collected it. An
 *   engine's own expiry is a garbage collector and nothing else; when it only knows seconds, round up.
 * - A method rejects when, and only when, the engine could not do what was asked. It never hides a failure in a
 *   return value and never retries a write whose outcome it does not know.
 * - A write that rejects may have taken effect: the manager reads before it continues. A store that knows that `set`,
 *   `delete` or `compareAndSet` changed nothing, and that nothing of the call takes effect later, rejects with an `Error`
 *   whose property `wroteNothing` is `true`. The manager then reports the failure at once and does not repeat the write.
 *   So a store that can wait for an obstacle, such as a lock, does so itself: for a bounded time, and without blocking the
 *   event loop.
 * - `get` and `compareAndSet` of an embedded engine may return their result without a promise, which saves a request up to a
 *   quarter of what a session costs. A failure is a rejection all the same.
 * - Methods may be called concurrently, in any number, from any number of processes if the engine is shared.
 *
 * A capability is the presence of a method. There are no flags.
 */
export interface KeyValueStore {
  /** The live value under `key`; `undefined` when absent. Sees every write that resolved before the call began. */
  get(key: string): Awaitable<string | undefined>

  /**
   * The live values under `keys`, in their order, `undefined` for each that is absent. Of each key it is what `get` would
   * have given at some moment of the call. Takes from 1 to 100 different keys. One request to the engine, or requests that
   * are sent together: a store whose requests would wait for one another leaves it out, and the manager calls `get` for
   * several keys at once.
   */
  getMany?(keys: readonly string[]): Promise<(string | undefined)[]>

  /** Writes `value` whether or not the key is live. An `expiresAt` already past leaves the key absent. */
  set(key: string, value: string, expiresAt: number): Promise<void>

  /** Makes the key absent. Deleting an absent key is not an error. Once it resolved, no earlier write comes back. */
  delete(key: string): Promise<void>

  /**
   * The one atomic operation. Writes `value` only if the key's live value is exactly `expected` (`undefined`: nothing live
   * there) and resolves to whether it wrote. Comparison is byte for byte: case, accents, trailing spaces count. An
   * expired value never matches its old content and always matches `undefined`. Of any number of concurrent calls that
   * expect the same state, exactly one resolves to `true`. Atomic against `set`, `delete` and `deleteExpired` too, and
   * against other processes if the engine is shared. When it resolves to `false`, nothing has changed. An engine that
   * compares revisions may resolve to `false` also when another write left the value as it was: the manager reads again.
   *
   * A store without it is *non-atomic*: the manager refuses it unless `allowNonAtomicStore` is set.
   */
  compareAndSet?(key: string, expected: string | undefined, value: string, expiresAt: number): Awaitable<boolean>

  /**
   * Live keys that start with `prefix`, each once, in no particular order. Reads in pages and never blocks the engine.
   * A key that is live for the whole iteration appears; one written or deleted meanwhile may or may not. `prefix` is
   * a literal string, possibly empty: `_`, `.` and `-` are not wildcards. Needed by `manager.list()` without a user.
   */
  keys?(prefix: string): AsyncIterable<string>

  /**
   * Deletes what has expired and resolves to the number of values it removed. Works in batches that do not block
   * concurrent readers or writers. The deleting statement repeats the expiry condition, so that a value written a
   * moment ago is never removed. Only for engines that do not expire keys themselves.
   */
  deleteExpired?(): Promise<number>

  /**
   * Watches the keys that start with `prefix`, a literal string as in `keys`. Resolves once hints arrive, to a function that
   * ends the watch; calling it twice is not an error. Rejects when the engine cannot be watched now.
   *
   * A hint is a call of `onKey(key)` some time after the key was written or deleted, by this store or by any other client of
   * the engine. A read that begins after the hint sees that write. One hint may stand for several writes; a hint may come
   * without a write, and may be lost. No hint is for a key outside of `prefix`, and none comes after the end of the watch.
   * Expiry need not give one. Neither `onKey` nor `onGap` throws.
   *
   * `onGap(false)` says that hints have stopped, for example because the connection ended; `onGap(true)` says that they arrive,
   * and that some before that moment may have been lost. After `onGap(false)` the store resumes the watch by itself, until it is ended.
   *
   * The manager relies on no hint: nothing that it decides is wrong when all of them are lost. For `createCachedStore`.
   */
  watch?(prefix: string, onKey: (key: string) => void, onGap: (watching: boolean) => void): Promise<() => void>

  /** Releases what the store itself opened, never a client that was passed in. Closing twice is not an error. */
  close?(): Promise<void>
}

/** A store whose methods always return promises, as those of engines on a network do. */
export interface AsyncKeyValueStore extends KeyValueStore {
  get(key: string): Promise<string | undefined>
  compareAndSet?(key: string, expected: string | undefined, value: string, expiresAt: number): Promise<boolean>
}

/**
 * The version of this contract, `major.minor`. The major number rises when a store that was correct may no longer be, the
 * minor one when an optional method is added.
 */
export const storeContractVersion: string = '1.1'
