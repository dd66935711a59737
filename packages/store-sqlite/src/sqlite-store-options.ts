import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'

export interface SqliteStoreOptions {
  /** Name of the table, letters, digits and `_`. Default: `kvsession`. */
  readonly table?: string
  /**
   * Whether the first call creates the table if the database has none. `false`: such a call throws `STORE_INVALID`, and the
   * table comes from `ensureSchema()` or a migration. Default: true.
   */
  readonly createTable?: boolean
  /**
   * What an acknowledged write survives. Both survive the death of the process, kill -9 included. `'full'`, the default,
   * syncs each commit to the disk: a power cut undoes nothing, so a logout stays a logout. `'normal'` writes about four
   * times as fast and may lose the last moments before a power cut or kernel crash, logouts among them; the file stays sound.
   */
  readonly durability?: 'full' | 'normal'
  /**
   * How long a call waits for another connection's lock, in ms, beside the event loop. A write that waits longer rejects
   * with the engine's error and has changed nothing. Keep it below the manager's `storeTimeout`, which otherwise gives up
   * first, while the write still waits and may take effect later. Default: 800.
   */
  readonly busyTimeout?: number
  /** Where the time comes from. Default: `Date.now`. */
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
      'table must be 1 to 63 letters, digits or _, starting with no digit or sqlite_.'
    )
  }
  if (typeof createTable !== 'boolean') throw new SessionError('OPTION_INVALID', 'createTable must be true or false.')
  if (durability !== 'full' && durability !== 'normal') {
    throw new SessionError('OPTION_INVALID', "durability must be 'full' or 'normal'.")
  }
  if (!(Number.isSafeInteger(busyTimeout) && busyTimeout >= 0 && busyTimeout < 2 ** 31)) {
    throw new SessionError('OPTION_INVALID', 'busyTimeout must be whole milliseconds from 0.')
  }
  return { table, createTable, durability, busyTimeout, clock }
}
