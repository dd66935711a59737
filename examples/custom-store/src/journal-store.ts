import type { KeyValueStore } from '@kvsession/core'
import { type Entry, openJournal } from './journal.ts'

/**
 * Stores the sessions of one process in one append-only file. They survive the end of the process, including kill -9; a
 * power failure may lose the last writes. Only one process may use a file, because nothing here locks it.
 *
 * @param path the file; created if it is missing, readable only by its owner.
 * @param clock returns the time in epoch milliseconds.
 */
export function createJournalStore(
  path: string,
  clock: { now(): number } = Date
): Required<Omit<KeyValueStore, 'getMany' | 'watch'>> {
  const journal = openJournal(path)

  const isLive = (entry: Entry | undefined): entry is Entry => entry !== undefined && entry.expiresAt > clock.now()
  const read = (key: string): string | undefined => {
    const entry = journal.entries().get(key)
    return isLive(entry) ? entry.value : undefined
  }

  return {
    async get(key) {
      return read(key)
    },
    async set(key, value, expiresAt) {
      journal.write(key, { value, expiresAt })
    },
    async delete(key) {
      journal.write(key, undefined)
    },
    // Atomic, because there is no await between the comparison and the write.
    async compareAndSet(key, expected, value, expiresAt) {
      if (read(key) !== expected) return false
      journal.write(key, { value, expiresAt })
      return true
    },
    async *keys(prefix) {
      for (const key of [...journal.entries().keys()]) {
        if (key.startsWith(prefix) && read(key) !== undefined) yield key
      }
    },
    async deleteExpired() {
      const entries = journal.entries()
      const over = [...entries].filter(([, entry]) => !isLive(entry))
      for (const [key] of over) entries.delete(key)
      if (over.length > 0) journal.compact()
      return over.length
    },
    async close() {
      journal.close()
    }
  }
}
