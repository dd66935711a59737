import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'
import {
  type Engine,
  type EngineName,
  startMariadb,
  startMemcached,
  startPostgres,
  startRedis,
  startRedisCluster
} from 'test-servers'
import { listen } from '../listen.ts'
import type { DriverName } from './connect-store.ts'

/** An empty database that processes can share. */
export interface StoreServer {
  /** For `connectStore` in each process. */
  readonly address: string
  /** Its one server process; loses nothing that it acknowledged when it is killed. */
  readonly engine?: Engine
  /** From now on nothing is answered, until `thaw`; on SQLite nothing is written, because another connection has the lock. */
  freeze?(): void
  thaw?(): void
  stop(): Promise<void>
}

interface StoreServerDefinition {
  /** The program that has to be installed. */
  readonly engine?: EngineName
  start(): Promise<StoreServer>
}

/** The stores that several processes can share; LMDB's refuses a second process. */
export type SharedStore = Exclude<DriverName, 'lmdb' | 'ioredis' | 'redis sentinel' | 'postgres.js'>

export const storeServers: Readonly<Record<SharedStore, StoreServerDefinition>> = {
  sqlite: { start: startSqlite },
  file: { start: () => makeFolder('sessions') },
  dynamodb: { start: startDynalite },
  redis: {
    engine: 'redis',
    start: async () => onEngine(await startRedis({ own: true, settings: { appendonly: 'yes', appendfsync: 'always' } }))
  },
  'redis cluster': {
    engine: 'redis',
    async start() {
      const { urls, stop } = await startRedisCluster()
      return { address: urls.join(' '), stop }
    }
  },
  postgres: { engine: 'postgres', start: async () => onEngine(await startPostgres({ own: true })) },
  mariadb: {
    engine: 'mariadb',
    start: async () => onEngine(await startMariadb({ own: true, settings: { 'innodb-flush-log-at-trx-commit': '1' } }))
  },
  memcached: {
    engine: 'memcached',
    async start() {
      const { host, port, stop } = await startMemcached({ own: true })
      return { address: `${host}:${port}`, stop }
    }
  }
}

function onEngine(engine: Engine): StoreServer {
  const { url: address, freeze, thaw, stop } = engine
  return { address, engine, freeze, thaw, stop }
}

async function makeFolder(file: string): Promise<StoreServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kvsession-stress-'))
  return { address: join(folder, file), stop: () => rm(folder, { recursive: true, force: true }) }
}

async function startSqlite(): Promise<StoreServer> {
  const { address, stop } = await makeFolder('sessions.sqlite')
  let locking: DatabaseSync | undefined
  return {
    address,
    freeze() {
      // Many want the lock: it may take a while to get it.
      locking = new DatabaseSync(address, { timeout: 60_000 })
      locking.exec('BEGIN IMMEDIATE')
    },
    thaw: () => locking?.close(),
    stop
  }
}

async function startDynalite(): Promise<StoreServer> {
  const server = dynalite({ createTableMs: 0 })
  const endpoint = `http://127.0.0.1:${await listen(server)}`
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDB({ endpoint, region: 'local', credentials })
  // dynalite knows no time to live, which ensureTable() would switch on.
  await client.createTable({
    TableName: 'kvsession',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }]
  })
  while ((await client.describeTable({ TableName: 'kvsession' })).Table?.TableStatus !== 'ACTIVE');
  client.destroy()
  return {
    address: endpoint,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}
