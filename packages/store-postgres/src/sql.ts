/** Every statement the store runs, for one table. */
export interface PostgresStatements {
  /** key, now */
  readonly get: string
  /** keys with a comma between them, now */
  readonly getMany: string
  /** key, expiresAt, value */
  readonly set: string
  /** key */
  readonly delete: string
  /** key, expiresAt, value, now */
  readonly create: string
  /** value, expiresAt, key, expected value, now */
  readonly replace: string
  /** now, lowest key, first key beyond the range, most rows */
  readonly keys: string
  /** now, most rows */
  readonly deleteExpired: string
}

/** Both names were checked: letters, digits and `_` need no escape inside quotes of either kind. */
export function quoted(table: string, schema: string | undefined): string {
  return schema === undefined ? `"${table}"` : `"${schema}"."${table}"`
}

/**
 * The table and its index. Collation "C" compares bytes: an equal value is the same text, and a prefix of keys is one
 * range of the index, whatever the language of the database. Not more than this: a migration tool may run it.
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
 * The same as one statement for any number of processes at once: IF NOT EXISTS alone fails when two create in the same
 * instant, and asks for the right to create even where nothing is missing.
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
    // One row always: a standby says so, whether it has the key or not.
    get: `SELECT pg_is_in_recovery() AS standby, (SELECT value FROM ${t} WHERE key = $1 AND expires_at > $2) AS value`,
    // No key has a comma. As one string, because the drivers differ in how they bind an array. One row at least.
    getMany: `SELECT pg_is_in_recovery() AS standby, held.key, held.value FROM (SELECT 1) AS one
    LEFT JOIN ${t} AS held ON held.key = ANY (string_to_array($1, ',')) AND held.expires_at > $2`,
    set: upsert,
    delete: `DELETE FROM ${t} WHERE key = $1`,
    create: `${upsert} WHERE held.expires_at <= $4`,
    replace: `UPDATE ${t} SET value = $1, expires_at = $2 WHERE key = $3 AND value = $4 AND expires_at > $5`,
    // Dead rows count towards the limit: however many there are, one statement stays small.
    keys: `SELECT key, expires_at > $1 AS live FROM ${t} WHERE key >= $2 AND key < $3 ORDER BY key LIMIT $4`,
    // Rows that somebody writes are left for the next sweep. As an array, because a join may read the whole table.
    deleteExpired: `DELETE FROM ${t} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${t} WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )) AND expires_at <= $1`
  }
}
