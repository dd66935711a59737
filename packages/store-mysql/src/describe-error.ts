import { SessionError, type SessionErrorCode } from '@kvsession/core'

/** Returns the driver's error. If the same call can never succeed, returns an error that says what to do. */
export function describeError(error: unknown, table: string): unknown {
  const found = knownErrors.get(errnoOf(error))
  if (found === undefined) return error
  return new SessionError(found.code ?? 'STORE_INVALID', found.message(table), { cause: error })
}

/** Describes why a missing table could not be created. */
export function describeCreationError(error: unknown, table: string): unknown {
  if (knownErrors.get(errnoOf(error)) !== denied) return describeError(error, table)
  const message = `The database has no table ${table}, and the user may not create it. Run schema.sql as a user with CREATE, then GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} to the user of the client`
  return new SessionError('STORE_INVALID', message, { cause: error })
}

/** Two records of 1 MiB, the replaced one and the new one, and the statement around them. */
const smallestPacket = 2 * 1_048_576 + 1_024

/**
 * Checked early, because an oversized packet often ends in a connection reset that names no reason.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function assertPacketSize(largestPacket: number): void {
  if (largestPacket >= smallestPacket) return
  const message = `The server's max_allowed_packet is ${largestPacket} bytes, which is too small for large sessions. Set it to 4M or more`
  throw new SessionError('STORE_INVALID', message)
}

/** ER_NO_SUCH_TABLE */
export function isMissingTable(error: unknown): boolean {
  return errnoOf(error) === 1146
}

/**
 * ER_LOCK_DEADLOCK and ER_CHECKREAD. At SERIALIZABLE, MariaDB with innodb_snapshot_isolation (the default since 11.6)
 * reports the latter for a statement that waited for a row. Each statement is its own transaction, so these errors prove
 * that nothing was written.
 */
export function isRolledBack(error: unknown): boolean {
  return [1213, 1020].includes(errnoOf(error))
}

function errnoOf(error: unknown): number {
  const errno: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'errno') : undefined
  return typeof errno === 'number' ? errno : 0
}

interface Explanation {
  readonly code?: SessionErrorCode
  readonly message: (table: string) => string
}

const denied: Explanation = {
  message: (table) =>
    `The user of the client lacks a privilege. GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} to it; ensureSchema() of a missing table needs CREATE too`
}
const otherShape: Explanation = {
  message: (table) => `The table ${table} does not match schema.sql. Give the store its own table with the option table`
}

/** By the server's error number, which is the same in MySQL and MariaDB. */
const knownErrors: ReadonlyMap<number, Explanation> = new Map<number, Explanation>([
  [
    1146,
    {
      message: (table) =>
        `The database has no table ${table}. Await store.ensureSchema() before the server starts, or run schema.sql`
    }
  ],
  [
    1046,
    {
      message: () =>
        'The client is not connected to a database. Name the database in the options of the client or of the store'
    }
  ],
  [1049, { message: (table) => `The database of ${table} does not exist. Create it, because the store does not` }],
  // Access denied to the database, the table or a column.
  [1044, denied],
  [1142, denied],
  [1143, denied],
  // An unknown column, an additional column, a view.
  [1054, otherShape],
  [1364, otherShape],
  [1347, otherShape],
  [
    1153,
    {
      code: 'RECORD_TOO_LARGE',
      message: () => "The record does not fit into the server's max_allowed_packet. Set that to 4M or more"
    }
  ],
  [
    1406,
    { code: 'RECORD_TOO_LARGE', message: (table) => `The record does not fit into ${table}. Alter it to schema.sql` }
  ]
])
