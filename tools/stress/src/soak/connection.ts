import type { KeyValueStore } from '@kvsession/core'

export const soakedStores = ['redis', 'postgres', 'sqlite'] as const

export type SoakedStore = (typeof soakedStores)[number]

/** A store over a client of this process, and how to let go of both. */
export interface Connection {
  readonly store: KeyValueStore
  close(): Promise<void>
}

/** How many handles of a client come and go by themselves: the connections of its pool. */
export const pooled: Readonly<Record<SoakedStore, number>> = { redis: 1, postgres: 10, sqlite: 0 }

/** Connects as the documentation of the stores says to. Drivers are imported when needed: a process needs one. */
const connectors: Readonly<Record<SoakedStore, (address: string) => Promise<Connection>>> = {
  async redis(url) {
    const [{ createClient }, { createRedisStore }] = [await import('redis'), await import('@kvsession/store-redis')]
    const client = createClient({ url })
    client.on('error', () => undefined)
    await client.connect()
    return { store: createRedisStore(client), close: async () => client.destroy() }
  },
  async postgres(url) {
    const [{ default: pg }, { createPostgresStore }] = [await import('pg'), await import('@kvsession/store-postgres')]
    const pool = new pg.Pool({ connectionString: url, max: pooled.postgres, query_timeout: 5_000, lock_timeout: 1_000 })
    pool.on('error', () => undefined)
    return { store: createPostgresStore(pool), close: () => pool.end() }
  },
  async sqlite(file) {
    const [{ DatabaseSync }, { createSqliteStore }] = [
      await import('node:sqlite'),
      await import('@kvsession/store-sqlite')
    ]
    const database = new DatabaseSync(file)
    return { store: createSqliteStore(database), close: async () => database.close() }
  }
}

export function isSoakedStore(name: string): name is SoakedStore {
  return Object.hasOwn(connectors, name)
}

export function connectTo(name: SoakedStore, address: string): Promise<Connection> {
  return connectors[name](address)
}
