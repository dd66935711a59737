import { type Awaitable, type KeyValueStore, SessionError } from '@kvsession/core'
import {
  assertDatabase,
  changesOf,
  describeError,
  isMissingTable,
  isReadOnly,
  readOnly,
  type SqliteDatabase,
  type SqliteStatement,
  stringOf
} from './client.ts'
import { createDatabaseFile, type DatabaseFile } from './database-file.ts'
import { createLockQueue, engineWaitMs, type LockQueue } from './lock-queue.ts'
import { type SqliteStatements, schemaSql, statementsFor } from './sql.ts'
import { type SqliteStoreOptions, withDefaults } from './sqlite-store-options.ts'

export interface SqliteStore extends Required<Omit<KeyValueStore, 'watch'>> {
  /**
   * Switches the file to WAL and creates the table and the index if they are missing, as the first call of another method
   * does unless `createTable` is false. Any number of processes may call it concurrently and repeatedly.
   *
   * @throws SessionError `STORE_INVALID` for a damaged file or a file system without WAL
   */
  ensureSchema(): Promise<void>
}

type BoundValues = readonly (string | number)[]

const pageSize = 200
/** Takes about 2 ms of the event loop. */
const sweepSize = 100
/** Limits the checks, because a `stat` per read would make reads a fifth slower. */
const readCheckIntervalMs = 1_000

/**
 * Stores sessions in a SQLite file. They survive a restart, and several processes of one machine may share them. It takes
 * an opened database and never closes it. Give the store its own connection: inside a transaction a write could be rolled
 * back, so the store refuses it. Nothing runs before the first call.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createSqliteStore(database: SqliteDatabase, options: SqliteStoreOptions = {}): SqliteStore {
  const { table, createTable, durability, busyTimeout, clock } = withDefaults(options)
  assertDatabase(database)
  const sql = statementsFor(table)
  const prepared = new Map<string, SqliteStatement>()
  const reads = createLockQueue(busyTimeout)
  const writes = createLockQueue(busyTimeout)
  let opened: DatabaseFile | undefined
  let hasTable = false
  let checkedAt = 0

  /** Timeout and durability belong to the connection, so `ensureSchema()` on another connection does not set them. */
  function connect(): DatabaseFile {
    if (opened) return opened
    refuseTransaction()
    database.exec(`PRAGMA busy_timeout = ${engineWaitMs(busyTimeout)}; PRAGMA synchronous = ${durability}`)
    opened = createDatabaseFile(database)
    return opened
  }

  function refuseTransaction(): void {
    if (!database.isTransaction && !database.inTransaction) return
    const message = 'The database is inside a transaction that could undo a write. Give the store its own connection'
    throw new SessionError('STORE_INVALID', message)
  }

  function run<T>(queue: LockQueue, work: (file: DatabaseFile) => T): Awaitable<T> {
    return queue.run(() => {
      try {
        return withTable(work)
      } catch (error) {
        throw describeError(error, table)
      }
    })
  }

  /** A table that disappears after use was removed together with its sessions: that is an error, not a first use. */
  function withTable<T>(work: (file: DatabaseFile) => T): T {
    const file = connect()
    try {
      return use(work, file)
    } catch (error) {
      if (hasTable || !createTable || !isMissingTable(error)) throw error
    }
    createMissingTable(file)
    return use(work, file)
  }

  function use<T>(work: (file: DatabaseFile) => T, file: DatabaseFile): T {
    const result = work(file)
    hasTable = true
    return result
  }

  function createMissingTable(file: DatabaseFile): void {
    refuseTransaction()
    try {
      createSchema(file)
    } catch (error) {
      throw isReadOnly(error) ? readOnly(table, error) : error
    }
  }

  function statementOf(name: keyof SqliteStatements): SqliteStatement {
    let statement = prepared.get(name)
    if (statement === undefined) {
      statement = database.prepare(sql[name])
      prepared.set(name, statement)
    }
    return statement
  }

  function read<T>(name: keyof SqliteStatements, work: (statement: SqliteStatement, now: number) => T): Awaitable<T> {
    return run(reads, (file) => {
      const now = clock.now()
      if (Math.abs(now - checkedAt) >= readCheckIntervalMs) {
        file.assertInPlace()
        checkedAt = now
      }
      return work(statementOf(name), now)
    })
  }

  /** @param parametersAt receives the time of the attempt, because the write may have waited for a lock. */
  function write(name: keyof SqliteStatements, parametersAt: (now: number) => BoundValues): Awaitable<number> {
    return run(writes, (file) => {
      const statement = statementOf(name)
      refuseTransaction()
      const changes = changesOf(statement.run(...parametersAt(clock.now())))
      // After the write, so that an acknowledged write is in a file that still has its name.
      file.assertInPlace()
      return changes
    })
  }

  function createSchema(file: DatabaseFile): void {
    const mode = stringOf(database.prepare('PRAGMA journal_mode = WAL').all()[0], 'journal_mode')
    // An in-memory database reports `memory` and needs no journal.
    if (mode !== 'wal' && mode !== 'memory') {
      const message = `SQLite cannot keep a write-ahead log here (journal mode ${mode}). Put the file on a local disk`
      throw new SessionError('STORE_INVALID', message)
    }
    database.exec(schemaSql(table))
    file.assertInPlace()
  }

  return {
    get: (key) => read('get', (statement, now) => stringOf(statement.get(key, now), 'value')),
    async getMany(keys) {
      const rows = await read('getMany', (statement, now) => statement.all(JSON.stringify(keys), now))
      const values = new Map(rows.map((row) => [stringOf(row, 'key'), stringOf(row, 'value')]))
      return keys.map((key) => values.get(key))
    },
    async set(key, value, expiresAt) {
      await write('set', () => [key, expiresAt, value])
    },
    async delete(key) {
      await write('delete', () => [key])
    },
    compareAndSet(key, expected, value, expiresAt) {
      const changes =
        expected === undefined
          ? write('create', (now) => [key, expiresAt, value, now])
          : write('replace', (now) => [value, expiresAt, key, expected, now])
      return typeof changes === 'number' ? changes === 1 : changes.then((count) => count === 1)
    },
    async *keys(prefix) {
      // In a key, `~` sorts after every character and `-` before all others, so the bounds are a range of the index.
      const beyond = `${prefix}~`
      for (let from = prefix; ; ) {
        const lowest = from
        const rows = await read('keys', (statement, now) => statement.all(now, lowest, beyond, pageSize))
        for (const row of rows) {
          const key = stringOf(row, 'key') ?? ''
          from = `${key}-`
          if (isLive(row)) yield key
        }
        if (rows.length < pageSize) return
        await nextTurn()
      }
    },
    async deleteExpired() {
      const now = clock.now()
      for (let deleted = 0; ; ) {
        const batch = await write('deleteExpired', () => [now, sweepSize, now])
        deleted += batch
        if (batch < sweepSize) return deleted
        await nextTurn()
      }
    },
    async close() {
      prepared.clear()
    },
    ensureSchema: async () => run(writes, createSchema)
  }
}

function isLive(row: unknown): boolean {
  return typeof row === 'object' && row !== null && Number(Reflect.get(row, 'live')) === 1
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
