import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createPostgresStore } from '@kvsession/store-postgres'
import { createSqliteStore } from '@kvsession/store-sqlite'
import pg from 'pg'
import { type Engine, startPostgres, startRedis } from 'test-servers'
import type { SoakedStore } from './connection.ts'

/** Where the sessions of one soak lie, and what can be done to it. Nothing acknowledged may be lost by any of it. */
export interface Place {
  readonly address: string
  /** Nothing is answered any more until it is thawed. On SQLite nothing is written: somebody holds the lock. */
  freeze(): void
  thaw(): void
  /** Ends it as a crash does; a file has nothing that could be killed. */
  readonly kill?: () => Promise<void>
  readonly restart?: () => Promise<void>
  stop(): Promise<void>
}

export const startPlace: Readonly<Record<SoakedStore, () => Promise<Place>>> = {
  async redis() {
    return onEngine(await startRedis({ own: true, settings: { appendonly: 'yes', appendfsync: 'always' } }))
  },
  async postgres() {
    const engine = await startPostgres({ own: true })
    const pool = new pg.Pool({ connectionString: engine.url })
    pool.on('error', () => undefined)
    await createPostgresStore(pool).ensureSchema()
    await pool.end()
    return onEngine(engine)
  },
  async sqlite() {
    const folder = await mkdtemp(join(tmpdir(), 'kvsession-soak-'))
    const address = join(folder, 'sessions.sqlite')
    const database = new DatabaseSync(address)
    // Taking the lock may take its time: many want it.
    await createSqliteStore(database, { busyTimeout: 60_000 }).ensureSchema()
    return {
      address,
      freeze: () => database.exec('BEGIN IMMEDIATE'),
      thaw: () => database.exec('ROLLBACK'),
      async stop() {
        database.close()
        await rm(folder, { recursive: true, force: true })
      }
    }
  }
}

function onEngine(engine: Engine): Place {
  const { freeze, thaw, restart, stop } = engine
  return { address: engine.url, freeze, thaw, kill: () => engine.kill(), restart, stop }
}
