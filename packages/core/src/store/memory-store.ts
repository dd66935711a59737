import { type Clock, systemClock } from '../clock.ts'
import { keep, refuseUnknown } from '../option-check.ts'
import { BoundedEntries, type Entry } from './bounded-entries.ts'
import type { KeyValueStore } from './key-value-store.ts'

export interface MemoryStoreOptions {
  /**
   * The most values to keep. A new one beyond that drops expired ones first, then the least recently written session; the
   * index of a user only when there is nothing else. Up to 256 values the choice is exact; beyond that the store checks
   * 256 per write. Default: unlimited.
   */
  readonly maxEntries?: number
  readonly clock?: Pick<Clock, 'now'>
}

export type MemoryStore = Required<Omit<KeyValueStore, 'getMany' | 'close'>>

const chunkSize = 1000

/**
 * Sessions in this process's memory: they are lost when it ends, and no other process sees them. For development, tests,
 * and a single process that may log all users out when it restarts. Runs no timers; expired values are removed when they
 * are read, when `maxEntries` is reached, and by `deleteExpired`. The reference for the store contract.
 *
 * @throws SessionError `OPTION_INVALID`
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  refuseUnknown({ maxEntries: keep, clock: keep }, options)
  const { maxEntries, clock = systemClock } = options
  const entries = maxEntries === undefined ? new Map<string, Entry>() : new BoundedEntries(maxEntries, clock)
  const watchers = new Set<(key: string) => unknown>()

  function read(key: string): string | undefined {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAt > clock.now()) return entry.value
    entries.delete(key)
    return undefined
  }

  function write(key: string, value: string, expiresAt: number): void {
    if (expiresAt > clock.now()) entries.set(key, { value, expiresAt })
    else entries.delete(key)
    for (const watcher of watchers) watcher(key)
  }

  return {
    get: read,
    set: async (key, value, expiresAt) => write(key, value, expiresAt),
    // A value whose time has passed.
    delete: async (key) => write(key, '', 0),
    compareAndSet(key, expected, value, expiresAt) {
      if (read(key) !== expected) return false
      write(key, value, expiresAt)
      return true
    },
    async *keys(prefix) {
      // A copy: a key deleted and written again during the iteration would appear twice in the map's own order.
      for (const [index, key] of [...entries.keys()].entries()) {
        if (index % chunkSize === chunkSize - 1) await nextTask()
        if (key.startsWith(prefix) && read(key) !== undefined) yield key
      }
    },
    async deleteExpired() {
      let deleted = 0
      // Values written meanwhile are appended: without the bound, a busy writer would keep the sweep going for ever.
      let left = entries.size
      for (const [key, { expiresAt }] of entries) {
        if (left-- === 0) break
        if (expiresAt <= clock.now() && entries.delete(key)) deleted++
        if (left > 0 && left % chunkSize === 0) await nextTask()
      }
      return deleted
    },
    async watch(prefix, onKey) {
      const watcher = (key: string): unknown => key.startsWith(prefix) && onKey(key)
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    }
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
