import type { KeyValueStore } from '@kvsession/core'
import { createMysqlStore } from '@kvsession/store-mysql'
import { createPostgresStore } from '@kvsession/store-postgres'
import { createRedisStore } from '@kvsession/store-redis'
import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { describeOn, type Engine, startMariadb, startPostgres, startRedis } from 'test-servers'

interface EventServer {
  readonly name: string
  /** Skips, loudly, when the engine is missing. */
  readonly describe: (name: string, register: () => void) => void
  /** Keeps what it has acknowledged when it is killed. */
  start(): Promise<Engine>
  readonly drivers: Readonly<Record<string, (url: string) => Connected>>
}

interface Connected {
  readonly store: KeyValueStore & { ensureSchema?(): Promise<void> }
  end(): Promise<void> | void
}

const ignore = (): void => undefined

export const eventServers: readonly EventServer[] = [
  {
    name: 'redis',
    describe: describeOn('redis', { own: true }),
    start: () => startRedis({ own: true, settings: { appendonly: 'yes', appendfsync: 'always' } }),
    drivers: {
      'node-redis'(url) {
        const client = createClient({ url })
        client.on('error', ignore)
        client.connect().catch(ignore)
        return { store: createRedisStore(client), end: () => client.destroy() }
      },
      ioredis(url) {
        // Before ioredis introduces itself it reads a file: a connection that works would be cut in the middle of that.
        const client = new Redis(url, { maxRetriesPerRequest: 0, disableClientInfo: true })
        client.on('error', ignore)
        return { store: createRedisStore(client), end: () => client.disconnect() }
      }
    }
  },
  {
    name: 'postgres',
    describe: describeOn('postgres', { own: true }),
    start: () => startPostgres({ own: true }),
    drivers: {
      pg(url) {
        const pool = new pg.Pool({ connectionString: url })
        pool.on('error', ignore)
        return { store: createPostgresStore(pool), end: () => pool.end() }
      },
      'postgres.js'(url) {
        // As the README of the store asks: a failure to fetch types is nobody's.
        const sql = postgres(url, { backoff: false, fetch_types: false, onnotice: ignore })
        return { store: createPostgresStore(sql), end: () => sql.end({ timeout: 1 }) }
      }
    }
  },
  {
    name: 'mariadb',
    describe: describeOn('mariadb', { own: true }),
    start: () => startMariadb({ own: true, settings: { 'innodb-flush-log-at-trx-commit': '1' } }),
    drivers: {
      mysql2(url) {
        const pool = createPool({ uri: url })
        return { store: createMysqlStore(pool), end: () => pool.end() }
      }
    }
  }
]
