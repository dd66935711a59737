import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, type StoreCaseOptions, storeCases } from '@kvsession/testkit'
import pg from 'pg'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Server, startServer } from './support/server.ts'

const oneCreator = 'exactly one of 50 concurrent creators resolves to true, and its value stays'
const overtakenBySet = 'a compareAndSet that is overtaken by a set never replaces the new value'

describeOn('postgres', { own: true })('The testkit on stores that PostgreSQL does not serialize', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ max_connections: '200' })
  })
  afterAll(() => server.stop())

  it('"find, then upsert" in a READ COMMITTED transaction lets several creators win, which the testkit detects', async () => {
    const options = transactional(() => server, 'SELECT 1')
    await expect(run(options, oneCreator)).rejects.toThrow(/\d+ of 50 resolved to true/)
  })

  it('A lock that set does not take lets compareAndSet undo a set, which the testkit detects', async () => {
    const options = transactional(() => server, 'SELECT pg_advisory_xact_lock(hashtext($1))')
    await run(options, oneCreator)
    await expect(run(options, overtakenBySet)).rejects.toThrow('expected "set", got "compared"')
  })
})

/** A correct store except for its compareAndSet, as written with an SQL client but without a conditional write. */
function transactional(serverOf: () => Server, lock: string): StoreCaseOptions {
  return {
    methods: ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'],
    async createStore() {
      const clock = createTestClock()
      const server = serverOf()
      const table = server.freeTable()
      const { store } = server.connect('pg', { clock, table })
      await store.ensureSchema()
      const pool = new pg.Pool({ connectionString: server.url })
      const find = `SELECT value FROM ${table} WHERE key = $1`
      const get: KeyValueStore['get'] = async (key) => (await pool.query<Row>(find, [key])).rows[0]?.value
      const compareAndSet: KeyValueStore['compareAndSet'] = async (key, expected, value, expiresAt) => {
        const client = await pool.connect()
        try {
          await client.query('BEGIN')
          await client.query(lock, lock.includes('$1') ? [key] : [])
          const { rows } = await client.query<Row>(find, [key])
          const matches = rows[0]?.value === expected
          if (matches) {
            await client.query(find, [key]) // The upsert of an ORM reads first.
            await client.query(upsertInto(table), [key, expiresAt, value])
          }
          await client.query('COMMIT')
          return matches
        } finally {
          client.release()
        }
      }
      return { store: { ...store, get, compareAndSet }, clock, cleanup: () => pool.end() }
    }
  }
}

interface Row {
  readonly value: string
}

function upsertInto(table: string): string {
  return `INSERT INTO ${table} (key, expires_at, value) VALUES ($1, $2, $3)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`
}

async function run(options: StoreCaseOptions, name: string): Promise<void> {
  const found = storeCases(options).find((storeCase) => storeCase.name === name)
  if (!found) throw new Error(`There is no case "${name}"`)
  await found.run()
}
