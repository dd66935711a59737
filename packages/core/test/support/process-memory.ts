import type { KeyValueStore } from '../../src/index.ts'
import type { CachedReads } from '../../src/store/cached-reads.ts'

type Watched = KeyValueStore & Required<Pick<KeyValueStore, 'watch'>>

/** Makes a store that answers from memory. A broken one is how the checks are checked. */
export type Cache = (store: Watched) => KeyValueStore & CachedReads

export interface MemoryParts {
  /** Its operations wait for the scheduler. */
  readonly store: KeyValueStore
  readonly cache: Cache
  /** What is stored at first, and held in memory then. */
  readonly stored: ReadonlyMap<string, string>
  /** How many writes of the key came before the value was stored, that one included. */
  writeOf(key: string, value: string): number
  violated(invariant: string, message: string): void
}

/** The values of the store that one explored process has in memory. Hints arrive when the scheduler delivers them. */
export interface ProcessMemory {
  readonly store: KeyValueStore
  /** Resolves when all stored values are in memory. */
  readonly ready: Promise<void>
  /** Keys whose hint is on its way, with the number of their write. */
  readonly hints: { readonly key: string; readonly write: number }[]
  /** Reports that a process has written a key. */
  written(key: string, write: number): void
  /** Delivers the hint at this index. */
  deliver(place: number): void
  /** Reports that the write of the process was confirmed. */
  confirmed(key: string, write: number): void
}

export function createProcessMemory({ store, cache, stored, writeOf, violated }: MemoryParts): ProcessMemory {
  const hints: ProcessMemory['hints'] = []
  const watches: { readonly prefix: string; readonly onKey: (key: string) => void }[] = []
  /** The last write of each key that the process knows of. */
  const known = new Map<string, number>()
  let filling = true

  const cached = cache({
    ...store,
    get: (key) => (filling ? Promise.resolve(stored.get(key)) : store.get(key)),
    watch: async (prefix, onKey) => {
      watches.push({ prefix, onKey })
      return () => {}
    }
  })

  async function fill(): Promise<void> {
    const keys = [...stored.keys()].filter((key) => key.includes('.s.'))
    // The first one starts the watch.
    for (const key of [...keys, ...keys]) await cached.getCached(key, () => true)
    filling = false
  }

  function learn(key: string, write: number): void {
    known.set(key, Math.max(write, known.get(key) ?? 0))
  }

  return {
    store: {
      ...cached,
      getCached: async (key: string, accepts: (value: string) => boolean) => {
        const least = known.get(key) ?? 0
        const value = await cached.getCached(key, accepts)
        if (value !== undefined && writeOf(key, value) < least) {
          violated('no-stale-after-hint', `write ${writeOf(key, value)} of ${key} was read, though ${least} was known`)
        }
        return value
      }
    } as KeyValueStore,
    ready: fill(),
    hints,
    written(key, write) {
      if (watches.some(({ prefix }) => key.startsWith(prefix))) hints.push({ key, write })
    },
    deliver(place) {
      const [hint] = hints.splice(place, 1)
      if (hint === undefined) return
      learn(hint.key, hint.write)
      for (const { prefix, onKey } of watches) if (hint.key.startsWith(prefix)) onKey(hint.key)
    },
    confirmed: learn
  }
}
