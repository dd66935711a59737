import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, createMemoryStore, type KeyValueStore } from '@kvsession/core'
import { type ConnectOptions, connectStore } from 'stress/stores'
import { startMariadb, startMemcached, startPostgres, startRedis } from 'test-servers'

export type ScaleEngineName = 'memory' | 'sqlite' | 'lmdb' | 'file' | 'redis' | 'postgres' | 'mariadb' | 'memcached'

/** A new, empty engine with a store. No write waits for the disk, so that storing a million sessions takes minutes. */
export interface ScaleEngine {
  readonly store: KeyValueStore
  /** The size of the data that the engine reports, if it reports one. */
  bytes?(): Promise<number>
  /** The engine removes expired values by itself, so there is no sweep to measure. */
  readonly removesExpired?: boolean
  close(): Promise<unknown>
}

/** An empty database; `connectStore` takes the address and the options. */
interface Database extends Pick<ScaleEngine, 'bytes' | 'removesExpired'> {
  readonly address: string
  readonly options?: ConnectOptions
  stop(): Promise<void>
}

const databases: Readonly<Record<Exclude<ScaleEngineName, 'memory'>, () => Promise<Database>>> = {
  async sqlite() {
    const folder = await makeFolder()
    return {
      ...folder,
      async bytes() {
        const { DatabaseSync } = await import('node:sqlite')
        const database = new DatabaseSync(folder.address)
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
        database.close()
        return (await stat(folder.address)).size
      }
    }
  },
  async lmdb() {
    const folder = await makeFolder()
    return { ...folder, bytes: async () => (await stat(folder.address)).size }
  },
  file: makeFolder,
  async redis() {
    const { url: address, command, stop } = await startRedis({ own: true })
    const bytes = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await command('INFO', 'memory'))?.[1])
    return { address, stop, bytes, removesExpired: true }
  },
  async postgres() {
    const settings = { shared_buffers: '512MB', max_wal_size: '4GB' }
    const { url: address, stop } = await startPostgres({ own: true, settings })
    return {
      address,
      stop,
      async bytes() {
        const { default: pg } = await import('pg')
        const client = new pg.Client(address)
        await client.connect()
        const { rows } = await client.query("SELECT pg_total_relation_size('kvsession') AS bytes")
        await client.end()
        return Number(rows[0].bytes)
      }
    }
  },
  async mariadb() {
    const settings = { 'innodb-buffer-pool-size': '1G', 'innodb-log-file-size': '512M' }
    const { url: address, stop } = await startMariadb({ own: true, settings })
    return { address, stop }
  },
  async memcached() {
    const { host, port, stop } = await startMemcached({ own: true, settings: { 'memory-limit': '2048' } })
    return { address: `${host}:${port}`, stop, removesExpired: true }
  }
}

export const scaleEngines: readonly string[] = ['memory', ...Object.keys(databases)]

export function isScaleEngine(name: string): name is ScaleEngineName {
  return scaleEngines.includes(name)
}

export async function openEngine(name: ScaleEngineName, clock: Pick<Clock, 'now'>): Promise<ScaleEngine> {
  if (name === 'memory') return openMemory(clock)
  const { address, options, stop, ...rest } = await databases[name]()
  const { store, close } = await connectStore(name, address, { clock, ...options })
  return {
    ...rest,
    store,
    async close() {
      await close()
      await stop()
    }
  }
}

function openMemory(clock: Pick<Clock, 'now'>): ScaleEngine {
  return {
    store: createMemoryStore({ clock }),
    async bytes() {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    },
    close: async () => undefined
  }
}

async function makeFolder(): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'kvsession-scale-'))
  return {
    address: join(folder, 'sessions'),
    options: { durability: 'normal' },
    stop: () => rm(folder, { recursive: true, force: true })
  }
}
