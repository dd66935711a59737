import type { KeyValueStore } from '@kvsession/core'
import {
  clientOf,
  type MysqlCallbackClient,
  type MysqlClient,
  numberOf,
  rowsOf,
  statement,
  textOf,
  type WriteResult,
  writeOf
} from './client.ts'
import { assertRoom, explain, explainCreation, isMissingTable, isRolledBack } from './explain.ts'
import { type MysqlStoreOptions, targetOf } from './mysql-store-options.ts'
import { mostKeys, pageSize, schemaSql, statementsFor, sweepSize } from './sql.ts'

export interface MysqlStore extends Required<Omit<KeyValueStore, 'watch'>> {
  /**
   * Creates the table where it is missing, as the first call of another method does unless `createTable` is false. Any
   * number of processes may call it at once, any number of times; where the table is, it asks for no privilege beyond SELECT.
   *
   * @throws SessionError `STORE_INVALID`: no database, no privilege, another table under that name, too small a
   *   max_allowed_packet
   */
  ensureSchema(): Promise<void>
}

/** Each refusal means that another writer has succeeded, so it takes as many as there are connections, not more. */
const mostRepeats = 100

/**
 * Sessions in MariaDB or MySQL, shared by any number of processes. Takes a pool of mysql2 and never closes it; a single
 * connection works too, but no longer once it is lost. Each statement commits by itself: on a connection inside a
 * transaction, or without autocommit, writes are refused. Nothing is sent before the first call. A failure of the server
 * rejects with the driver's error, which never carries a value. A statement is sent again only when the server said that it
 * rolled it back for another writer's sake.
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

  async function run(text: string, values: readonly (string | number)[]): Promise<unknown> {
    // A table that is missing after it was used was removed with its sessions: that is an error and no first use.
    const mayCreate = createTable && !hasTable
    let answer: unknown
    try {
      answer = await repeat(text, values)
    } catch (error) {
      if (!mayCreate || !isMissingTable(error)) throw explain(error, name)
      await createMissingTable()
      answer = await repeat(text, values).catch(rethrow)
    }
    hasTable = true
    return answer
  }

  async function repeat(text: string, values: readonly (string | number)[] = []): Promise<unknown> {
    for (let left = mostRepeats; ; left--) {
      try {
        return await mysql.execute(statement(text, values))
      } catch (error) {
        if (left === 0 || !isRolledBack(error)) throw error
      }
    }
  }

  /** Once for all calls that miss the table at the same time. */
  function createMissingTable(): Promise<unknown> {
    creating ??= createSchema().then(
      () => {
        creating = undefined
      },
      (error: unknown) => {
        creating = undefined
        throw explainCreation(error, name)
      }
    )
    return creating
  }

  async function createSchema(): Promise<void> {
    // CREATE TABLE would commit the transaction around it.
    writeOf(await repeat(sql.nothing))
    await assertPacketSize()
    await repeat(schemaSql(name))
  }

  async function assertPacketSize(): Promise<void> {
    const [packet] = rowsOf(await repeat(sql.largestPacket))
    assertRoom(numberOf(packet, 'bytes'))
  }

  function rethrow(error: unknown): never {
    throw explain(error, name)
  }

  async function read(text: string, ...values: (string | number)[]): Promise<readonly unknown[]> {
    return rowsOf(await run(text, values))
  }

  async function write(text: string, ...values: (string | number)[]): Promise<WriteResult> {
    return writeOf(await run(text, values))
  }

  return {
    async get(key) {
      const [row] = await read(sql.get, key, clock.now())
      return row === undefined ? undefined : textOf(row, 'value')
    },
    async getMany(keys) {
      // Always as many keys, so that it is always the same prepared statement.
      const asked = Array.from({ length: mostKeys }, (_, index) => keys[index] ?? keys[0] ?? '')
      const rows = await read(sql.getMany, clock.now(), ...asked)
      const values = new Map(rows.map((row) => [textOf(row, 'key'), textOf(row, 'value')]))
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
      // `~` sorts behind and `-` first among the characters of a key: the bounds are a range of the index. Neither is
      // empty, which MariaDB may be set to take for NULL.
      const beyond = `${prefix}~`
      for (let from = prefix || '-'; ; ) {
        const rows = await read(sql.keys, clock.now(), from, beyond)
        for (const row of rows) {
          const key = textOf(row, 'key')
          from = `${key}-`
          if (numberOf(row, 'live') === 1) yield key
        }
        if (rows.length < pageSize) return
      }
    },
    async deleteExpired() {
      const now = clock.now()
      for (let deleted = 0; ; ) {
        const found = (await read(sql.expired, now)).map((row) => textOf(row, 'key'))
        const [first] = found
        if (first === undefined) return deleted
        // Always as many keys, so that it is always the same prepared statement.
        const keys = Array.from({ length: sweepSize }, (_, index) => found[index] ?? first)
        deleted += (await write(sql.deleteExpired, now, ...keys)).affectedRows
        if (found.length < sweepSize) return deleted
      }
    },
    async close() {},
    async ensureSchema() {
      try {
        await assertPacketSize()
        await repeat(sql.probe)
      } catch (error) {
        if (!isMissingTable(error)) throw explain(error, name)
        await repeat(schemaSql(name)).catch(rethrow)
      }
    }
  }
}
