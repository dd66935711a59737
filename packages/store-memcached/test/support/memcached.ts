import { type Engine, startMemcached } from 'engine-harness'
import { MemcacheClient } from 'memcache-client'
import { createMemcachedStore, type MemcachedStore, type MemcachedStoreOptions } from '../../src/index.ts'

export interface Connected {
  readonly client: MemcacheClient
  readonly store: MemcachedStore
}

/** A client of its own, as a process has. */
export function connect(port: number, options: MemcachedStoreOptions = {}, cmdTimeout = 5_000): Connected {
  const client = new MemcacheClient({ server: { server: `127.0.0.1:${port}`, maxConnections: 2 }, cmdTimeout })
  return { client, store: createMemcachedStore(client, options) }
}

export function startServer(settings: Readonly<Record<string, string>> = {}): Promise<Engine> {
  return startMemcached({ own: true, settings })
}
