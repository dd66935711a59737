import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'

export interface SqliteStoreOptions {
  /** Name of the table, letters, digits and `_`. Default: `kvsession`. */
  readonly table?: string
  /**
   * Whether the first call creates a missing table. With `false`, a call without the table throws `STORE_INVALID`; create
   * the table with `ensureSchema()` or a migration. Default: true.
   */
  readonly createTable?: boolean
  /**
   * The durability of an acknowledged write. With both settings it survives the end of the process, including kill -9.
   * `'full'`, the default, syncs each commit to the disk, so a power failure undoes nothing, not even a logout. `'normal'`
   * writes about four times as fast, but a power failure or kernel crash may undo the last writes, including logouts. The
   * file stays intact.
   */
  readonly durability?: 'full' | 'normal'
  /**
   * Maximum wait for another connection's lock in ms, without blocking the event loop. A write that waits longer rejects
   * with the engine's error and has changed nothing. Keep it below the manager's `storeTimeout`; otherwise the manager
   * gives up first, while the write still waits and may take effect later. Default: 800.
   */
  readonly busyTimeout?: number
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** @throws SessionError `OPTION_INVALID` */
export function withDefaults(options: SqliteStoreOptions): Required<SqliteStoreOptions> {
  checkStoreOptions<SqliteStoreOptions>(options, {
    table: true,
    createTable: true,
    durability: true,
    busyTimeout: true,
    clock: true
  })
  const { table = 'kvsession', createTable = true, durability = 'full', busyTimeout = 800 } = options
  const { clock = { now: Date.now } } = options
  if (typeof table !== 'string' || !/^(?!sqlite_)[a-z_][a-z0-9_]{0,62}$/i.test(table)) {
    throw new SessionError(
      'OPTION_INVALID',
      'table must be 1 to 63 letters, digits or _, not starting with a digit or sqlite_.'
    )
  }
  if (typeof createTable !== 'boolean') throw new SessionError('OPTION_INVALID', 'createTable must be true or false.')
  if (durability !== 'full' && durability !== 'normal') {
    throw new SessionError('OPTION_INVALID', "durability must be 'full' or 'normal'.")
  }
  if (!(Number.isSafeInteger(busyTimeout) && busyTimeout >= 0 && busyTimeout < 2 ** 31)) {
    throw new SessionError('OPTION_INVALID', 'busyTimeout must be a whole number of milliseconds, 0 or more.')
  }
  return { table, createTable, durability, busyTimeout, clock }
}
