import { SessionError } from '@kvsession/core'

/** What the store calls of mysql2/promise: a Pool or a Connection has it. */
export interface MysqlClient {
  /** Resolves to the result, rows or header, and what else the driver has to say. */
  execute(statement: MysqlStatement): Promise<readonly [result: unknown, ...rest: unknown[]]>
}

/** What the store calls of mysql2 with callbacks. */
export interface MysqlCallbackClient {
  promise(): MysqlClient
}

/** A prepared statement. The options win over those of the pool, which may suit other queries. */
export interface MysqlStatement {
  sql: string
  values: (number | Uint8Array)[]
  rowsAsArray: boolean
  nestTables: boolean
  typeCast(field: unknown, next: () => unknown): unknown
}

const cure = 'Pass a pool of mysql2: createMysqlStore(mysql.createPool({ uri })), with mysql from mysql2/promise'

/** @throws SessionError `STORE_INVALID` */
export function clientOf(value: unknown): MysqlClient {
  const client: unknown = hasMethod(value, 'promise') ? value.promise() : value
  if (isClient(client)) return client
  throw new SessionError('STORE_INVALID', `The MySQL store got no client of mysql2: execute() is missing. ${cure}`)
}

function isClient(value: unknown): value is MysqlClient {
  return hasMethod(value, 'execute')
}

function hasMethod<Name extends string>(value: unknown, name: Name): value is Record<Name, () => unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
}

/** Text is bound as bytes: a string would pass through the character sets of driver and connection. */
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
  if (!Array.isArray(rows)) throw misfit('execute() gives no rows')
  return rows
}

export interface WriteResult {
  readonly affectedRows: number
  readonly insertId: number
}

/** SERVER_STATUS_IN_TRANS: set for the first write without autocommit, too. */
const inTransaction = 1

/** @throws SessionError `STORE_INVALID` for a write that is not committed: a rollback would undo it */
export function writeOf(answer: unknown): WriteResult {
  const header: unknown = Array.isArray(answer) ? answer[0] : undefined
  if ((numberOf(header, 'serverStatus') & inTransaction) !== 0) {
    const message =
      'The connection is inside a transaction or has autocommit off: the write is not committed. Give the store a pool of its own, with autocommit on'
    throw new SessionError('STORE_INVALID', message)
  }
  return { affectedRows: numberOf(header, 'affectedRows'), insertId: numberOf(header, 'insertId') }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a binary column. */
export function textOf(row: unknown, column: string): string {
  const bytes: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
  if (!(bytes instanceof Uint8Array)) {
    throw misfit(`execute() gives no bytes for the column ${column}: has the table the types of schema.sql?`)
  }
  try {
    return strict.decode(bytes)
  } catch {
    const message = `The column ${column} holds bytes that are no text, so something else wrote them. Delete that row`
    throw new SessionError('STORE_INVALID', message)
  }
}

/** A number, which drivers may be set to give as text. */
export function numberOf(row: unknown, column: string): number {
  const found: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
  const value = typeof found === 'string' && found !== '' ? Number(found) : found
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw misfit(`execute() gives no number as ${column}`)
  return value
}

function misfit(what: string): SessionError {
  return new SessionError('STORE_INVALID', `The MySQL store cannot use this client: ${what}. ${cure}`)
}
