/** What the manager asks a store that keeps in memory what it has read. `createCachedStore` makes one. */
export interface CachedReads {
  /**
   * The value under `key`. From memory, and then as it was at most `maxAge` ago, if there is one that `accepts` takes; else
   * what `get` gives. `accepts` does not throw.
   */
  getCached(key: string, accepts: (value: string) => boolean): Promise<string | undefined>
}
