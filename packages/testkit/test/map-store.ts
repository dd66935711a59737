import type { KeyValueStore } from '@kvsession/core'

export interface Entry {
  value: string
  expiresAt: number
}

export type Entries = Map<string, Entry>

export type MapStore = Required<Omit<KeyValueStore, 'watch'>>

/** The smallest correct store: every method is one synchronous step on a map, so no other call can interleave. */
export function createMapStore(now: () => number, entries: Entries = new Map()): MapStore {
  const read = (key: string): string | undefined => {
    const entry = entries.get(key)
    return entry !== undefined && entry.expiresAt > now() ? entry.value : undefined
  }
  return {
    get: async (key) => read(key),
    getMany: async (keys) => keys.map(read),
    set: async (key, value, expiresAt) => {
      entries.set(key, { value, expiresAt })
    },
    delete: async (key) => {
      entries.delete(key)
    },
    compareAndSet: async (key, expected, value, expiresAt) => {
      if (read(key) !== expected) return false
      entries.set(key, { value, expiresAt })
      return true
    },
    keys: async function* (prefix) {
      for (const key of [...entries.keys()]) if (key.startsWith(prefix) && read(key) !== undefined) yield key
    },
    deleteExpired: async () => {
      const expired = [...entries].filter(([, entry]) => entry.expiresAt <= now())
      for (const [key] of expired) entries.delete(key)
      return expired.length
    },
    close: async () => {}
  }
}
