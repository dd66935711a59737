import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, type KeyValueStore, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertDatabase, type LmdbDatabase, pathOf } from './client.ts'
import { lockForThisProcess } from './process-lock.ts'

export interface LmdbStoreOptions {
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** A stored string is the deadline, a space and the value. */
interface StoredRecord {
  readonly expiresAt: number
  readonly value: string
}

const pageSize = 200
/** Two changes each: about 2 ms of the event loop and of the lock that all writers of the file share. */
const sweepSize = 100
/** In ms. The reason arrives in the same turn of the event loop or the next. */
const longestWaitForReason = 100

/**
 * Stores sessions in an LMDB file for one process. They survive a restart. A second process on the same file is refused,
 * because LMDB loses acknowledged writes if one of several writing processes is killed. It takes an opened database and
 * never closes it. A write resolves once it is on the disk, unless the database was opened with `noSync`.
 *
 * The lock is a file next to the database (`-owner`). `close()` releases it, and writes reject from then on; otherwise the
 * kernel releases it when the process ends. Stores of the same process and thread share it.
 *
 * @throws SessionError `STORE_INVALID` for an unusable database, and if another process uses the file
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

  /** Runs under the lock, so that a recently written value is not found by its old deadline. */
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
    if (closed) return Promise.reject(new SessionError('STORE_INVALID', 'The LMDB store is closed and cannot write'))
    const writing = commitToDisk(database, action)
    writes.add(writing)
    const forget = (): void => void writes.delete(writing)
    writing.then(forget, forget)
    return writing
  }

  return {
    get(key) {
      try {
        database.resetReadTxn()
        return liveValueOf(read(key))
      } catch (error) {
        return Promise.reject(error)
      }
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
      // In a key, `~` sorts after every character and `-` before all others, so the bounds are a range of the tree.
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

/** Rejects with lmdb's reason if the commit fails, and handles every rejection, because one would end the process. */
async function commitToDisk<T>(database: LmdbDatabase, action: () => T): Promise<T> {
  const result = database.transaction(action)
  // lmdb has its own promise for the batch that it starts in its setImmediate; this runs right after that.
  setImmediate(() => database.committed.then(undefined, () => undefined))
  try {
    const value = await result
    await database.flushed
    return value
  } catch (error) {
    throw await withReason(error)
  }
}

/** lmdb reports the reason of a failed commit through a separate promise, which rejects a moment later. */
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
  const message = `The LMDB store found a value that it did not write ${where}. Give it its own database, and remove the entry`
  return new SessionError('STORE_INVALID', message)
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
