import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createFileStore } from '@kvsession/store-file'
import { startMariadb, startMemcached, startPostgres, startRedis } from 'test-servers'
import type { GroundName } from './grounds.ts'
import { readMemcachedStats } from './memcached-stats.ts'
import { inBatches, storeAll } from './scale-load.ts'
import type { StoredSession } from './scale-population.ts'

/** An engine with room for a million sessions, and what it tells beside the store. */
export interface ScaleEngine {
  readonly address: string
  /** Faster than request by request, past the store, where that would take more than a few minutes. */
  load?(sessions: Iterable<StoredSession>): Promise<void>
  /** What it holds, by its own account. */
  bytes(): Promise<number>
  /** Of an engine that removes expired ones by itself: how many values it still has. */
  entries?(): Promise<number>
  /** How long after a deadline it does so at the earliest, in milliseconds. */
  readonly margin?: number
  stop(): Promise<void>
}

export type ScaleGroundName = Exclude<GroundName, 'redis cluster' | 'dynamodb'>

export const scaleEngines: Readonly<Record<ScaleGroundName, () => Promise<ScaleEngine>>> = {
  async sqlite() {
    const { path, stop } = await temporaryPath('sessions.sqlite')
    const use = (work: (database: DatabaseSync) => void): void => {
      const database = new DatabaseSync(path)
      work(database)
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      database.close()
    }
    return {
      address: path,
      async load(sessions) {
        use((database) => {
          // A gigabyte for the tree of keys, which come in no order.
          database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000')
          const insert = database.prepare('INSERT INTO kvsession (key, expires_at, value) VALUES (?, ?, ?)')
          for (const batch of inBatches(sessions, 10_000)) {
            database.exec('BEGIN')
            for (const { key, value, expiresAt } of batch) insert.run(key, expiresAt, value)
            database.exec('COMMIT')
          }
        })
      },
      async bytes() {
        use(() => undefined)
        return (await stat(path)).size
      },
      stop
    }
  },
  async lmdb() {
    const { path, stop } = await temporaryPath('sessions.lmdb')
    return { address: path, bytes: async () => (await stat(path)).size, stop }
  },
  async file() {
    const { path, stop } = await temporaryPath('sessions')
    return {
      address: path,
      load: (sessions) => storeAll(createFileStore(path, { durability: 'normal' }), sessions, 16),
      bytes: () => diskUse(path),
      stop
    }
  },
  async redis() {
    const { url, command, stop } = await startRedis({ own: true })
    return {
      address: url,
      bytes: async () => Number(/used_memory:(\d+)/.exec(await command('INFO', 'memory'))?.[1]),
      entries: async () => Number(await command('DBSIZE')),
      margin: 60_000,
      stop
    }
  },
  async postgres() {
    const { url, stop } = await startPostgres({ own: true, settings: { shared_buffers: '512MB', max_wal_size: '4GB' } })
    const { default: pg } = await import('pg')
    const pool = new pg.Pool({ connectionString: url, max: 1 })
    return {
      address: url,
      async load(sessions) {
        for (const batch of inBatches(sessions, 5_000)) {
          await pool.query(
            'INSERT INTO kvsession (key, expires_at, value) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])',
            [batch.map(({ key }) => key), batch.map(({ expiresAt }) => expiresAt), batch.map(({ value }) => value)]
          )
        }
        await pool.query('VACUUM ANALYZE kvsession')
      },
      async bytes() {
        const { rows } = await pool.query("SELECT pg_total_relation_size('kvsession')::float8 AS bytes")
        return numberIn(rows[0])
      },
      async stop() {
        await pool.end()
        await stop()
      }
    }
  },
  async mariadb() {
    const settings = { 'innodb-buffer-pool-size': '1G', 'innodb-log-file-size': '512M' }
    const { url, stop } = await startMariadb({ own: true, settings })
    const { createPool } = await import('mysql2/promise')
    const pool = createPool({ uri: url, connectionLimit: 1 })
    return {
      address: url,
      async load(sessions) {
        for (const batch of inBatches(sessions, 2_000)) {
          const rows = batch.map(({ key, value, expiresAt }) => [key, expiresAt, value])
          await pool.query('INSERT INTO kvsession (`key`, `expires_at`, `value`) VALUES ?', [rows])
        }
      },
      async bytes() {
        await pool.query('ANALYZE TABLE kvsession')
        const sql =
          "SELECT data_length + index_length AS bytes FROM information_schema.tables WHERE table_name = 'kvsession'"
        const [rows]: [unknown, unknown] = await pool.query(sql)
        return numberIn(Array.isArray(rows) ? rows[0] : undefined)
      },
      async stop() {
        await pool.end()
        await stop()
      }
    }
  },
  async memcached() {
    const { host, port, stop } = await startMemcached({ own: true, settings: { 'memory-limit': '2048' } })
    const stats = (name: string): Promise<number> => readMemcachedStats(port).then((all) => Number(all.get(name)))
    return {
      address: `${host}:${port}`,
      bytes: () => stats('bytes'),
      entries: () => stats('curr_items'),
      margin: 1_000,
      stop
    }
  }
}

async function temporaryPath(name: string): Promise<{ path: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'kvsession-scale-'))
  return { path: join(folder, name), stop: () => rm(folder, { recursive: true, force: true }) }
}

/** Blocks of the disk, of one folder in sixteen: all of them would take a minute. */
async function diskUse(root: string): Promise<number> {
  const places = (await readdir(root).catch(() => [])).filter((name) => name.endsWith('0'))
  let bytes = 0
  for (const place of places) {
    for (const name of await readdir(join(root, place))) bytes += (await stat(join(root, place, name))).blocks * 512
  }
  return bytes * 16
}

function numberIn(row: unknown): number {
  const bytes: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'bytes') : undefined
  if (bytes === undefined) throw new Error('the engine tells no size')
  return Number(bytes)
}
