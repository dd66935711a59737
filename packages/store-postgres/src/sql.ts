/** All statements of the store for one table. */
export interface PostgresStatements {
  /** key, now */
  readonly get: string
  /** keys separated by commas, now */
  readonly getMany: string
  /** key, expiresAt, value */
  readonly set: string
  /** key */
  readonly delete: string
  /** key, expiresAt, value, now */
  readonly create: string
  /** value, expiresAt, key, expected value, now */
  readonly replace: string
  /** now, lowest key, first key beyond the range, maximum of rows */
  readonly keys: string
  /** now, maximum of rows */
  readonly deleteExpired: string
}

/** Both names are validated: letters, digits and `_` need no escaping in either kind of quotes. */
export function quoted(table: string, schema: string | undefined): string {
  return schema === undefined ? `"${table}"` : `"${schema}"."${table}"`
}

/**
 * The table and its index. Collation "C" compares bytes, so equal values are identical strings, and a key prefix is one
 * range of the index regardless of the database's locale. It contains nothing else, because a migration tool may run it.
 */
export function schemaSql(table: string, schema?: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quoted(table, schema)} (
  key text COLLATE "C" PRIMARY KEY,
  expires_at bigint NOT NULL,
  value text COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS "${table}_expires_at" ON ${quoted(table, schema)} (expires_at);
`
}

/**
 * The same as one statement that any number of processes may run concurrently. IF NOT EXISTS alone fails if two processes
 * create at the same instant, and needs the privilege to create even if nothing is missing.
 */
export function ensureSchemaSql(table: string, schema?: string): string {
  const missing = (name: string): string => `to_regclass('${quoted(name, schema)}') IS NULL`
  return `DO $kvsession$ BEGIN
  IF ${missing(table)} OR ${missing(`${table}_expires_at`)} THEN
    SET LOCAL client_min_messages = warning;
    PERFORM pg_advisory_xact_lock(hashtext('kvsession schema'));
    ${schemaSql(table, schema)}
  END IF;
END $kvsession$`
}

/** Where changes of a table are notified. A name has at most 63 bytes. */
export function channelOf(table: string): string {
  return `kvsession:${table}`
}

export function statementsFor(table: string, schema?: string): PostgresStatements {
  const t = quoted(table, schema)
  const upsert = `INSERT INTO ${t} AS held (key, expires_at, value) VALUES ($1, $2, $3)
    ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, value = excluded.value`
  return {
    // Always returns one row, so that a standby is detected even if it does not have the key.
    get: `SELECT pg_is_in_recovery() AS standby, (SELECT value FROM ${t} WHERE key = $1 AND expires_at > $2) AS value`,
    // Keys contain no comma. They are one string, because drivers bind arrays differently. Returns at least one row.
    getMany: `SELECT pg_is_in_recovery() AS standby, held.key, held.value FROM (SELECT 1) AS one
    LEFT JOIN ${t} AS held ON held.key = ANY (string_to_array($1, ',')) AND held.expires_at > $2`,
    set: upsert,
    delete: `DELETE FROM ${t} WHERE key = $1`,
    create: `${upsert} WHERE held.expires_at <= $4`,
    replace: `UPDATE ${t} SET value = $1, expires_at = $2 WHERE key = $3 AND value = $4 AND expires_at > $5`,
    // Expired rows count towards the limit, so that one statement stays small.
    keys: `SELECT key, expires_at > $1 AS live FROM ${t} WHERE key >= $2 AND key < $3 ORDER BY key LIMIT $4`,
    // Rows that are being written wait for the next sweep. An array, because a join may read the whole table.
    deleteExpired: `DELETE FROM ${t} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${t} WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )) AND expires_at <= $1`
  }
}
