import { DatabaseSync } from 'node:sqlite'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { createSqliteStore, type SqliteDatabase } from '../src/index.ts'

type Bindings = string | number | bigint | boolean | Uint8Array | null

/** The part of `bun:sqlite` that the store uses, in bun's own types. */
interface BunDatabase {
  exec<Parameters extends Bindings[]>(sql: string, ...bindings: Parameters[]): BunChanges
  prepare<Row, Parameters extends Bindings | Bindings[]>(
    sql: string,
    parameters?: Parameters
  ): BunStatement<Row, Parameters extends unknown[] ? Parameters : [Parameters]>
  readonly inTransaction: boolean
}

interface BunStatement<Row, Parameters extends unknown[]> {
  get(...parameters: Parameters): Row | null
  all(...parameters: Parameters): Row[]
  run(...parameters: Parameters): BunChanges
}

interface BunChanges {
  changes: number
  lastInsertRowid: number | bigint
}

/**
 * This suite does not run on Bun. This stand-in on SQLite behaves like bun where bun differs from node: `null` for no row,
 * and `inTransaction`.
 */
function asBun(database: DatabaseSync): SqliteDatabase {
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql)
      return {
        get: (...parameters) => statement.get(...parameters) ?? null,
        all: (...parameters) => statement.all(...parameters),
        run: (...parameters) => statement.run(...parameters)
      }
    },
    get inTransaction() {
      return database.isTransaction
    }
  }
}

const methods = ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'] as const
const createStore = async () => {
  const clock = createTestClock()
  const database = new DatabaseSync(':memory:')
  const store = createSqliteStore(asBun(database), { clock })
  await store.ensureSchema()
  return { store, clock, cleanup: () => database.close() }
}

testStore({ describe, it, name: 'a database shaped like bun:sqlite', methods, createStore })

describe('A database shaped like bun:sqlite', () => {
  it('A database shaped like bun:sqlite fits the types', () => {
    const create = (database: BunDatabase): unknown => createSqliteStore(database)
    expect(create).toBeTypeOf('function')
  })

  it('A write inside a transaction is refused', async () => {
    const database = new DatabaseSync(':memory:')
    const store = createSqliteStore(asBun(database))
    await store.ensureSchema()
    database.exec('BEGIN')
    await expect(store.set('key', 'value', Date.UTC(9999, 0))).rejects.toMatchObject({ code: 'STORE_INVALID' })
    database.close()
  })
})
