import { createPostgresStore } from '@kvsession/store-postgres'
import { createRedisStore } from '@kvsession/store-redis'
import connectPgSimple from 'connect-pg-simple'
import { Pool } from 'pg'
import { createClient } from 'redis'
import type { Application } from './application.ts'
import { RedisStore } from './connect-redis-peer.ts'
import { withExpressSession, withFloor, withKvsession } from './express-applications.ts'
import { expressSession } from './express-session-peer.ts'
import { createRemoteFloor } from './floor.ts'
import { redisFloor } from './floor-names.ts'

/** Where the server is; the parent process says. */
const url = process.env.KVSESSION_BENCH_STORE ?? ''

export const redisApplications: Readonly<Record<string, () => Promise<Application>>> = {
  async [redisFloor]() {
    const client = await connect()
    const set = (key: string, text: string, lifetime: number): Promise<unknown> =>
      client.set(key, text, { PX: lifetime })
    return withFloor(createRemoteFloor({ get: (key) => client.get(key), set }))
  },
  kvsession: async () => withKvsession(createRedisStore(await connect())),
  'kvsession, lazy': async () => withKvsession(createRedisStore(await connect()), true),
  'express-session, connect-redis': async () => withExpressSession(new RedisStore({ client: await connect() }))
}

export const postgresApplications: Readonly<Record<string, () => Promise<Application>>> = {
  async kvsession() {
    const store = createPostgresStore(createPool())
    await store.ensureSchema()
    return withKvsession(store)
  },
  'express-session, connect-pg-simple': async () => {
    const pool = createPool()
    const PgStore = connectPgSimple(expressSession)
    return withExpressSession(new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false }))
  }
}

/** Its types are inferred: they differ by protocol. */
function makeClient() {
  const client = createClient({ url })
  client.on('error', (error) => console.error(String(error)))
  return client
}

function connect(): Promise<ReturnType<typeof makeClient>> {
  const client = makeClient()
  return client.connect().then(() => client)
}

function createPool(): Pool {
  const pool = new Pool({ connectionString: url, max: 10 })
  pool.on('error', (error) => console.error(String(error)))
  return pool
}
