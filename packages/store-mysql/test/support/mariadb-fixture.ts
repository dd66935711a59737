import mysql, { type Connection, type Pool, type PoolOptions } from 'mysql2/promise'
import { type Engine, startMariadb } from 'test-servers'
import { createMysqlStore, type MysqlStore, type MysqlStoreOptions } from '../../src/index.ts'

export const levels = ['REPEATABLE-READ', 'READ-COMMITTED', 'SERIALIZABLE'] as const

export type IsolationLevel = (typeof levels)[number]

/** Each level with a different sql_mode, and the strictest level with the new defaults of newer servers. */
export function settingsOf(level: IsolationLevel): Readonly<Record<string, string>> {
  const modes = {
    'REPEATABLE-READ': 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
    'READ-COMMITTED': 'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,NO_UNSIGNED_SUBTRACTION,TRADITIONAL',
    SERIALIZABLE: 'ORACLE,SIMULTANEOUS_ASSIGNMENT'
  }
  const snapshot = level === 'READ-COMMITTED' ? 'OFF' : 'ON'
  return { 'transaction-isolation': level, 'sql-mode': modes[level], 'loose-innodb-snapshot-isolation': snapshot }
}

/** A server for one test file, with everything that was opened on it. */
export interface MariadbFixture {
  readonly engine: Engine
  /** For queries of the test itself. */
  readonly admin: Pool
  pool(options?: PoolOptions): Pool
  connection(options?: PoolOptions): Promise<Connection>
  /** Opens a new, empty table. */
  open(options?: PoolOptions, storeOptions?: MysqlStoreOptions): Promise<OpenedStore>
  /** The rows of a query, as plain objects. */
  ask(sql: string): Promise<Record<string, unknown>[]>
  stop(): Promise<void>
}

export interface OpenedStore {
  readonly store: MysqlStore
  readonly pool: Pool
  readonly table: string
}

export async function startFixture(settings?: Readonly<Record<string, string>>): Promise<MariadbFixture> {
  const engine = await startMariadb(settings === undefined ? {} : { own: true, settings })
  const closers: (() => Promise<void>)[] = []
  let tables = 0
  const pool = (options: PoolOptions = {}): Pool => {
    const created = mysql.createPool({ uri: engine.url, ...options })
    closers.push(() => created.end())
    return created
  }
  const admin = pool()
  return {
    engine,
    admin,
    pool,
    async connection(options = {}) {
      const created = await mysql.createConnection({ uri: engine.url, ...options })
      created.on('error', () => {})
      closers.push(async () => created.destroy())
      return created
    },
    async open(options, storeOptions) {
      const table = `t${process.pid}_${tables++}`
      const created = pool(options)
      const store = createMysqlStore(created, { table, ...storeOptions })
      await store.ensureSchema()
      return { store, pool: created, table }
    },
    ask: (sql) => rowsOf(admin, sql),
    async stop() {
      await Promise.all(closers.map((close) => close().catch(() => undefined)))
      await engine.stop()
    }
  }
}

async function rowsOf(pool: Pool, sql: string): Promise<Record<string, unknown>[]> {
  const [rows] = await pool.query(sql)
  if (!Array.isArray(rows)) return []
  return rows.map((row) => Object.fromEntries(Object.entries(row)))
}
