import { SessionError } from '@kvsession/core'

/** The methods of an opened database that the store calls. `node:sqlite`, better-sqlite3 and `bun:sqlite` have them. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  /** True inside a transaction, in `node:sqlite`. */
  readonly isTransaction?: boolean
  /** True inside a transaction, in better-sqlite3 and `bun:sqlite`. */
  readonly inTransaction?: boolean
}

/** Parameters are bound by position; results are plain rows. Everything is synchronous. */
export interface SqliteStatement {
  get(...parameters: (string | number)[]): unknown
  all(...parameters: (string | number)[]): unknown[]
  run(...parameters: (string | number)[]): unknown
}

const hint =
  "Pass an opened database of node:sqlite, better-sqlite3 or bun:sqlite: createSqliteStore(new DatabaseSync('sessions.db'))"

/** @throws SessionError `STORE_INVALID` */
export function assertDatabase(value: unknown): asserts value is SqliteDatabase {
  for (const method of ['exec', 'prepare']) {
    if (typeof value !== 'object' || value === null || typeof Reflect.get(value, method) !== 'function') {
      throw new SessionError('STORE_INVALID', `The SQLite store got no database: ${method}() is missing. ${hint}`)
    }
  }
}

/** An asynchronous or unexpected result of the driver must not count as a write. */
export function changesOf(result: unknown): number {
  const changes: unknown = typeof result === 'object' && result !== null ? Reflect.get(result, 'changes') : undefined
  if (typeof changes !== 'number' && typeof changes !== 'bigint') throw invalidClient('run() reports no changes')
  return Number(changes)
}

/** Returns `undefined` if there is no row; some drivers return `null`. */
export function stringOf(row: unknown, column: string): string | undefined {
  if (row === undefined || row === null) return undefined
  const value: unknown = typeof row === 'object' ? Reflect.get(row, column) : undefined
  if (typeof value !== 'string') throw invalidClient(`get() returns no string for the column ${column}`)
  return value
}

function invalidClient(problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The SQLite store cannot use this driver: ${problem}. ${hint}`)
}

/** Another connection holds the lock. The same call may succeed later. */
export function isBusy(error: unknown): boolean {
  return failedWith(error, 'SQLITE_BUSY', 5)
}

export function isMissingTable(error: unknown): boolean {
  return error instanceof Error && error.message.includes('no such table')
}

/** The database is read-only, so a missing table cannot be created. */
export function readOnly(table: string, cause: unknown): SessionError {
  const message = `The database has no table "${table}" and is read-only, so the store cannot create it. Run schema.sql on a connection that may write`
  return new SessionError('STORE_INVALID', message, { cause })
}

export function isReadOnly(error: unknown): boolean {
  return failedWith(error, 'SQLITE_READONLY', 8)
}

/** Returns the driver's error. If no later call can succeed, returns an error that says what to do. */
export function describeError(error: unknown, table: string): unknown {
  if (isMissingTable(error)) {
    const message = `The database has no table "${table}". Await store.ensureSchema() before the server starts, or run schema.sql`
    return new SessionError('STORE_INVALID', message, { cause: error })
  }
  if (failedWith(error, 'SQLITE_NOTADB', 26) || failedWith(error, 'SQLITE_CORRUPT', 11)) {
    const message =
      'The database file is damaged or is not a SQLite database. Move it away and start with a new one or a backup'
    return new SessionError('STORE_INVALID', message, { cause: error })
  }
  return error
}

/** Drivers report the result code by name (better-sqlite3, bun) or by number (node), whose low byte is the primary code. */
function failedWith(error: unknown, name: string, number: number): boolean {
  if (typeof error !== 'object' || error === null) return false
  const code: unknown = Reflect.get(error, 'code')
  if (typeof code === 'string' && (code === name || code.startsWith(`${name}_`))) return true
  const errcode: unknown = Reflect.get(error, 'errcode')
  return typeof errcode === 'number' && (errcode & 0xff) === number
}
