import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statement } from '../src/client.ts'
import { statementsFor, sweepSize } from '../src/sql.ts'
import { type MariadbFixture, type OpenedStore, startFixture } from './support/mariadb-fixture.ts'

const rows = 10_000
const key = (row: number): string => `key.${row}`
const blanks = (first: number): (string | number)[] => [
  first,
  ...Array.from({ length: sweepSize }, (_, index) => key(2 * index))
]

/** Parameters are bound as in the store, because a plan may depend on their types. */
describeOn('mariadb')('Query plans of MariaDB', () => {
  let fixture: MariadbFixture
  let opened: OpenedStore
  beforeAll(async () => {
    fixture = await startFixture()
    opened = await fixture.open()
    await fixture.admin.query(
      `INSERT INTO ${opened.table} SELECT CONCAT('key.', seq), seq, 'value' FROM seq_1_to_${rows}`
    )
  })
  afterAll(() => fixture.stop())

  async function planOf(name: keyof ReturnType<typeof statementsFor>, values: (string | number)[]): Promise<unknown> {
    const { sql, ...rest } = statement(statementsFor(opened.table)[name], values)
    const [plan] = await opened.pool.execute({ ...rest, sql: `EXPLAIN ${sql}` })
    if (!Array.isArray(plan)) return plan
    return plan.map((step) => `${Reflect.get(step, 'type')} ${Reflect.get(step, 'key')}`)
  }

  /** The rows that MariaDB read for the statement while it ran. */
  async function rowsRead(name: keyof ReturnType<typeof statementsFor>, values: (string | number)[]): Promise<number> {
    const connection = await opened.pool.getConnection()
    try {
      await connection.query('FLUSH STATUS')
      await connection.execute(statement(statementsFor(opened.table)[name], values))
      const [status] = await connection.query('SHOW SESSION STATUS LIKE "Handler_read_%"')
      if (!Array.isArray(status)) return Number.NaN
      return status.reduce((total, row) => total + Number(Reflect.get(row, 'Value')), 0)
    } finally {
      connection.release()
    }
  }

  describe.each([
    ['with statistics', 'ANALYZE TABLE'],
    ['with misleading statistics', 'SET GLOBAL innodb_stats_persistent_sample_pages = 1; --']
  ])('%s', (_name, prepare) => {
    beforeAll(async () => {
      if (prepare.startsWith('ANALYZE')) await fixture.admin.query(`${prepare} ${opened.table}`)
      else
        await fixture.admin.query(`UPDATE mysql.innodb_table_stats SET n_rows = 3 WHERE table_name = '${opened.table}'`)
      await fixture.admin.query(`FLUSH TABLE ${opened.table}`)
    })

    it('Each statement of a request looks up one row by its key', async () => {
      const write = [7_000, 9_000, key(7_777), 'value', 7_000]
      expect(await planOf('get', [key(7_777), 7_000])).toEqual(['const PRIMARY'])
      expect(await planOf('replace', ['new', ...write])).toEqual(['range PRIMARY'])
      expect(await planOf('delete', [key(7_777)])).toEqual(['range PRIMARY'])
      expect(await planOf('set', [key(7_777), 9_000, 'new'])).toEqual(['ALL null'])
      expect(await planOf('create', [key(7_777), 9_000, 'new', 7_000, 7_000])).toEqual(['ALL null'])
    })

    it('No statement of a request reads more than its row', async () => {
      expect(await rowsRead('get', [key(7_777), 7_000])).toBe(1)
      expect(await rowsRead('replace', ['value', 7_000, 7_777, key(7_777), 'value', 7_000])).toBeLessThanOrEqual(2)
      expect(await rowsRead('set', [key(7_777), 7_777, 'value'])).toBeLessThanOrEqual(2)
      expect(await rowsRead('create', [key(7_777), 7_777, 'value', 8_000, 8_000])).toBeLessThanOrEqual(2)
      expect(await rowsRead('delete', ['absent'])).toBeLessThanOrEqual(1)
    })

    it('A listing reads only the rows of its keys', async () => {
      expect(await planOf('getMany', blanks(7_000))).toEqual(['range PRIMARY'])
      expect(await rowsRead('getMany', blanks(7_000))).toBeLessThanOrEqual(2 * sweepSize)
    })

    it('A page of keys and a batch of the sweep read only their own rows', async () => {
      expect(await planOf('keys', [7_000, 'key.2', 'key.2~'])).toEqual(['range PRIMARY'])
      expect(await rowsRead('keys', [7_000, 'key.2', 'key.2~'])).toBeLessThanOrEqual(201)
      expect(await planOf('expired', [5_000])).toEqual(['range expires_at'])
      expect(await rowsRead('expired', [5_000])).toBeLessThanOrEqual(sweepSize + 1)
      expect(await planOf('deleteExpired', blanks(0))).toEqual(['range PRIMARY'])
      expect(await rowsRead('deleteExpired', blanks(0))).toBeLessThanOrEqual(2 * sweepSize)
    })
  })
})
