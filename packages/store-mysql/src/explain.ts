import { SessionError, type SessionErrorCode } from '@kvsession/core'

/** The driver's error as it is, except where the same call will never do better: those say what to do. */
export function explain(error: unknown, table: string): unknown {
  const found = explanations.get(errnoOf(error))
  if (found === undefined) return error
  return new SessionError(found.code ?? 'STORE_INVALID', found.message(table), { cause: error })
}

/** Why the table that a statement has not found could not be created. */
export function explainCreation(error: unknown, table: string): unknown {
  if (explanations.get(errnoOf(error)) !== denied) return explain(error, table)
  const message = `The database has no table ${table}, and the user may not create it. Run schema.sql as a user with CREATE, then GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} to the user of the client`
  return new SessionError('STORE_INVALID', message, { cause: error })
}

/** Two records of 1 MiB, the one that is replaced and the one that replaces it, and what is around them. */
const smallestPacket = 2 * 1_048_576 + 1_024

/**
 * Asked early, because too large a packet often ends in a connection reset, which names no reason.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function assertRoom(largestPacket: number): void {
  if (largestPacket >= smallestPacket) return
  const message = `The server's max_allowed_packet is ${largestPacket} bytes: a session may be too large. Set it to 4M or more`
  throw new SessionError('STORE_INVALID', message)
}

/** ER_NO_SUCH_TABLE */
export function isMissingTable(error: unknown): boolean {
  return errnoOf(error) === 1146
}

/**
 * ER_LOCK_DEADLOCK, and ER_CHECKREAD: what MariaDB with innodb_snapshot_isolation (the default since 11.6) answers at
 * SERIALIZABLE to a statement that had to wait for a row. Each statement is a transaction of its own, and here it is
 * certain that nothing of it was written.
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
    `The user of the client may not do this. GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} to it; ensureSchema() of a missing table needs CREATE too`
}
const otherShape: Explanation = {
  message: (table) => `The table ${table} is not the one of schema.sql. Give the store a table of its own: option table`
}

/** By the server's error number, the same in MySQL and MariaDB. */
const explanations: ReadonlyMap<number, Explanation> = new Map<number, Explanation>([
  [
    1146,
    {
      message: (table) =>
        `The database has no table ${table}. Await store.ensureSchema() before the server starts, or run schema.sql`
    }
  ],
  [1046, { message: () => 'The client is connected to no database. Name it in its options, or in those of the store' }],
  [1049, { message: (table) => `The database of ${table} does not exist. Create it: the store does not` }],
  // Of the database, the table, a column.
  [1044, denied],
  [1142, denied],
  [1143, denied],
  // No such column, a column too many, a view.
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
