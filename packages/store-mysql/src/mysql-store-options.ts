import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'

export interface MysqlStoreOptions {
  /** Name of the table: letters, digits and `_`. Default: `kvsession`. */
  readonly table?: string
  /** The database that holds the table: letters, digits, `_`, `$` and `-`. Default: the one the client is connected to. */
  readonly database?: string
  /**
   * Whether the first call creates the table if the database has none. `false`: such a call throws `STORE_INVALID`, and the
   * table comes from `ensureSchema()` or a migration. Default: true.
   */
  readonly createTable?: boolean
  /** Where the time comes from; the server's clock is never asked. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export interface MysqlTarget {
  /** Quoted, with the database if there is one: safe in a statement under every sql_mode. */
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
  return new SessionError('OPTION_INVALID', 'clock must have a method now() that gives epoch milliseconds.')
}
