import { createCachedStore } from '@kvsession/core/cached-store'
import { createPostgresStore } from '@kvsession/store-postgres'
import { createRedisStore } from '@kvsession/store-redis'
import { Pool } from 'pg'
import { createClient } from 'redis'
import type { Library } from './application.ts'
import { withBaseline, withExpressSession, withKvsession } from './express.ts'
import { awaitedBaseline, createBaseline } from './hand-written.ts'
import { createConnectPgSimple, createConnectRedis } from './peers.ts'

/** Express with a store on a server, whose address is the argument. */
export const redisLibraries: Readonly<Record<string, Library>> = {
  async [awaitedBaseline](url) {
    const client = await connect(url)
    return withBaseline(
      createBaseline({
        get: (key) => client.get(key),
        set: (key, value, lifetime) => client.set(key, value, { PX: lifetime })
      })
    )
  },
  kvsession: async (url) => withKvsession(createRedisStore(await connect(url))),
  'kvsession, cached': async (url) => withKvsession(createCachedStore(createRedisStore(await connect(url)))),
  'kvsession, lazy': async (url) => withKvsession(createRedisStore(await connect(url)), true),
  'connect-redis': async (url) => withExpressSession(createConnectRedis({ client: await connect(url) }))
}

export const postgresLibraries: Readonly<Record<string, Library>> = {
  async kvsession(url) {
    const store = createPostgresStore(createPool(url))
    await store.ensureSchema()
    return withKvsession(store)
  },
  async 'kvsession, cached'(url) {
    const store = createPostgresStore(createPool(url), { notify: true })
    await store.ensureSchema()
    return withKvsession(createCachedStore(store))
  },
  'connect-pg-simple': (url) =>
    withExpressSession(
      createConnectPgSimple({ pool: createPool(url), createTableIfMissing: true, pruneSessionInterval: false })
    )
}

/** The return type is inferred, because it depends on the protocol version. */
function makeClient(url: string) {
  const client = createClient({ url })
  client.on('error', (error) => console.error(String(error)))
  return client
}

function connect(url: string): Promise<ReturnType<typeof makeClient>> {
  const client = makeClient(url)
  return client.connect().then(() => client)
}

function createPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 10 })
  pool.on('error', (error) => console.error(String(error)))
  return pool
}
