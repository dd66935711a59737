import { describe, expect, it } from 'vitest'
import { statementsFor } from '../src/sql.ts'
import { createSqliteFile } from './support/sqlite-file.ts'

const rows = 2_000

describe.each([['fresh', ''] as const, ['analyzed', 'ANALYZE'] as const])(
  'Query plans of SQLite, %s',
  (_state, prepare) => {
    it('Every statement searches an index, and none scans or sorts', async () => {
      const file = createSqliteFile()
      try {
        const { store, database } = file.open({ durability: 'normal' })
        await store.ensureSchema()
        for (let row = 0; row < rows; row++) await store.set(`key.${row}`, `value ${row}`, row)
        database.exec(prepare)
        const plans = Object.entries(statementsFor('kvsession')).map(([name, sql]) => {
          const blanks = Array.from(sql.matchAll(/\?/g), () => '[]')
          const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...blanks)
          return [name, steps.map((step) => String(Reflect.get(Object(step), 'detail')))]
        })
        const byKey = 'SEARCH kvsession USING INDEX sqlite_autoindex_kvsession_1'
        expect(Object.fromEntries(plans)).toEqual({
          get: [`${byKey} (key=?)`],
          getMany: [`${byKey} (key=?)`, 'LIST SUBQUERY 1', 'SCAN asked VIRTUAL TABLE INDEX 1:'],
          set: [],
          delete: [`${byKey} (key=?)`],
          create: [],
          replace: [`${byKey} (key=?)`],
          keys: [`${byKey} (key>? AND key<?)`],
          deleteExpired: [
            'SEARCH kvsession USING INTEGER PRIMARY KEY (rowid=?)',
            'LIST SUBQUERY 1',
            'SEARCH kvsession USING COVERING INDEX kvsession_expires_at (expires_at<?)'
          ]
        })
      } finally {
        file.remove()
      }
    })
  }
)
