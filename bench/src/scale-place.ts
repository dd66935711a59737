import { DatabaseSync } from 'node:sqlite'
import { createMemoryStore, type KeyValueStore } from '@kvsession/core'
import { createLmdbStore } from '@kvsession/store-lmdb'
import { createPostgresStore } from '@kvsession/store-postgres'
import { createRedisStore } from '@kvsession/store-redis'
import { createSqliteStore } from '@kvsession/store-sqlite'
import { open } from 'lmdb'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { scaleEngines } from 'store-grounds/scale-engines'
import { inBatches, storeAll } from 'store-grounds/scale-load'
import type { StoredSession } from 'store-grounds/scale-population'

export type PlaceName = 'memory' | 'sqlite' | 'lmdb' | 'redis' | 'postgres'

/** A store with room for many sessions, and its engine without the store. */
export interface ScalePlace {
  readonly store: KeyValueStore
  /** Puts sessions in by the fastest way there is. */
  load(sessions: Iterable<StoredSession>): Promise<void>
  /** One value by its key, as short as the engine's client allows. */
  get(key: string): unknown
  /** Replaces a value that is there. */
  set(key: string, value: string, expiresAt: number): unknown
  close(): Promise<void>
}

interface PlaceOptions {
  readonly clock: { now(): number }
}

/** The engine of its own, empty, with the same durability for the store and without it: nothing waits for the disk. */
export const scalePlaces: Readonly<Record<PlaceName, (options: PlaceOptions) => Promise<ScalePlace>>> = {
  async memory(options) {
    const store = createMemoryStore(options)
    const map = new Map<string, string>()
    return {
      store,
      async load(sessions) {
        for (const { key, value, expiresAt } of sessions) {
          // Put together of pieces, a text would hold on to all of them.
          const text = Buffer.from(value).toString('latin1')
          await store.set(key, text, expiresAt)
          map.set(key, text)
        }
      },
      get: (key) => map.get(key),
      set: (key, value) => map.set(key, value),
      close: async () => undefined
    }
  },

  async sqlite(options) {
    const engine = await scaleEngines.sqlite()
    const [own, raw] = [new DatabaseSync(engine.address), new DatabaseSync(engine.address)]
    const store = createSqliteStore(own, { ...options, durability: 'normal' })
    await store.ensureSchema()
    raw.exec('PRAGMA synchronous = NORMAL')
    const select = raw.prepare('SELECT value FROM kvsession WHERE key = ?')
    const update = raw.prepare('UPDATE kvsession SET value = ?, expires_at = ? WHERE key = ?')
    return {
      store,
      load: (sessions) => bulk(engine, sessions),
      get: (key) => select.get(key),
      set: (key, value, expiresAt) => update.run(value, expiresAt, key),
      async close() {
        own.close()
        raw.close()
        await engine.stop()
      }
    }
  },

  async lmdb(options) {
    const engine = await scaleEngines.lmdb()
    const database = open({ path: engine.address, encoding: 'string', noSync: true, mapSize: 2 ** 35 })
    return {
      store: createLmdbStore(database, options),
      async load(sessions) {
        for (const batch of inBatches(sessions, 10_000)) {
          database.transactionSync(() => {
            for (const { key, value, expiresAt } of batch) {
              database.putSync(key, `${expiresAt} ${value}`)
              database.putSync([expiresAt, key], '')
            }
          })
        }
      },
      get(key) {
        database.resetReadTxn()
        return database.get(key)
      },
      async set(key, value, expiresAt) {
        await database.transaction(() => database.putSync(key, `${expiresAt} ${value}`))
        await database.flushed
      },
      async close() {
        await database.close()
        await engine.stop()
      }
    }
  },

  async redis(options) {
    const engine = await scaleEngines.redis()
    const client = createClient({ url: engine.address })
    client.on('error', () => undefined)
    await client.connect()
    const store = createRedisStore(client, options)
    return {
      store,
      load: (sessions) => storeAll(store, sessions, 256),
      get: (key) => client.get(key),
      set: (key, value, expiresAt) => client.set(key, `${expiresAt} ${value}`, { PXAT: Math.ceil(expiresAt) }),
      async close() {
        client.destroy()
        await engine.stop()
      }
    }
  },

  async postgres(options) {
    const engine = await scaleEngines.postgres()
    const pool = new Pool({ connectionString: engine.address, max: 10 })
    pool.on('error', () => undefined)
    const store = createPostgresStore(pool, options)
    await store.ensureSchema()
    const select = { name: 'bench-get', text: 'SELECT value FROM kvsession WHERE key = $1' }
    const update = { name: 'bench-set', text: 'UPDATE kvsession SET value = $1, expires_at = $2 WHERE key = $3' }
    return {
      store,
      load: (sessions) => bulk(engine, sessions),
      get: (key) => pool.query({ ...select, values: [key] }),
      set: (key, value, expiresAt) => pool.query({ ...update, values: [value, Math.ceil(expiresAt), key] }),
      async close() {
        await pool.end()
        await engine.stop()
      }
    }
  }
}

interface BulkEngine {
  load?(sessions: Iterable<StoredSession>): Promise<void>
}

async function bulk(engine: BulkEngine, sessions: Iterable<StoredSession>): Promise<void> {
  if (!engine.load) throw new Error('The engine cannot be loaded in bulk')
  await engine.load(sessions)
}
