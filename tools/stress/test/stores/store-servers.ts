import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'
import { describeOn, startMariadb, startMemcached, startPostgres, startRedis, startRedisCluster } from 'test-servers'
import { describe } from 'vitest'
import type { GroundName } from '../../src/stores/connect-store.ts'

/** Something that processes can share, empty, and its address for all of them. */
export interface Place {
  readonly address: string
  stop(): Promise<void>
}

interface PlaceDefinition {
  readonly ground: GroundName
  /** Skips, loudly, when the engine is missing. */
  readonly describe: (name: string, register: () => void) => unknown
  start(): Promise<Place>
}

async function temporary(file: string): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'kvsession-races-'))
  return { address: join(folder, file), stop: () => rm(folder, { recursive: true, force: true }) }
}

async function startDynalite(): Promise<Place> {
  const server = dynalite({ createTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('dynalite listens on no port')
  const endpoint = `http://127.0.0.1:${address.port}`
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

async function engine(starting: Promise<{ readonly url: string; stop(): Promise<void> }>): Promise<Place> {
  const { url, stop } = await starting
  return { address: url, stop }
}

/** LMDB is not among them: its store refuses a second process. */
export const places: readonly PlaceDefinition[] = [
  { ground: 'sqlite', describe, start: () => temporary('sessions.sqlite') },
  { ground: 'file', describe, start: () => temporary('sessions') },
  { ground: 'dynamodb', describe, start: startDynalite },
  { ground: 'redis', describe: describeOn('redis', { own: true }), start: () => engine(startRedis({ own: true })) },
  {
    ground: 'redis cluster',
    describe: describeOn('redis', { own: true }),
    async start() {
      const { urls, stop } = await startRedisCluster()
      return { address: urls.join(' '), stop }
    }
  },
  {
    ground: 'postgres',
    describe: describeOn('postgres', { own: true }),
    start: () => engine(startPostgres({ own: true }))
  },
  {
    ground: 'mariadb',
    describe: describeOn('mariadb', { own: true }),
    start: () => engine(startMariadb({ own: true }))
  },
  {
    ground: 'memcached',
    describe: describeOn('memcached', { own: true }),
    async start() {
      const { host, port, stop } = await startMemcached({ own: true })
      return { address: `${host}:${port}`, stop }
    }
  }
]
