import { type AsyncKeyValueStore, type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { property } from './binding.ts'
import {
  assertDatabase,
  changesOf,
  type D1Binding,
  type D1Statement,
  describeError,
  rowsOf,
  stringOf
} from './d1-binding.ts'

export interface D1StoreOptions {
  /** Name of the table, letters, digits and `_`. Default: `kvsession`. */
  readonly table?: string
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export interface D1Store extends Required<Omit<AsyncKeyValueStore, 'watch' | 'close'>> {
  /** Creates the table and the index if they are missing, like `schema.sql`. Call it once for setup, not per request. */
  ensureSchema(): Promise<void>
}

const pageSize = 200
const sweepSize = 100

/**
 * Stores sessions in a D1 database. It is atomic, because every method is one statement on the primary. Pass the database,
 * not a D1 session, which may read from replicas. Nothing runs before the first call.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createD1Store(database: D1Binding, options: D1StoreOptions = {}): D1Store {
  checkStoreOptions<D1StoreOptions>(options, { table: true, clock: true })
  assertDatabase(database)
  const { table = 'kvsession', clock = { now: Date.now } } = options
  if (typeof table !== 'string' || !/^(?!sqlite_|_cf_|d1_)[a-z_][a-z0-9_]{0,62}$/i.test(table)) {
    const message = 'table must be 1 to 63 letters, digits or _, not starting with a digit, sqlite_, _cf_ or d1_.'
    throw new SessionError('OPTION_INVALID', message)
  }
  const upsert = `INSERT INTO "${table}" (key, expires_at, value) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, value = excluded.value`

  async function use<T>(
    sql: string,
    values: (string | number)[],
    work: (bound: D1Statement) => Promise<T>
  ): Promise<T> {
    try {
      const statement = database.prepare(sql)
      return await work(values.length === 0 ? statement : statement.bind(...values))
    } catch (error) {
      throw describeError(error, table)
    }
  }

  const write = (sql: string, ...values: (string | number)[]): Promise<number> =>
    use(sql, values, async (statement) => changesOf(await statement.run()))

  return {
    async get(key) {
      const sql = `SELECT value FROM "${table}" WHERE key = ? AND expires_at > ?`
      const row = await use(sql, [key, clock.now()], (statement) => statement.first())
      return row === null || row === undefined ? undefined : stringOf(row, 'value')
    },
    async getMany(keys) {
      // One parameter, because D1 accepts a hundred parameters and there may be a hundred keys.
      const sql = `SELECT key, value FROM "${table}"
        WHERE key IN (SELECT asked.value FROM json_each(?) AS asked) AND expires_at > ?`
      const values = [JSON.stringify(keys), clock.now()]
      const rows = rowsOf(await use(sql, values, (statement) => statement.all()))
      const found = new Map(rows.map((row) => [stringOf(row, 'key'), stringOf(row, 'value')]))
      return keys.map((key) => found.get(key))
    },
    async set(key, value, expiresAt) {
      await write(upsert, key, expiresAt, value)
    },
    async delete(key) {
      await write(`DELETE FROM "${table}" WHERE key = ?`, key)
    },
    async compareAndSet(key, expected, value, expiresAt) {
      const now = clock.now()
      if (expected === undefined) {
        return (await write(`${upsert} WHERE "${table}".expires_at <= ?`, key, expiresAt, value, now)) === 1
      }
      const replace = `UPDATE "${table}" SET expires_at = ?, value = ? WHERE key = ? AND value = ? AND expires_at > ?`
      return (await write(replace, expiresAt, value, key, expected, now)) === 1
    },
    async *keys(prefix) {
      const page = `SELECT key, expires_at > ? AS live FROM "${table}" WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`
      // In a key, `~` sorts after every character and `-` before all others, so the bounds are a range of the index.
      for (let from = prefix; ; ) {
        const values = [clock.now(), from, `${prefix}~`, pageSize]
        const rows = rowsOf(await use(page, values, (statement) => statement.all()))
        for (const row of rows) {
          const key = stringOf(row, 'key')
          from = `${key}-`
          if (property(row, 'live') === 1) yield key
        }
        if (rows.length < pageSize) return
      }
    },
    async deleteExpired() {
      const now = clock.now()
      const sql = `DELETE FROM "${table}" WHERE rowid IN
        (SELECT rowid FROM "${table}" WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) AND expires_at <= ?`
      for (let deleted = 0; ; ) {
        const batch = await write(sql, now, sweepSize, now)
        deleted += batch
        if (batch < sweepSize) return deleted
      }
    },
    async ensureSchema() {
      for (const sql of schemaOf(table)) await use(sql, [], (statement) => statement.run())
    }
  }
}

/** `expires_at` comes before `value`, so that checking it never reads the pages of a large value. */
function schemaOf(table: string): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS "${table}" (
  key TEXT PRIMARY KEY NOT NULL COLLATE BINARY,
  expires_at INTEGER NOT NULL,
  value TEXT NOT NULL COLLATE BINARY
)`,
    `CREATE INDEX IF NOT EXISTS "${table}_expires_at" ON "${table}" (expires_at)`
  ]
}
