import { type Clock, type KeyValueStore, SessionError } from '@kvsession/core'
import { assertDatabase, type LmdbDatabase } from './client.ts'

export interface LmdbStoreOptions {
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** A stored text is the deadline, a space, the value. */
interface StoredRecord {
  readonly expiresAt: number
  readonly value: string
}

const pageSize = 200
/** Two changes each; about 2 ms of the event loop and of the lock that all writers of the file share. */
const sweepSize = 100

/**
 * Sessions in an LMDB file: they outlive the process, and the processes of one machine may share them. Takes an opened
 * database and never closes it. A write resolves when it is on the disk, unless the database was opened with `noSync`.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createLmdbStore(database: LmdbDatabase, options: LmdbStoreOptions = {}): Required<KeyValueStore> {
  assertDatabase(database)
  const { clock = { now: Date.now } } = options

  function read(key: string): StoredRecord | undefined {
    return decode(database.get(key), key)
  }

  function liveValueOf(record: StoredRecord | undefined): string | undefined {
    return record !== undefined && record.expiresAt > clock.now() ? record.value : undefined
  }

  function write(key: string, value: string, expiresAt: number, before: StoredRecord | undefined): void {
    database.putSync(key, `${expiresAt} ${value}`)
    if (before?.expiresAt === expiresAt) return
    if (before !== undefined) database.removeSync([before.expiresAt, key])
    database.putSync([expiresAt, key], '')
  }

  /** Under the lock, so that a value written a moment ago has left the range, or is not reached by its old deadline. */
  function deleteBatch(now: number): { seen: number; deleted: number } {
    const due = Array.from(database.getRange({ end: [now, '~'], limit: sweepSize }))
    let deleted = 0
    for (const { key: entry } of due) {
      const [expiresAt, key] = deadlineOf(entry)
      database.removeSync([expiresAt, key])
      if (read(key)?.expiresAt !== expiresAt) continue
      database.removeSync(key)
      deleted++
    }
    return { seen: due.length, deleted }
  }

  /** Rejects when the commit fails, and lets no part of that failure go unhandled: it would end the process. */
  async function transact<T>(action: () => T): Promise<T> {
    const result = database.transaction(action)
    // lmdb keeps a promise of its own for the batch that it starts in its setImmediate; this runs right after that.
    setImmediate(() => database.committed.then(undefined, () => undefined))
    try {
      const value = await result
      await database.flushed
      return value
    } catch (error) {
      const details: unknown = error instanceof Error ? Reflect.get(error, 'commitError') : undefined
      if (details instanceof Promise) details.catch(() => undefined)
      throw error
    }
  }

  return {
    async get(key) {
      database.resetReadTxn()
      return liveValueOf(read(key))
    },
    async set(key, value, expiresAt) {
      await transact(() => write(key, value, expiresAt, read(key)))
    },
    async delete(key) {
      await transact(() => {
        const before = read(key)
        database.removeSync(key)
        if (before !== undefined) database.removeSync([before.expiresAt, key])
      })
    },
    compareAndSet: (key, expected, value, expiresAt) =>
      transact(() => {
        const before = read(key)
        if (liveValueOf(before) !== expected) return false
        write(key, value, expiresAt, before)
        return true
      }),
    async *keys(prefix) {
      // `~` sorts behind and `-` first among the characters of a key: the bounds are a range of the tree.
      const end = `${prefix}~`
      for (let start = prefix === '' ? '-' : prefix; ; ) {
        database.resetReadTxn()
        const page = Array.from(database.getRange({ start, end, limit: pageSize }))
        for (const entry of page) {
          const key = String(entry.key)
          start = `${key}-`
          if (liveValueOf(decode(entry.value, key)) !== undefined) yield key
        }
        if (page.length < pageSize) return
        await nextTurn()
      }
    },
    async deleteExpired() {
      database.readerCheck()
      const now = clock.now()
      for (let deleted = 0; ; ) {
        const batch = await transact(() => deleteBatch(now))
        deleted += batch.deleted
        if (batch.seen < sweepSize) return deleted
        await nextTurn()
      }
    },
    async close() {}
  }
}

function decode(stored: unknown, key: string): StoredRecord | undefined {
  if (stored === undefined) return undefined
  const end = typeof stored === 'string' ? stored.indexOf(' ') : -1
  const expiresAt = typeof stored === 'string' && end > 0 ? Number(stored.slice(0, end)) : Number.NaN
  if (typeof stored !== 'string' || Number.isNaN(expiresAt)) throw foreign(`under the key ${key}`)
  return { expiresAt, value: stored.slice(end + 1) }
}

function deadlineOf(entry: unknown): readonly [number, string] {
  const [expiresAt, key]: unknown[] = Array.isArray(entry) ? entry : []
  if (typeof expiresAt !== 'number' || typeof key !== 'string') throw foreign('among the deadlines')
  return [expiresAt, key]
}

function foreign(where: string): SessionError {
  const message = `The LMDB store found something it did not write ${where}. Give it a database of its own and remove the entry`
  return new SessionError('STORE_INVALID', message)
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
