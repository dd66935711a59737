import pg from 'pg'
import postgres from 'postgres'
import { createPostgresStore, type PostgresStore, type PostgresStoreOptions } from '../../src/index.ts'

export const driverNames = ['pg', 'postgres.js'] as const

export type DriverName = (typeof driverNames)[number]

export interface Connected {
  readonly store: PostgresStore
  /** Any statement, on one of the connections of the store. */
  ask(query: string): Promise<readonly unknown[]>
  /** A second call is not an error. */
  end(): Promise<void>
}

export interface ConnectOptions extends PostgresStoreOptions {
  /** Settings of each session, by name. */
  readonly settings?: Readonly<Record<string, string>>
  /** Additional options of pg's pool. */
  readonly pool?: pg.PoolConfig
  /** Connections. Default: 10, as in both drivers. */
  readonly max?: number
}

/** A separate client, as in another process. */
export function connect(driver: DriverName, url: string, options: ConnectOptions = {}): Connected {
  const { settings = {}, pool: poolOptions = {}, max = 10, ...storeOptions } = options
  if (driver === 'pg') {
    const pool = new pg.Pool({
      connectionString: url,
      max,
      // A pooler refuses this parameter, even if it is empty.
      ...(Object.keys(settings).length > 0 && { options: optionsOf(settings) }),
      ...poolOptions
    })
    pool.on('error', () => undefined)
    return {
      store: createPostgresStore(pool, storeOptions),
      ask: async (query) => (await pool.query<Record<string, unknown>>(query)).rows,
      end: async () => (pool.ended ? undefined : pool.end())
    }
  }
  const sql = postgres(url, { max, connection: settings, backoff: false, onnotice: () => undefined })
  return {
    store: createPostgresStore(sql, storeOptions),
    ask: (query) => sql.unsafe<Record<string, unknown>[]>(query),
    end: () => sql.end({ timeout: 1 })
  }
}

function optionsOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
    .join(' ')
}
