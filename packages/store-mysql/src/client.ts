import { SessionError } from '@kvsession/core'

/** The methods of mysql2/promise that the store calls. A Pool and a Connection have them. */
export interface MysqlClient {
  /** Resolves to the result (rows or a header) and further information from the driver. */
  execute(statement: MysqlStatement): Promise<readonly [result: unknown, ...rest: unknown[]]>
}

/** The methods of mysql2 with callbacks that the store calls. */
export interface MysqlCallbackClient {
  promise(): MysqlClient
}

/** A prepared statement. Its options take precedence over those of the pool, which may serve other queries. */
export interface MysqlStatement {
  sql: string
  values: (number | Uint8Array)[]
  rowsAsArray: boolean
  nestTables: boolean
  typeCast(field: unknown, next: () => unknown): unknown
}

const hint = 'Pass a pool of mysql2: createMysqlStore(mysql.createPool({ uri })), with mysql from mysql2/promise'

/** @throws SessionError `STORE_INVALID` */
export function clientOf(value: unknown): MysqlClient {
  const client: unknown = hasMethod(value, 'promise') ? value.promise() : value
  if (isClient(client)) return client
  throw new SessionError('STORE_INVALID', `The MySQL store got no mysql2 client: execute() is missing. ${hint}`)
}

function isClient(value: unknown): value is MysqlClient {
  return hasMethod(value, 'execute')
}

function hasMethod<Name extends string>(value: unknown, name: Name): value is Record<Name, () => unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
}

/** Strings are bound as bytes, because the driver and the connection would convert their character set. */
export function statement(sql: string, values: readonly (string | number)[]): MysqlStatement {
  return {
    sql,
    values: values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)),
    rowsAsArray: false,
    nestTables: false,
    typeCast: (_field, next) => next()
  }
}

export function rowsOf(answer: unknown): readonly unknown[] {
  const rows: unknown = Array.isArray(answer) ? answer[0] : undefined
  if (!Array.isArray(rows)) throw invalidClient('execute() returns no rows')
  return rows
}

export interface WriteResult {
  readonly affectedRows: number
  readonly insertId: number
}

/** SERVER_STATUS_IN_TRANS, which is also set for the first write without autocommit. */
const inTransaction = 1

/** @throws SessionError `STORE_INVALID` for a write that is not committed, because a rollback would undo it */
export function writeOf(answer: unknown): WriteResult {
  const header: unknown = Array.isArray(answer) ? answer[0] : undefined
  if ((numberOf(header, 'serverStatus') & inTransaction) !== 0) {
    const message =
      'The connection is inside a transaction or has autocommit off, so the write is not committed. Give the store its own pool with autocommit on'
    throw new SessionError('STORE_INVALID', message)
  }
  return { affectedRows: numberOf(header, 'affectedRows'), insertId: numberOf(header, 'insertId') }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The string in a binary column. */
export function stringOf(row: unknown, column: string): string {
  const bytes: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
  if (!(bytes instanceof Uint8Array)) {
    throw invalidClient(
      `execute() returns no bytes for the column ${column}: check that the table has the types of schema.sql`
    )
  }
  try {
    return strict.decode(bytes)
  } catch {
    const message = `The column ${column} contains invalid UTF-8, so another program wrote it. Delete that row`
    throw new SessionError('STORE_INVALID', message)
  }
}

/** A number, which a driver may be configured to return as a string. */
export function numberOf(row: unknown, column: string): number {
  const found: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
  const value = typeof found === 'string' && found !== '' ? Number(found) : found
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw invalidClient(`execute() returns no number as ${column}`)
  return value
}

function invalidClient(problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The MySQL store cannot use this client: ${problem}. ${hint}`)
}
