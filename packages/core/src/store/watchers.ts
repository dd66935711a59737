/** Those who watch the keys of one process, each with its prefix. */
export interface Watchers {
  /** @returns a function that ends the watch. */
  add(prefix: string, onKey: (key: string) => void): () => void
  /** Tells the watchers of `key`. */
  notify(key: string): void
}

interface Watcher {
  readonly prefix: string
  readonly onKey: (key: string) => void
}

export function createWatchers(): Watchers {
  const watchers = new Set<Watcher>()

  function isWatched(watcher: Watcher, key: string): boolean {
    return watchers.has(watcher) && key.startsWith(watcher.prefix)
  }

  return {
    add(prefix, onKey) {
      const watcher = { prefix, onKey }
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
    notify(key) {
      if (watchers.size === 0) return
      for (const watcher of watchers) {
        // Later, so that a watcher that throws or writes disturbs no write. It may have ended its watch by then.
        if (isWatched(watcher, key)) queueMicrotask(() => isWatched(watcher, key) && watcher.onKey(key))
      }
    }
  }
}
