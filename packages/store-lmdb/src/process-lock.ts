import { realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SessionError } from '@kvsession/core'

/** A lock of this process on an LMDB file. The kernel releases it when the process ends for any reason. */
export interface ProcessLock {
  /** Releases the lock once every store of this process that shares it has released it. A second call has no effect. */
  release(): void
}

interface HeldLock {
  readonly connection: Connection
  holders: number
}

/** The methods that `node:sqlite` and `bun:sqlite` share. */
interface Connection {
  exec(sql: string): unknown
  close(): unknown
}

type OpenConnection = (file: string) => Connection

// Shared by all copies of this module in the process.
const registry = Symbol.for('@kvsession/store-lmdb locks')

/**
 * Acquires the lock, or shares the lock of another store in this process. Node has no file locks, but an open SQLite
 * transaction is one on every platform, and leaves nothing behind that could be mistaken for a live owner.
 *
 * @param path the file or folder of the LMDB environment.
 * @throws SessionError `STORE_INVALID` if another process holds the lock, or it cannot be acquired
 */
export function lockForThisProcess(path: string): ProcessLock {
  const file = lockFileOf(path)
  const locks = heldLocks()
  const held = locks.get(file) ?? { connection: acquire(file, path), holders: 0 }
  held.holders++
  locks.set(file, held)
  let released = false
  return {
    release() {
      if (released) return
      released = true
      if (--held.holders > 0) return
      locks.delete(file)
      held.connection.close()
    }
  }
}

function lockFileOf(path: string): string {
  const real = realpathSync(path)
  return statSync(real).isDirectory() ? join(real, 'owner') : `${real}-owner`
}

function heldLocks(): Map<string, HeldLock> {
  const held: unknown = Reflect.get(globalThis, registry)
  if (held instanceof Map) return held
  const locks = new Map<string, HeldLock>()
  Reflect.set(globalThis, registry, locks)
  return locks
}

function acquire(file: string, path: string): Connection {
  const open = findSqlite()
  let connection: Connection | undefined
  try {
    connection = open(file)
    connection.exec('BEGIN EXCLUSIVE')
    return connection
  } catch (cause) {
    connection?.close()
    throw isHeld(cause) ? inUse(path) : unlockable(file, cause)
  }
}

function findSqlite(): OpenConnection {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite') ?? {}
  if (DatabaseSync !== undefined) return (file) => new DatabaseSync(file)
  const bun: { Database?: new (file: string) => Connection } | undefined = process.getBuiltinModule('bun:sqlite')
  const { Database } = bun ?? {}
  if (Database !== undefined) return (file) => new Database(file)
  throw new SessionError(
    'STORE_INVALID',
    'The LMDB store locks its file against other processes through node:sqlite, which this runtime lacks. Use Node 22.13 or later, or another store'
  )
}

function isHeld(error: unknown): boolean {
  return error instanceof Error && /database is locked/i.test(error.message)
}

function inUse(path: string): SessionError {
  return new SessionError(
    'STORE_INVALID',
    `The LMDB store of ${path} is in use by another process or worker thread, and LMDB loses sessions if several processes write and one of them is killed. Stop the other one first, or use a store that processes can share: SQLite, files or a server`
  )
}

function unlockable(file: string, cause: unknown): SessionError {
  return new SessionError(
    'STORE_INVALID',
    `The LMDB store cannot lock ${file} against other processes. Keep it on a local disk, in a folder that the server's user may write`,
    { cause }
  )
}
