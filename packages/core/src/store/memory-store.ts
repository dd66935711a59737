import { type Clock, systemClock } from '../clock.ts'
import { wholeNumber } from '../option-check.ts'
import type { KeyValueStore } from './key-value-store.ts'

export interface MemoryStoreOptions {
  /**
   * Most values held. A new one beyond that drops expired ones first, then the least recently written. Up to 256 values
   * the choice is exact; beyond that the store looks for expired ones at 256 per write. Default: unlimited.
   */
  readonly maxEntries?: number
  readonly clock?: Pick<Clock, 'now'>
}

export type MemoryStore = Required<Omit<KeyValueStore, 'close'>>

interface Entry {
  readonly value: string
  readonly expiresAt: number
}

const chunkSize = 1000
const mostLookedAt = 256

/**
 * Sessions in this process's memory: they die with it, and no other process sees them. For development, tests, and one
 * process that may log everybody out when it restarts. Runs no timers; expired values leave when they are read, when
 * room is needed, and with `deleteExpired`. The reference for what the contract means.
 *
 * @throws SessionError `OPTION_INVALID`
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { maxEntries, clock = systemClock } = options
  if (maxEntries !== undefined) wholeNumber('maxEntries', maxEntries, 1)
  // With maxEntries in order of writing, else in order of creation.
  const entries = new Map<string, Entry>()
  let rounds: { readonly oldest: Round; readonly hand: Round } | undefined
  let writesSinceReset = 0

  function read(key: string): string | undefined {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAt > clock.now()) return entry.value
    entries.delete(key)
    return undefined
  }

  function write(key: string, value: string, expiresAt: number): void {
    const live = expiresAt > clock.now()
    if (maxEntries !== undefined || !live) entries.delete(key)
    if (!live) return
    if (maxEntries !== undefined) {
      // An iterator at rest keeps alive every table the map has outgrown: none may outlast a mapful of writes.
      if (++writesSinceReset > maxEntries) {
        writesSinceReset = 0
        rounds = undefined
      }
      if (entries.size >= maxEntries) makeRoom()
    }
    entries.set(key, { value, expiresAt })
  }

  function makeRoom(): void {
    const full = entries.size
    const now = clock.now()
    rounds ??= { oldest: goRound(entries), hand: goRound(entries) }
    const { oldest, hand } = rounds
    for (let looked = Math.min(full, mostLookedAt); looked > 0; looked--) {
      const next = hand()
      if (next !== undefined && next[1].expiresAt <= now) entries.delete(next[0])
    }
    if (entries.size < full) return
    const next = oldest()
    if (next !== undefined) entries.delete(next[0])
  }

  return {
    async get(key) {
      return read(key)
    },
    async set(key, value, expiresAt) {
      write(key, value, expiresAt)
    },
    async delete(key) {
      entries.delete(key)
    },
    async compareAndSet(key, expected, value, expiresAt) {
      if (read(key) !== expected) return false
      write(key, value, expiresAt)
      return true
    },
    async *keys(prefix) {
      // A copy: a key deleted and written again during the iteration would appear twice in the map's own.
      const snapshot = [...entries.keys()]
      for (let index = 0; index < snapshot.length; index++) {
        if (index % chunkSize === chunkSize - 1) await nextTurn()
        const key = snapshot[index]
        if (key?.startsWith(prefix) && read(key) !== undefined) yield key
      }
    },
    async deleteExpired() {
      let deleted = 0
      // Values written meanwhile join at the end; without the bound a busy writer would keep the sweep going for ever.
      let left = entries.size
      for (const [key, entry] of entries) {
        if (left-- === 0) break
        if (entry.expiresAt <= clock.now()) {
          entries.delete(key)
          deleted++
        }
        if (left > 0 && left % chunkSize === 0) await nextTurn()
      }
      return deleted
    }
  }
}

/** The next entry in the map's order; after the last comes the first. */
type Round = () => [string, Entry] | undefined

/** One lasting iterator, because a fresh one first skips every hole that deletions left at the front of the map. */
function goRound(entries: ReadonlyMap<string, Entry>): Round {
  let iterator = entries[Symbol.iterator]()
  return () => {
    let next = iterator.next()
    if (next.done) {
      iterator = entries[Symbol.iterator]()
      next = iterator.next()
    }
    return next.done ? undefined : next.value
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
