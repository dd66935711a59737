/** All statements of the store for one table. None depends on sql_mode, isolation level or collation. */
export interface MysqlStatements {
  /** key, now */
  readonly get: string
  /** now, `maxKeys` keys */
  readonly getMany: string
  /** key, expiresAt, value */
  readonly set: string
  /** key */
  readonly delete: string
  /** key, expiresAt, value, now, now */
  readonly create: string
  /** value, now, expiresAt, key, expected value, now */
  readonly replace: string
  /** now, lowest key, first key beyond the range */
  readonly keys: string
  /** now */
  readonly expired: string
  /** now, `sweepSize` keys */
  readonly deleteExpired: string
  readonly largestPacket: string
  readonly probe: string
  /** Changes nothing. Its result shows whether the connection is inside a transaction. */
  readonly nothing: string
}

export const pageSize = 200
export const sweepSize = 100
export const maxKeys = 100

/**
 * The statement of `ensureSchema()`. Key and value are bytes, so no collation folds case or accents or ignores trailing
 * spaces, and no connection converts their character set. InnoDB stores values above 8 kB outside the searched page.
 */
export function schemaSql(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (
  \`key\` VARBINARY(200) NOT NULL,
  \`expires_at\` BIGINT NOT NULL,
  \`value\` MEDIUMBLOB NOT NULL,
  PRIMARY KEY (\`key\`),
  KEY \`expires_at\` (\`expires_at\`)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
`
}

/**
 * The number of affected rows depends on a client flag (`FOUND_ROWS`) and does not distinguish an insert from a live row
 * that stayed. The conditional writes therefore report their result in the insert id, which `LAST_INSERT_ID(expression)`
 * sets for its own statement only: 1 if it met a live row, 0 otherwise. The expression reads a column, so that no
 * optimizer evaluates it before a row is found. `value` is assigned before `expires_at`, which its condition reads.
 * `VALUES(column)` is the only syntax that both MySQL and MariaDB support.
 */
export function statementsFor(table: string): MysqlStatements {
  const insert = `INSERT INTO ${table} (\`key\`, \`expires_at\`, \`value\`) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE`
  const blanks = (count: number): string => Array.from({ length: count }, () => '?').join(', ')
  return {
    get: `SELECT \`value\` FROM ${table} WHERE \`key\` = ? AND \`expires_at\` > ?`,
    getMany: `SELECT \`key\`, \`value\` FROM ${table} FORCE INDEX (PRIMARY) WHERE \`expires_at\` > ? AND \`key\` IN (${blanks(maxKeys)})`,
    set: `${insert} \`value\` = VALUES(\`value\`), \`expires_at\` = VALUES(\`expires_at\`)`,
    delete: `DELETE FROM ${table} WHERE \`key\` = ?`,
    create: `${insert} \`value\` = IF(\`expires_at\` > ?, \`value\`, VALUES(\`value\`)),
      \`expires_at\` = IF(LAST_INSERT_ID(\`expires_at\` > ?), \`expires_at\`, VALUES(\`expires_at\`))`,
    replace: `UPDATE ${table} SET \`value\` = ?, \`expires_at\` = IF(LAST_INSERT_ID(\`expires_at\` > ?), ?, \`expires_at\`)
      WHERE \`key\` = ? AND \`value\` = ? AND \`expires_at\` > ?`,
    // Expired rows count towards the limit, so that one statement stays small.
    keys: `SELECT \`key\`, \`expires_at\` > ? AS \`live\` FROM ${table} WHERE \`key\` >= ? AND \`key\` < ?
      ORDER BY \`key\` LIMIT ${pageSize}`,
    // Found without a lock and deleted by primary key: a DELETE by deadline would lock the index entry before the row,
    // in the opposite order to a writer, and both would deadlock.
    expired: `SELECT \`key\` FROM ${table} WHERE \`expires_at\` <= ? ORDER BY \`expires_at\` LIMIT ${sweepSize}`,
    deleteExpired: `DELETE s FROM ${table} AS s FORCE INDEX (PRIMARY)
      WHERE s.\`expires_at\` <= ? AND s.\`key\` IN (${blanks(sweepSize)})`,
    largestPacket: 'SELECT @@max_allowed_packet AS bytes',
    probe: `SELECT \`key\`, \`expires_at\`, \`value\` FROM ${table} LIMIT 0`,
    nothing: 'DO 0'
  }
}
