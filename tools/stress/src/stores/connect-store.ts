import type { Clock, KeyValueStore } from '@kvsession/core'

/** A store over a client of this process, and how to let go of both. */
export interface Connection {
  readonly store: KeyValueStore
  close(): Promise<void>
}

export interface ConnectOptions {
  readonly clock?: Pick<Clock, 'now'>
}

export type GroundName =
  | 'sqlite'
  | 'lmdb'
  | 'file'
  | 'redis'
  | 'redis cluster'
  | 'postgres'
  | 'mariadb'
  | 'dynamodb'
  | 'memcached'

type Connect = (address: string, options: ConnectOptions) => Promise<Connection>

/**
 * A store by the address that each process is given: a file, a folder, a URL. Drivers are imported when they are needed,
 * because a process needs one of them.
 */
const connectors: Readonly<Record<GroundName, Connect>> = {
  async sqlite(file, options) {
    const [{ DatabaseSync }, { createSqliteStore }] = [
      await import('node:sqlite'),
      await import('@kvsession/store-sqlite')
    ]
    const database = new DatabaseSync(file)
    const store = createSqliteStore(database, options)
    await store.ensureSchema()
    return { store, close: async () => database.close() }
  },
  async lmdb(file, options) {
    const [{ open }, { createLmdbStore }] = [await import('lmdb'), await import('@kvsession/store-lmdb')]
    // Syncing is about power cuts, which nothing here is about.
    const database = open({ path: file, encoding: 'string', noSync: true })
    const store = createLmdbStore(database, options)
    return {
      store,
      async close() {
        await store.close()
        await database.close()
      }
    }
  },
  async file(folder, options) {
    const { createFileStore } = await import('@kvsession/store-file')
    return { store: createFileStore(folder, options), close: async () => undefined }
  },
  async redis(url, options) {
    const [{ createClient }, { createRedisStore }] = [await import('redis'), await import('@kvsession/store-redis')]
    const client = createClient({ url })
    client.on('error', () => undefined)
    await client.connect()
    return { store: createRedisStore(client, options), close: async () => client.destroy() }
  },
  async 'redis cluster'(urls, options) {
    const [{ createCluster }, { createRedisStore }] = [await import('redis'), await import('@kvsession/store-redis')]
    const cluster = createCluster({ rootNodes: urls.split(' ').map((url) => ({ url })) })
    cluster.on('error', () => undefined)
    await cluster.connect()
    return { store: createRedisStore(cluster, options), close: async () => cluster.destroy() }
  },
  async postgres(url, options) {
    const [{ default: pg }, { createPostgresStore }] = [await import('pg'), await import('@kvsession/store-postgres')]
    const pool = new pg.Pool({ connectionString: url, max: 10 })
    pool.on('error', () => undefined)
    const store = createPostgresStore(pool, options)
    await store.ensureSchema()
    return { store, close: () => pool.end() }
  },
  async mariadb(url, options) {
    const [{ createPool }, { createMysqlStore }] = [
      await import('mysql2/promise'),
      await import('@kvsession/store-mysql')
    ]
    const pool = createPool({ uri: url, connectionLimit: 10 })
    const store = createMysqlStore(pool, options)
    await store.ensureSchema()
    return { store, close: () => pool.end() }
  },
  async dynamodb(endpoint, options) {
    const [{ DynamoDB }, { createDynamodbStore }] = [
      await import('@aws-sdk/client-dynamodb'),
      await import('@kvsession/store-dynamodb')
    ]
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const client = new DynamoDB({ endpoint, region: 'local', credentials, maxAttempts: 1 })
    return { store: createDynamodbStore(client, options), close: async () => client.destroy() }
  },
  async memcached(server, options) {
    const [{ MemcacheClient }, { createMemcachedStore }] = [
      await import('memcache-client'),
      await import('@kvsession/store-memcached')
    ]
    const client = new MemcacheClient({ server: { server, maxConnections: 4 }, cmdTimeout: 15_000 })
    return { store: createMemcachedStore(client, options), close: async () => client.shutdown() }
  }
}

export function isGroundName(name: string): name is GroundName {
  return Object.hasOwn(connectors, name)
}

export function connectTo(name: GroundName, address: string, options: ConnectOptions = {}): Promise<Connection> {
  return connectors[name](address, options)
}

/** What another process sees of a key. LMDB refuses it a store, and lets it read. */
export async function connectReader(
  name: GroundName,
  address: string
): Promise<{ get(key: string): Promise<unknown>; close(): Promise<void> }> {
  if (name !== 'lmdb') {
    const { store, close } = await connectTo(name, address)
    return { get: (key) => store.get(key), close }
  }
  const { open } = await import('lmdb')
  const database = open({ path: address, encoding: 'string', readOnly: true })
  return {
    async get(key) {
      database.resetReadTxn()
      return database.get(key)
    },
    close: () => database.close()
  }
}
