import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createSessionManager, type KeyValueStore } from '@kvsession/core'
import { createCachedStore } from '@kvsession/core/cached-store'
import pg from 'pg'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPostgresStore, type PostgresStore } from '../src/index.ts'
import { driverNames } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

/** KVSESSION_CACHE_ROUNDS=2000 prints how long a revoked session is served after the revocation was acknowledged. */
const rounds = Number(process.env.KVSESSION_CACHE_ROUNDS ?? 20)
const script = fileURLToPath(new URL('support/revoking-process.ts', import.meta.url))
const secret = 'a secret for tests that is long enough'
const later = Date.UTC(9999, 0)
const any = (): boolean => true
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Resolves when the memory of the cached store answers: the store is asked no more. */
async function warm(asked: readonly string[], read: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const before = asked.length
    await read()
    if (asked.length === before) return
  }
}

/** Notes the reads that reach the store, and calls `onHint` when a hint has reached the memory. */
function observed(store: KeyValueStore, asked: string[], onHint: () => void = () => undefined): KeyValueStore {
  return {
    ...store,
    get(key) {
      asked.push(key)
      return store.get(key)
    },
    async watch(prefix, onKey, onGap) {
      const stop = await store.watch?.(
        prefix,
        (key) => {
          onKey(key)
          onHint()
        },
        onGap
      )
      return stop ?? (() => undefined)
    }
  }
}

describeOn('postgres', { own: true })('a cached store over PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  describe.each(driverNames)('%s', (driver) => {
    let table: string
    let store: PostgresStore
    let other: PostgresStore
    const asked: string[] = []
    beforeEach(async () => {
      asked.length = 0
      table = server.freeTable()
      store = server.connect(driver, { table, notify: true }).store
      other = server.connect(driver, { table, notify: true }).store
      await store.ensureSchema()
    })

    it('A cached store serves no revoked session for longer than the hint takes', {
      timeout: 30_000 + rounds * 300
    }, async () => {
      const child = fork(script, [driver, server.url, table], { execArgv: ['--conditions=@kvsession/source'] })
      let hinted = (): void => undefined
      const watched = observed(store, asked, () => hinted())
      // Nothing leaves the memory for its age: what ends the session here is the hint.
      const cached = createCachedStore(watched, { clock: { now: () => 0 } })
      const manager = createSessionManager({ store: cached, secret, storeTimeout: 5_000 })
      const delays: number[] = []
      for (let round = 0; round < rounds; round++) {
        const session = await manager.open('')
        session.data.round = round
        const { headers } = await manager.commit(session)
        const cookie = headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? ''
        await warm(asked, () => manager.open(cookie))
        const nextHint = (): Promise<void> =>
          new Promise((resolve) => {
            hinted = resolve
          })
        let hint = nextHint()
        const answer = once(child, 'message')
        child.send(session.id)
        // Hints of earlier writes may come before that of the revocation.
        for (;;) {
          await hint
          hint = nextHint()
          if ((await manager.open(cookie)).isNew) break
        }
        const seen = performance.timeOrigin + performance.now()
        delays.push(seen - Number((await answer)[0]))
      }
      if (rounds > 100) print(driver, delays)
      child.disconnect()
      await once(child, 'exit')
      await manager.close()
    })

    it('A cached store goes on after the connection that listens was ended: it hears of the gap, and of later writes', async () => {
      const cached = createCachedStore(observed(store, asked), { clock: { now: () => 0 } })
      const read = (): Promise<unknown> => cached.getCached('key.1', any)
      await other.set('key.1', 'value', later)
      await warm(asked, read)
      const listening = "FROM pg_stat_activity WHERE query ILIKE 'listen%' AND pid <> pg_backend_pid()"
      await server.admin.ask(`SELECT pg_terminate_backend(pid) ${listening}`)
      await other.set('key.1', 'changed', later)
      while ((await read()) !== 'changed') await nextTurn()
      await warm(asked, read)
      await other.delete('key.1')
      while ((await read()) !== undefined) await nextTurn()
      await cached.close?.()
    })

    it('A cached store watches again after the server was restarted', async () => {
      const cached = createCachedStore(observed(store, asked), { clock: { now: () => 0 } })
      const read = (): Promise<unknown> => cached.getCached('key.2', any).catch(() => 'failed')
      await other.set('key.2', 'value', later)
      await warm(asked, read)
      await server.kill()
      await server.restart()
      while ((await other.set('key.2', 'changed', later).catch(() => 'failed')) === 'failed') await nextTurn()
      while ((await read()) !== 'changed') await nextTurn()
      await warm(asked, read)
      await other.delete('key.2')
      while ((await read()) !== undefined) await nextTurn()
      await cached.close?.()
    })

    it('A store has sent the hint of every write when it is closed', async () => {
      const hints: string[] = []
      const stop = await store.watch?.(
        '',
        (key) => hints.push(key),
        () => undefined
      )
      await other.set('key.3', 'value', later)
      await other.close()
      while (!hints.includes('key.3')) await nextTurn()
      stop?.()
    })
  })

  it('A store has no watch() without notify, and refuses a client that cannot listen', async () => {
    const pool = new pg.Pool({ connectionString: server.url })
    pool.on('error', () => undefined)
    const client = new pg.Client(server.url)
    client.on('error', () => undefined)
    expect(createPostgresStore(pool).watch).toBeUndefined()
    const lacks = expect.objectContaining({ code: 'STORE_LACKS_METHOD' })
    expect(() => createCachedStore(createPostgresStore(pool))).toThrow(lacks)
    const invalid = expect.objectContaining({ code: 'STORE_INVALID' })
    expect(() => createPostgresStore(client, { notify: true })).toThrow(invalid)
    const wrong = expect.objectContaining({ code: 'OPTION_INVALID' })
    expect(() => createPostgresStore(pool, { watchClient: pool })).toThrow(wrong)
    expect(createPostgresStore(client, { notify: true, watchClient: pool }).watch).toBeDefined()
    await pool.end()
  })
})

function print(driver: string, delays: number[]): void {
  delays.sort((a, b) => a - b)
  const at = (share: number): string => (delays[Math.floor(delays.length * share)] ?? 0).toFixed(2)
  console.log(
    `${driver}: served after the revocation was acknowledged, ms: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(0.9999)}`
  )
}
