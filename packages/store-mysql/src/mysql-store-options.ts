import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'

export interface MysqlStoreOptions {
  /** Name of the table: letters, digits and `_`. Default: `kvsession`. */
  readonly table?: string
  /** The database of the table: letters, digits, `_`, `$` and `-`. Default: the database of the connection. */
  readonly database?: string
  /**
   * Whether the first call creates a missing table. With `false`, a call without the table throws `STORE_INVALID`; create
   * the table with `ensureSchema()` or a migration. Default: true.
   */
  readonly createTable?: boolean
  /** The clock of the store. The server's clock is never used. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export interface MysqlTarget {
  /** The quoted name, with the database if there is one. It is safe in a statement under every sql_mode. */
  readonly name: string
  readonly createTable: boolean
  readonly clock: Pick<Clock, 'now'>
}

/** @throws SessionError `OPTION_INVALID` */
export function targetOf(options: MysqlStoreOptions): MysqlTarget {
  checkStoreOptions<MysqlStoreOptions>(options, { table: true, database: true, createTable: true, clock: true })
  const { table = 'kvsession', database, createTable = true, clock = { now: Date.now } } = options
  if (typeof table !== 'string' || !/^[A-Za-z0-9_]{1,64}$/.test(table) || /^\d+$/.test(table)) {
    throw new SessionError('OPTION_INVALID', 'table must be 1 to 64 letters, digits or _, not digits alone.')
  }
  if (database !== undefined && (typeof database !== 'string' || !/^[A-Za-z0-9_$-]{1,64}$/.test(database))) {
    throw new SessionError('OPTION_INVALID', 'database must be 1 to 64 letters, digits, _, $ or -.')
  }
  if (typeof createTable !== 'boolean') throw new SessionError('OPTION_INVALID', 'createTable must be true or false.')
  if (typeof clock !== 'object' && typeof clock !== 'function') throw noClock()
  if (clock === null || typeof clock.now !== 'function') throw noClock()
  const name = database === undefined ? `\`${table}\`` : `\`${database}\`.\`${table}\``
  return { name, createTable, clock }
}

function noClock(): SessionError {
  return new SessionError('OPTION_INVALID', 'clock must have a method now() that returns epoch milliseconds.')
}
