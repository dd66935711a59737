import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, KeyValueStore } from '@kvsession/core'
import { startMariadb, startMemcached, startPostgres, startRedis } from 'test-servers'

/** A new, empty engine with a store. No write waits for the disk, so that storing a million sessions takes minutes. */
export interface ScaleEngine {
  readonly store: KeyValueStore
  /** The size of the data that the engine reports, if it reports one. */
  bytes?(): Promise<number>
  /** The engine removes expired values by itself, so there is no sweep to measure. */
  readonly removesExpired?: true
  close(): Promise<void>
}

type Open = (clock: Pick<Clock, 'now'>) => Promise<ScaleEngine>

// Drivers are imported on demand, because a process needs one of them.

const memory: Open = async (clock) => {
  const { createMemoryStore } = await import('@kvsession/core')
  return {
    store: createMemoryStore({ clock }),
    async bytes() {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    },
    close: async () => undefined
  }
}

const sqlite: Open = async (clock) => {
  const [{ DatabaseSync }, { createSqliteStore }] = [
    await import('node:sqlite'),
    await import('@kvsession/store-sqlite')
  ]
  const { path, remove } = await temporaryPath()
  const database = new DatabaseSync(path)
  const store = createSqliteStore(database, { clock, durability: 'normal' })
  await store.ensureSchema()
  return {
    store,
    async bytes() {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      return (await stat(path)).size
    },
    async close() {
      database.close()
      await remove()
    }
  }
}

const lmdb: Open = async (clock) => {
  const [{ open }, { createLmdbStore }] = [await import('lmdb'), await import('@kvsession/store-lmdb')]
  const { path, remove } = await temporaryPath()
  const database = open({ path, encoding: 'string', noSync: true, mapSize: 2 ** 35 })
  const store = createLmdbStore(database, { clock })
  return {
    store,
    bytes: async () => (await stat(path)).size,
    async close() {
      await store.close()
      await database.close()
      await remove()
    }
  }
}

const file: Open = async (clock) => {
  const { createFileStore } = await import('@kvsession/store-file')
  const { path, remove } = await temporaryPath()
  return { store: createFileStore(path, { clock, durability: 'normal' }), close: remove }
}

const redis: Open = async (clock) => {
  const [{ createClient }, { createRedisStore }] = [await import('redis'), await import('@kvsession/store-redis')]
  const { url, command, stop } = await startRedis({ own: true })
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  return {
    store: createRedisStore(client, { clock }),
    bytes: async () => Number(/used_memory:(\d+)/.exec(await command('INFO', 'memory'))?.[1]),
    removesExpired: true,
    async close() {
      client.destroy()
      await stop()
    }
  }
}

const postgres: Open = async (clock) => {
  const [{ default: pg }, { createPostgresStore }] = [await import('pg'), await import('@kvsession/store-postgres')]
  const { url, stop } = await startPostgres({ own: true, settings: { shared_buffers: '512MB', max_wal_size: '4GB' } })
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  pool.on('error', () => undefined)
  const store = createPostgresStore(pool, { clock })
  await store.ensureSchema()
  return {
    store,
    async bytes() {
      const { rows } = await pool.query("SELECT pg_total_relation_size('kvsession') AS bytes")
      return Number(rows[0].bytes)
    },
    async close() {
      await pool.end()
      await stop()
    }
  }
}

const mariadb: Open = async (clock) => {
  const [{ createPool }, { createMysqlStore }] = [
    await import('mysql2/promise'),
    await import('@kvsession/store-mysql')
  ]
  const settings = { 'innodb-buffer-pool-size': '1G', 'innodb-log-file-size': '512M' }
  const { url, stop } = await startMariadb({ own: true, settings })
  const pool = createPool({ uri: url, connectionLimit: 10 })
  const store = createMysqlStore(pool, { clock })
  await store.ensureSchema()
  return {
    store,
    async close() {
      await pool.end()
      await stop()
    }
  }
}

const memcached: Open = async (clock) => {
  const [{ MemcacheClient }, { createMemcachedStore }] = [
    await import('memcache-client'),
    await import('@kvsession/store-memcached')
  ]
  const { host, port, stop } = await startMemcached({ own: true, settings: { 'memory-limit': '2048' } })
  const client = new MemcacheClient({ server: { server: `${host}:${port}`, maxConnections: 4 }, cmdTimeout: 15_000 })
  return {
    store: createMemcachedStore(client, { clock }),
    removesExpired: true,
    async close() {
      client.shutdown()
      await stop()
    }
  }
}

export type ScaleEngineName = 'memory' | 'sqlite' | 'lmdb' | 'file' | 'redis' | 'postgres' | 'mariadb' | 'memcached'

export const scaleEngines: Readonly<Record<ScaleEngineName, Open>> = {
  ...{ memory, sqlite, lmdb, file, redis, postgres, mariadb, memcached }
}

export function isScaleEngine(name: string): name is ScaleEngineName {
  return Object.hasOwn(scaleEngines, name)
}

async function temporaryPath(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'kvsession-scale-'))
  return { path: join(folder, 'sessions'), remove: () => rm(folder, { recursive: true, force: true }) }
}
