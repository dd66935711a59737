import type { AsyncKeyValueStore } from '@kvsession/core'
import { fieldOf, type PostgresClient, runnerOf, stringOf } from './client.ts'
import {
  describeCreationError,
  describeError,
  isMissingTable,
  isRolledBack,
  readFromStandby
} from './describe-error.ts'
import { createNotifier, silent } from './notifier.ts'
import { type PostgresStoreOptions, withDefaults } from './postgres-store-options.ts'
import { channelOf, ensureSchemaSql, type PostgresStatements, statementsFor } from './sql.ts'
import { createWatch } from './watch.ts'

/** `watch` is missing without `notify: true`. */
export interface PostgresStore extends Required<Omit<AsyncKeyValueStore, 'watch'>>, Pick<AsyncKeyValueStore, 'watch'> {
  /**
   * Creates the table and the index if they are missing, but never their schema, as the first call of another method does
   * unless `createTable` is false. Any number of processes may call it concurrently and repeatedly. Once both exist, the
   * role needs no privilege to create them.
   *
   * @throws SessionError `STORE_INVALID` if the schema is missing or the role may not create a table in it
   */
  ensureSchema(): Promise<void>
}

const pageSize = 200
const sweepSize = 500
/** Each time, one of the writers of a key succeeds: enough for a hundred connections on one key. */
const maxAttempts = 100

/**
 * Stores sessions in a PostgreSQL table, shared by any number of machines. Every method is one statement in its own
 * transaction and is correct under every isolation level. If the server rolls it back because of concurrent statements
 * (40001, 40P01), nothing was written and the store runs it again. Any other failure rejects and is never repeated.
 *
 * It takes a pg Pool or the `sql` of postgres.js, and never closes it. Nothing runs before the first call. Errors do not
 * contain stored data.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createPostgresStore(client: PostgresClient, options: PostgresStoreOptions = {}): PostgresStore {
  const settings = withDefaults(options)
  const { table, schema, createTable, prepare, notify, watchClient = client, clock } = settings
  const run = runnerOf(client)
  const sql = statementsFor(table, schema)
  const stops = new Set<() => void>()
  const notifier = notify ? createNotifier(channelOf(table), run) : silent

  let hasTable = false
  let creating: Promise<unknown> | undefined

  async function use(method: keyof PostgresStatements, ...values: (string | number)[]): ReturnType<typeof run> {
    // A table that disappears after use was removed together with its sessions: that is an error, not a first use.
    const mayCreate = createTable && !hasTable
    let answer: Awaited<ReturnType<typeof run>>
    try {
      answer = await repeat(method, values)
    } catch (error) {
      if (!mayCreate || !isMissingTable(error)) throw describeError(error, settings)
      await createMissingTable()
      answer = await repeat(method, values).catch(rethrow)
    }
    hasTable = true
    return answer
  }

  async function repeat(method: keyof PostgresStatements, values: (string | number)[]): ReturnType<typeof run> {
    const name = prepare ? nameOf(method, sql[method]) : undefined
    for (let attempt = 1; ; attempt++) {
      try {
        return await run(sql[method], values, name)
      } catch (error) {
        if (!isRolledBack(error) || attempt === maxAttempts) throw error
      }
    }
  }

  function rethrow(error: unknown): never {
    throw describeError(error, settings)
  }

  /** Runs once for all concurrent calls that find no table. */
  function createMissingTable(): Promise<unknown> {
    creating ??= run(ensureSchemaSql(table, schema)).then(
      () => {
        creating = undefined
      },
      (error: unknown) => {
        creating = undefined
        throw describeCreationError(error, settings)
      }
    )
    return creating
  }

  /** How many rows were written; one that failed may have counted. */
  async function write(key: string, send: () => ReturnType<typeof run>): Promise<number> {
    let count = 1
    try {
      count = (await send()).count
    } finally {
      if (count > 0) notifier.notify(key)
    }
    return count
  }

  return {
    async get(key) {
      const { rows } = await use('get', key, clock.now())
      if (fieldOf(rows[0], 'standby') === true) throw readFromStandby()
      return stringOf(rows[0], 'value')
    },
    async getMany(keys) {
      const { rows } = await use('getMany', keys.join(','), clock.now())
      if (fieldOf(rows[0], 'standby') === true) throw readFromStandby()
      const values = new Map(rows.map((row) => [stringOf(row, 'key'), stringOf(row, 'value')]))
      return keys.map((key) => values.get(key))
    },
    async set(key, value, expiresAt) {
      await write(key, () => use('set', key, expiresAt, value))
    },
    async delete(key) {
      await write(key, () => use('delete', key))
    },
    async compareAndSet(key, expected, value, expiresAt) {
      const now = clock.now()
      const count = await write(key, () =>
        expected === undefined
          ? use('create', key, expiresAt, value, now)
          : use('replace', value, expiresAt, key, expected, now)
      )
      return count === 1
    },
    async *keys(prefix) {
      // In a key, `~` sorts after every character and `-` before all others, so the bounds are a range of the index.
      const beyond = `${prefix}~`
      for (let from = prefix; ; ) {
        const { rows } = await use('keys', clock.now(), from, beyond, pageSize)
        for (const row of rows) {
          const key = stringOf(row, 'key') ?? ''
          from = `${key}-`
          if (fieldOf(row, 'live') === true) yield key
        }
        if (rows.length < pageSize) return
      }
    },
    async deleteExpired() {
      const now = clock.now()
      for (let deleted = 0; ; ) {
        const { count } = await use('deleteExpired', now, sweepSize)
        deleted += count
        if (count < sweepSize) return deleted
      }
    },
    ...(notify && { watch: createWatch({ channel: channelOf(table), listening: watchClient, run, stops }) }),
    async close() {
      for (const stop of stops) stop()
      await notifier.idle()
    },
    async ensureSchema() {
      try {
        await run(ensureSchemaSql(table, schema))
      } catch (error) {
        throw describeError(error, settings)
      }
    }
  }
}

/** One name per statement, which pg requires if stores share a connection. FNV-1a, because a name has at most 63 bytes. */
function nameOf(method: string, statement: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < statement.length; index++)
    hash = Math.imul(hash ^ statement.charCodeAt(index), 0x01000193)
  return `kvsession_${method}_${(hash >>> 0).toString(36)}`
}
