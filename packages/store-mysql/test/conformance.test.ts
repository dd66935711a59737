import { createTestClock, testStore } from '@kvsession/testkit'
import type { Pool } from 'mysql2/promise'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createMysqlStore } from '../src/index.ts'
import { levels, type MariadbFixture, settingsOf, startFixture } from './support/mariadb-fixture.ts'

/** KVSESSION_MYSQL_MATRIX=1 runs every isolation level with either meaning of an affected row. */
const matrix = process.env.KVSESSION_MYSQL_MATRIX === '1'

for (const [index, level] of levels.entries()) {
  describeOn('mariadb', { own: true })(`MariaDB, ${level}`, () => {
    let fixture: MariadbFixture
    beforeAll(async () => {
      fixture = await startFixture(settingsOf(level))
    })
    afterAll(() => fixture.stop())

    const meanings = { 'found rows, as mysql2 asks by default': [], 'changed rows': ['-FOUND_ROWS'] }
    for (const [name, flags] of Object.entries(meanings).filter((_, meaning) => matrix || meaning === index % 2)) {
      const table = `conformance_${flags.length}`
      let pools: [Pool, Pool]
      beforeAll(async () => {
        pools = [fixture.pool({ flags }), fixture.pool({ flags })]
        await createMysqlStore(pools[0], { table }).ensureSchema()
      })
      const clock = createTestClock()
      const createStore = async () => {
        await fixture.admin.query(`DELETE FROM ${table}`)
        return { store: createMysqlStore(pools[0], { table, clock }), clock }
      }
      const createSecondStore = () => createMysqlStore(pools[1], { table, clock })
      const createFailingStore = async () => {
        const pool = fixture.pool({ flags })
        await pool.end()
        return { store: createMysqlStore(pool, { table, clock }), clock }
      }
      const methods = ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'] as const
      testStore({ describe, it, name, methods, createStore, createSecondStore, createFailingStore })
    }
  })
}
