import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import type { PostgresClient } from './client.ts'

export interface PostgresStoreOptions {
  /** Name of the table: up to 52 letters, digits and `_`, case-sensitive. Default: `kvsession`. */
  readonly table?: string
  /** Schema of the table, which must exist. Default: the first of the connection's `search_path`. */
  readonly schema?: string
  /**
   * Whether the first call creates a missing table. With `false`, a call without the table throws `STORE_INVALID`; create
   * the table with `ensureSchema()` or a migration. Default: true.
   */
  readonly createTable?: boolean
  /**
   * Whether statements are prepared once per connection. Set `false` for a pooler that gives each transaction another
   * connection and does not support prepared statements (pgbouncer before 1.21). postgres.js has the same option for a
   * whole client, and both must allow it. Default: true.
   */
  readonly prepare?: boolean
  /**
   * Whether every write is followed by a statement that notifies (NOTIFY) of its key, and the store has `watch`, for
   * `createCachedStore`. Set it in all processes: a write without it gives no hint. Default: false.
   */
  readonly notify?: boolean
  /**
   * A second client, for the connection that listens, if the first one goes through a pooler that passes no notifications on
   * (pgbouncer in transaction mode). Default: the client of the store. The store closes only the connection.
   */
  readonly watchClient?: PostgresClient
  /** The clock of the store. The server's clock is never used. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export interface PostgresStoreSettings {
  readonly table: string
  readonly schema: string | undefined
  readonly createTable: boolean
  readonly prepare: boolean
  readonly notify: boolean
  readonly watchClient: PostgresClient | undefined
  readonly clock: Pick<Clock, 'now'>
}

/** PostgreSQL truncates names after 63 bytes, and the index is named `<table>_expires_at`. */
const tableName = /^[a-z_][a-z0-9_]{0,51}$/i
const schemaName = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/i

/** @throws SessionError `OPTION_INVALID` */
export function withDefaults(options: PostgresStoreOptions): PostgresStoreSettings {
  checkStoreOptions<PostgresStoreOptions>(options, {
    table: true,
    schema: true,
    createTable: true,
    prepare: true,
    notify: true,
    watchClient: true,
    clock: true
  })
  const { table = 'kvsession', schema, createTable = true, prepare = true, clock = { now: Date.now } } = options
  const { notify = false, watchClient } = options
  if (typeof table !== 'string' || !tableName.test(table)) {
    throw new SessionError('OPTION_INVALID', 'table must be 1 to 52 letters, digits or _, not starting with a digit.')
  }
  if (schema !== undefined && (typeof schema !== 'string' || !schemaName.test(schema))) {
    const message = 'schema must be 1 to 63 letters, digits or _, not starting with a digit or pg_.'
    throw new SessionError('OPTION_INVALID', message)
  }
  if (typeof createTable !== 'boolean') throw new SessionError('OPTION_INVALID', 'createTable must be true or false.')
  if (typeof prepare !== 'boolean') throw new SessionError('OPTION_INVALID', 'prepare must be true or false.')
  if (typeof notify !== 'boolean') throw new SessionError('OPTION_INVALID', 'notify must be true or false.')
  if (watchClient !== undefined && !notify) {
    throw new SessionError('OPTION_INVALID', 'watchClient is for notify: true: set that too, or leave both out')
  }
  return { table, schema, createTable, prepare, notify, watchClient, clock }
}
