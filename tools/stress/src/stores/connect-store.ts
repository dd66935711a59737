import type { Clock, KeyValueStore } from '@kvsession/core'
import type { RedisStoreOptions } from '@kvsession/store-redis'

/** A store over a client of this process. */
export interface Connection {
  readonly store: KeyValueStore & { ensureSchema?(): Promise<void> }
  /** Closes the client. */
  close(): Promise<unknown> | unknown
}

export interface ConnectOptions extends Pick<RedisStoreOptions, 'waitReplicas' | 'waitTimeout'> {
  readonly clock?: Pick<Clock, 'now'>
  /** `normal`: files are written without waiting for the disk. For stores that write files themselves. */
  readonly durability?: 'full' | 'normal'
}

/** Connections of a pool. */
export const poolSize = 10

const ignore = (): void => undefined

/**
 * A store by its driver and the address that each process is given: a file, a folder, a URL. They connect as the
 * documentation of the stores says. Drivers are imported when they are needed, because a process needs one of them.
 */
const connectors = {
  async sqlite(file: string, options: ConnectOptions): Promise<Connection> {
    const { DatabaseSync } = await import('node:sqlite')
    const { createSqliteStore } = await import('@kvsession/store-sqlite')
    const database = new DatabaseSync(file)
    return { store: createSqliteStore(database, options), close: () => database.close() }
  },
  async file(folder: string, options: ConnectOptions): Promise<Connection> {
    const { createFileStore } = await import('@kvsession/store-file')
    return { store: createFileStore(folder, options), close: ignore }
  },
  async lmdb(path: string, { durability, clock }: ConnectOptions): Promise<Connection> {
    const { open } = await import('lmdb')
    const { createLmdbStore } = await import('@kvsession/store-lmdb')
    const sync = durability === 'normal' ? { noSync: true } : {}
    const database = open({ path, encoding: 'string', mapSize: 2 ** 35, ...sync })
    const store = createLmdbStore(database, clock ? { clock } : {})
    return { store, close: () => store.close().then(() => database.close()) }
  },
  /** Does not wait until it is connected, so that it may start during an outage. */
  async redis(url: string, options: ConnectOptions): Promise<Connection> {
    const { createClient } = await import('redis')
    const { createRedisStore } = await import('@kvsession/store-redis')
    const client = createClient({ url })
    client.on('error', ignore)
    client.connect().catch(ignore)
    return { store: createRedisStore(client, options), close: () => client.destroy() }
  },
  async ioredis(url: string, options: ConnectOptions): Promise<Connection> {
    const { Redis } = await import('ioredis')
    const { createRedisStore } = await import('@kvsession/store-redis')
    // Before ioredis introduces itself it reads a file: a connection that works would be cut in the middle of that.
    const client = new Redis(url, { maxRetriesPerRequest: 0, disableClientInfo: true })
    client.on('error', ignore)
    return { store: createRedisStore(client, options), close: () => client.disconnect() }
  },
  /** The address is that of a sentinel which watches a master named `main`. */
  async 'redis sentinel'(url: string, options: ConnectOptions): Promise<Connection> {
    const { Redis } = await import('ioredis')
    const { createRedisStore } = await import('@kvsession/store-redis')
    const { hostname, port } = new URL(url)
    const sentinels = [{ host: hostname, port: Number(port) }]
    const client = new Redis({ sentinels, name: 'main', maxRetriesPerRequest: 0 })
    client.on('error', ignore)
    return { store: createRedisStore(client, options), close: () => client.disconnect() }
  },
  async 'redis cluster'(urls: string, options: ConnectOptions): Promise<Connection> {
    const { createCluster } = await import('redis')
    const { createRedisStore } = await import('@kvsession/store-redis')
    const cluster = createCluster({ rootNodes: urls.split(' ').map((url) => ({ url })) })
    cluster.on('error', ignore)
    await cluster.connect()
    return { store: createRedisStore(cluster, options), close: () => cluster.destroy() }
  },
  async postgres(url: string, options: ConnectOptions): Promise<Connection> {
    const { default: pg } = await import('pg')
    const { createPostgresStore } = await import('@kvsession/store-postgres')
    const pool = new pg.Pool({ connectionString: url, max: poolSize, maxLifetimeSeconds: 60 })
    pool.on('error', ignore)
    return { store: createPostgresStore(pool, options), close: () => pool.end() }
  },
  async 'postgres.js'(url: string, options: ConnectOptions): Promise<Connection> {
    const { default: postgres } = await import('postgres')
    const { createPostgresStore } = await import('@kvsession/store-postgres')
    // As the README of the store asks: a failure to fetch types would reject no promise of a caller.
    const sql = postgres(url, { backoff: false, fetch_types: false, max_lifetime: 60, onnotice: ignore })
    return { store: createPostgresStore(sql, options), close: () => sql.end({ timeout: 1 }) }
  },
  async mariadb(url: string, options: ConnectOptions): Promise<Connection> {
    const { createPool } = await import('mysql2/promise')
    const { createMysqlStore } = await import('@kvsession/store-mysql')
    const pool = createPool({ uri: url, connectionLimit: poolSize })
    return { store: createMysqlStore(pool, options), close: () => pool.end() }
  },
  async dynamodb(endpoint: string, options: ConnectOptions): Promise<Connection> {
    const { DynamoDB } = await import('@aws-sdk/client-dynamodb')
    const { createDynamodbStore } = await import('@kvsession/store-dynamodb')
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const client = new DynamoDB({ endpoint, region: 'local', credentials, maxAttempts: 1 })
    return { store: createDynamodbStore(client, options), close: () => client.destroy() }
  },
  async memcached(server: string, options: ConnectOptions): Promise<Connection> {
    const { MemcacheClient } = await import('memcache-client')
    const { createMemcachedStore } = await import('@kvsession/store-memcached')
    const client = new MemcacheClient({ server: { server, maxConnections: 4 }, cmdTimeout: 15_000 })
    return { store: createMemcachedStore(client, options), close: () => client.shutdown() }
  }
}

/** The name of a store, or of another driver that it takes. */
export type DriverName = keyof typeof connectors

export function isDriverName(name: string): name is DriverName {
  return Object.hasOwn(connectors, name)
}

/** Connects, and creates what the store needs in its database. */
export async function connectStore(driver: string, address: string, options: ConnectOptions = {}): Promise<Connection> {
  if (!isDriverName(driver)) throw new Error(`no driver is named ${driver}`)
  const connection = await connectors[driver](address, options)
  await connection.store.ensureSchema?.()
  return connection
}
