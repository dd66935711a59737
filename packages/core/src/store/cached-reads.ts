/** What the manager uses of a store that keeps values in memory, such as that of `createCachedStore`. */
export interface CachedReads {
  /**
   * The value under `key`: from memory, at most `maxAge` old, if `accepts` returns true for it; otherwise the result of `get`.
   * `accepts` does not throw.
   */
  getCached(key: string, accepts: (value: string) => boolean): Promise<string | undefined>
}
