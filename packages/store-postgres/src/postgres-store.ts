import type { KeyValueStore } from '@kvsession/core'
import { fieldOf, type PostgresClient, runnerOf, textOf } from './client.ts'
import { explain, explainCreation, isMissingTable, isRolledBack, readFromStandby } from './explain.ts'
import { createNotifier, silent } from './notifier.ts'
import { type PostgresStoreOptions, withDefaults } from './postgres-store-options.ts'
import { channelOf, ensureSchemaSql, type PostgresStatements, statementsFor } from './sql.ts'
import { createWatch } from './watch.ts'

/** `watch` is missing without `notify: true`. */
export interface PostgresStore extends Required<Omit<KeyValueStore, 'watch'>>, Pick<KeyValueStore, 'watch'> {
  /**
   * Creates table and index where they are missing, never the schema around them, as the first call of another method does
   * unless `createTable` is false. Any number of processes may call it at once, any number of times; a role that may create
   * nothing may call it once they exist.
   *
   * @throws SessionError `STORE_INVALID`: no such schema, or the role may not create in it
   */
  ensureSchema(): Promise<void>
}

const pageSize = 200
const sweepSize = 500
/** Of the writers of one key one succeeds each time: enough for a hundred connections on it. */
const mostAttempts = 100

/**
 * Sessions in a table of PostgreSQL, shared by any number of machines. Every method is one statement of its own
 * transaction, exact under each isolation level: where the server rolls one back because of others (40001, 40P01),
 * nothing was written and the store runs it again; any other failure rejects, and is never repeated.
 *
 * Takes a pg Pool or the `sql` of postgres.js, and never closes it. Nothing is run before the first call. Errors do not
 * contain what was stored.
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
    // A table that is missing after it was used was removed with its sessions: that is an error and no first use.
    const mayCreate = createTable && !hasTable
    let answer: Awaited<ReturnType<typeof run>>
    try {
      answer = await repeat(method, values)
    } catch (error) {
      if (!mayCreate || !isMissingTable(error)) throw explain(error, settings)
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
        if (!isRolledBack(error) || attempt === mostAttempts) throw error
      }
    }
  }

  function rethrow(error: unknown): never {
    throw explain(error, settings)
  }

  /** Once for all calls that miss the table at the same time. */
  function createMissingTable(): Promise<unknown> {
    creating ??= run(ensureSchemaSql(table, schema)).then(
      () => {
        creating = undefined
      },
      (error: unknown) => {
        creating = undefined
        throw explainCreation(error, settings)
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
      return textOf(rows[0], 'value')
    },
    async getMany(keys) {
      const { rows } = await use('getMany', keys.join(','), clock.now())
      if (fieldOf(rows[0], 'standby') === true) throw readFromStandby()
      const values = new Map(rows.map((row) => [textOf(row, 'key'), textOf(row, 'value')]))
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
      // `~` sorts behind and `-` first among the characters of a key: the bounds are a range of the index.
      const beyond = `${prefix}~`
      for (let from = prefix; ; ) {
        const { rows } = await use('keys', clock.now(), from, beyond, pageSize)
        for (const row of rows) {
          const key = textOf(row, 'key') ?? ''
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
        throw explain(error, settings)
      }
    }
  }
}

/** One name per text, as pg demands of a connection that several stores share. FNV-1a, for it may have 63 bytes. */
function nameOf(method: string, text: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return `kvsession_${method}_${(hash >>> 0).toString(36)}`
}
