import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, type KeyValueStore, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertDatabase, type LmdbDatabase, pathOf } from './client.ts'
import { lockForThisProcess } from './process-lock.ts'

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
/** ms; it comes within the same turn of the event loop, or the next. */
const longestWaitForReason = 100

/**
 * Sessions in an LMDB file, for one process: they outlive it, and a second process on the same file is refused, because
 * LMDB loses acknowledged writes when one of several writing processes is killed. Takes an opened database and never
 * closes it. A write resolves when it is on the disk, unless the database was opened with `noSync`.
 *
 * The lock is a file beside the database (`-owner`). The kernel drops it when the process ends; `close()` drops it before,
 * and writes reject from then on. Stores of the same process and thread share it.
 *
 * @throws SessionError `STORE_INVALID` for a database that cannot be used, and when another process has the file
 */
export function createLmdbStore(
  database: LmdbDatabase,
  options: LmdbStoreOptions = {}
): Required<Omit<KeyValueStore, 'getMany' | 'watch'>> {
  checkStoreOptions<LmdbStoreOptions>(options, { clock: true })
  assertDatabase(database)
  const { clock = { now: Date.now } } = options
  const lock = lockForThisProcess(pathOf(database))
  const writes = new Set<Promise<unknown>>()
  let closed = false

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

  function transact<T>(action: () => T): Promise<T> {
    if (closed) return Promise.reject(new SessionError('STORE_INVALID', 'The LMDB store is closed: it writes no more'))
    const writing = commitToDisk(database, action)
    writes.add(writing)
    const forget = (): void => void writes.delete(writing)
    writing.then(forget, forget)
    return writing
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
    async close() {
      if (closed) return
      closed = true
      await Promise.allSettled(writes)
      lock.release()
    }
  }
}

/** Rejects with lmdb's reason when the commit fails, and lets no part of that failure go unhandled: it would end the process. */
async function commitToDisk<T>(database: LmdbDatabase, action: () => T): Promise<T> {
  const result = database.transaction(action)
  // lmdb keeps a promise of its own for the batch that it starts in its setImmediate; this runs right after that.
  setImmediate(() => database.committed.then(undefined, () => undefined))
  try {
    const value = await result
    await database.flushed
    return value
  } catch (error) {
    throw await withReason(error)
  }
}

/** lmdb gives the reason of a failed commit by a promise of its own, which rejects a moment later. */
async function withReason(error: unknown): Promise<unknown> {
  const details: unknown = error instanceof Error ? Reflect.get(error, 'commitError') : undefined
  if (!(details instanceof Promise)) return error
  const reason: unknown = await Promise.race([details.catch((thrown: unknown) => thrown), wait(longestWaitForReason)])
  return reason instanceof Error ? new Error(`Commit failed: ${reason.message}`, { cause: reason }) : error
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
