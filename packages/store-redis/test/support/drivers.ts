import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { createClient, createCluster } from 'redis'
import { createClient as createClient5, createCluster as createCluster5 } from 'redis5'
import { createRedisStore, type RedisClient, type RedisStore, type RedisStoreOptions } from '../../src/index.ts'

export interface Connected {
  readonly client: RedisClient
  readonly store: RedisStore
  /** Resolves when the client knows the servers of its cluster, because node-redis refuses commands before that. */
  readonly ready?: Promise<unknown>
  end(): void
}

export const driverNames = ['node-redis 6', 'node-redis 5', 'ioredis 6', 'ioredis 5'] as const
export type DriverName = (typeof driverNames)[number]

const ignore = (): void => undefined

/** A separate client, as in another process, which may not be connected yet. */
export function connect(driver: DriverName, url: string, options: RedisStoreOptions = {}): Connected {
  if (driver.startsWith('node-redis')) {
    const client = driver === 'node-redis 6' ? createClient({ url }) : createClient5({ url })
    client.on('error', ignore)
    client.connect().catch(ignore)
    return { client, store: createRedisStore(client, options), end: () => client.destroy() }
  }
  // ioredis reads a file before it introduces itself, so a working connection could be cut during that time.
  const settings = { maxRetriesPerRequest: 0, disableClientInfo: true }
  const client = driver === 'ioredis 6' ? new Redis(url, settings) : new Redis5(url, settings)
  client.on('error', ignore)
  return { client, store: createRedisStore(client, options), end: () => client.disconnect() }
}

/** A connected client that queues nothing while its connection is down, as in the README. */
export async function connectWithoutQueue(driver: DriverName, url: string): Promise<Connected> {
  if (driver.startsWith('node-redis')) {
    const settings = { url, disableOfflineQueue: true }
    const client = driver === 'node-redis 6' ? createClient(settings) : createClient5(settings)
    client.on('error', ignore)
    await client.connect()
    return { client, store: createRedisStore(client), end: () => client.destroy() }
  }
  const settings = { maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true, disableClientInfo: true }
  const client = driver === 'ioredis 6' ? new Redis(url, settings) : new Redis5(url, settings)
  client.on('error', ignore)
  await client.connect()
  return { client, store: createRedisStore(client), end: () => client.disconnect() }
}

export function connectCluster(
  driver: DriverName,
  urls: readonly string[],
  options: RedisStoreOptions = {}
): Connected {
  if (driver.startsWith('node-redis')) {
    const rootNodes = urls.map((url) => ({ url }))
    // The default is five seconds.
    const topologyRefreshOnReconnectionAttemptStrategy = 500
    const client =
      driver === 'node-redis 6'
        ? createCluster({ rootNodes, topologyRefreshOnReconnectionAttemptStrategy })
        : createCluster5({ rootNodes })
    client.on('error', ignore)
    const ready = client.connect().catch(ignore)
    return { client, ready, store: createRedisStore(client, options), end: () => client.destroy() }
  }
  const settings = { retryDelayOnFailover: 0 }
  const client = driver === 'ioredis 6' ? new Cluster([...urls], settings) : new Cluster5([...urls], settings)
  client.on('error', ignore)
  return { client, store: createRedisStore(client, options), end: () => client.disconnect() }
}
