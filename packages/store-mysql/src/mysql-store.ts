import type { AsyncKeyValueStore } from '@kvsession/core'
import {
  clientOf,
  type MysqlCallbackClient,
  type MysqlClient,
  numberOf,
  rowsOf,
  statement,
  stringOf,
  type WriteResult,
  writeOf
} from './client.ts'
import {
  assertPacketSize,
  describeCreationError,
  describeError,
  isMissingTable,
  isRolledBack
} from './describe-error.ts'
import { type MysqlStoreOptions, targetOf } from './mysql-store-options.ts'
import { maxKeys, pageSize, schemaSql, statementsFor, sweepSize } from './sql.ts'

export interface MysqlStore extends Required<Omit<AsyncKeyValueStore, 'watch'>> {
  /**
   * Creates the table if it is missing, as the first call of another method does unless `createTable` is false. Any number
   * of processes may call it concurrently and repeatedly. If the table exists, it needs no privilege beyond SELECT.
   *
   * @throws SessionError `STORE_INVALID` if the database or a privilege is missing, a different table has this name, or
   *   max_allowed_packet is too small
   */
  ensureSchema(): Promise<void>
}

/** Each rollback means that another writer has succeeded, so one attempt per connection is enough. */
const maxRepeats = 100

/**
 * Stores sessions in MariaDB or MySQL, shared by any number of processes. It takes a pool of mysql2 and never closes it. A
 * single connection works until it is lost. Each statement commits by itself, so writes are refused on a connection inside
 * a transaction or without autocommit. Nothing is sent before the first call. If the server fails, calls reject with the
 * driver's error, which never contains a value. A statement is repeated only if the server reports that it rolled the
 * statement back because of another writer.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createMysqlStore(
  client: MysqlClient | MysqlCallbackClient,
  options: MysqlStoreOptions = {}
): MysqlStore {
  const { name, createTable, clock } = targetOf(options)
  const mysql = clientOf(client)
  const sql = statementsFor(name)

  let hasTable = false
  let creating: Promise<unknown> | undefined

  async function run(query: string, values: readonly (string | number)[]): Promise<unknown> {
    // A table that disappears after use was removed together with its sessions: that is an error, not a first use.
    const mayCreate = createTable && !hasTable
    let answer: unknown
    try {
      answer = await repeat(query, values)
    } catch (error) {
      if (!mayCreate || !isMissingTable(error)) throw describeError(error, name)
      await createMissingTable()
      answer = await repeat(query, values).catch(rethrow)
    }
    hasTable = true
    return answer
  }

  async function repeat(query: string, values: readonly (string | number)[] = []): Promise<unknown> {
    for (let left = maxRepeats; ; left--) {
      try {
        return await mysql.execute(statement(query, values))
      } catch (error) {
        if (left === 0 || !isRolledBack(error)) throw error
      }
    }
  }

  /** Runs once for all concurrent calls that find no table. */
  function createMissingTable(): Promise<unknown> {
    creating ??= createSchema().then(
      () => {
        creating = undefined
      },
      (error: unknown) => {
        creating = undefined
        throw describeCreationError(error, name)
      }
    )
    return creating
  }

  async function createSchema(): Promise<void> {
    // CREATE TABLE would commit the surrounding transaction.
    writeOf(await repeat(sql.nothing))
    await checkPacketSize()
    await repeat(schemaSql(name))
  }

  async function checkPacketSize(): Promise<void> {
    const [packet] = rowsOf(await repeat(sql.largestPacket))
    assertPacketSize(numberOf(packet, 'bytes'))
  }

  function rethrow(error: unknown): never {
    throw describeError(error, name)
  }

  async function read(query: string, ...values: (string | number)[]): Promise<readonly unknown[]> {
    return rowsOf(await run(query, values))
  }

  async function write(query: string, ...values: (string | number)[]): Promise<WriteResult> {
    return writeOf(await run(query, values))
  }

  return {
    async get(key) {
      const [row] = await read(sql.get, key, clock.now())
      return row === undefined ? undefined : stringOf(row, 'value')
    },
    async getMany(keys) {
      // Always the same number of keys, so that it is always the same prepared statement.
      const asked = Array.from({ length: maxKeys }, (_, index) => keys[index] ?? keys[0] ?? '')
      const rows = await read(sql.getMany, clock.now(), ...asked)
      const values = new Map(rows.map((row) => [stringOf(row, 'key'), stringOf(row, 'value')]))
      return keys.map((key) => values.get(key))
    },
    async set(key, value, expiresAt) {
      await write(sql.set, key, expiresAt, value)
    },
    async delete(key) {
      await write(sql.delete, key)
    },
    async compareAndSet(key, expected, value, expiresAt) {
      const now = clock.now()
      if (expected === undefined) {
        const { insertId: metLive } = await write(sql.create, key, expiresAt, value, now, now)
        return metLive === 0
      }
      const { insertId: metLive } = await write(sql.replace, value, now, expiresAt, key, expected, now)
      return metLive === 1
    },
    async *keys(prefix) {
      // In a key, `~` sorts after every character and `-` before all others, so the bounds are a range of the index.
      // Neither is empty, because MariaDB can be configured to treat an empty string as NULL.
      const beyond = `${prefix}~`
      for (let from = prefix || '-'; ; ) {
        const rows = await read(sql.keys, clock.now(), from, beyond)
        for (const row of rows) {
          const key = stringOf(row, 'key')
          from = `${key}-`
          if (numberOf(row, 'live') === 1) yield key
        }
        if (rows.length < pageSize) return
      }
    },
    async deleteExpired() {
      const now = clock.now()
      for (let deleted = 0; ; ) {
        const found = (await read(sql.expired, now)).map((row) => stringOf(row, 'key'))
        const [first] = found
        if (first === undefined) return deleted
        // Always the same number of keys, so that it is always the same prepared statement.
        const keys = Array.from({ length: sweepSize }, (_, index) => found[index] ?? first)
        deleted += (await write(sql.deleteExpired, now, ...keys)).affectedRows
        if (found.length < sweepSize) return deleted
      }
    },
    async close() {},
    async ensureSchema() {
      try {
        await checkPacketSize()
        await repeat(sql.probe)
      } catch (error) {
        if (!isMissingTable(error)) throw describeError(error, name)
        await repeat(schemaSql(name)).catch(rethrow)
      }
    }
  }
}
