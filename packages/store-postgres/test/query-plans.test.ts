import { describeOn } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { statementsFor } from '../src/sql.ts'
import { type Server, startServer } from './support/server.ts'

const rows = 10_000
const key = "'key.5000'"
const values: Readonly<Record<string, readonly string[]>> = {
  get: [key, '0'],
  getMany: ["'key.5000,key.7000'", '0'],
  set: [key, '1', "'new'"],
  delete: [key],
  create: [key, '1', "'new'", '0'],
  replace: ["'new'", '1', key, "'value 5000'", '0'],
  keys: ['0', "'key.'", "'key.~'", '200'],
  deleteExpired: ['5000', '500']
}

/** Nodes of a plan with their search conditions, from the top. */
const search = {
  get: ['Result', 'Index Scan', 'table_pkey', 'key ='],
  getMany: ['Nested Loop', 'Result', 'Bitmap Heap Scan', 'Bitmap Index Scan', 'table_pkey', 'key = ANY'],
  set: ['ModifyTable', 'table_pkey', 'Result'],
  delete: ['ModifyTable', 'Index Scan', 'table_pkey', 'key ='],
  create: ['ModifyTable', 'table_pkey', 'Result'],
  replace: ['ModifyTable', 'Index Scan', 'table_pkey', 'key ='],
  keys: ['Limit', 'Index Scan', 'table_pkey', 'key >= key <'],
  deleteExpired: [
    ...['ModifyTable', 'Limit', 'LockRows', 'Index Scan', 'table_expires_at', 'expires_at <='],
    ...['Tid Scan', 'ctid = ANY']
  ]
}

describeOn('postgres', { own: true })('Query plans of PostgreSQL over 10,000 rows, half of them expired', () => {
  let server: Server
  beforeAll(async () => {
    // No automatic statistics, so the planner knows only the statistics of the test.
    server = await startServer({ autovacuum: 'off' })
  })
  afterAll(() => server.stop())

  it.each([
    // Without statistics, the planner expects so few keys for a prefix that it sorts them itself.
    [
      'fresh',
      'force_custom_plan',
      { keys: expect.arrayContaining(['Bitmap Index Scan', 'table_pkey', 'key >= key <']) }
    ],
    ['fresh', 'force_generic_plan', {}],
    ['analyzed', 'force_custom_plan', {}],
    ['analyzed', 'force_generic_plan', {}]
  ])('Every statement searches an index, scans no table and sorts nothing: %s, %s', async (state, mode, exception) => {
    const table = server.freeTable()
    const { store, ask } = server.connect('pg', { table, max: 1, settings: { plan_cache_mode: mode } })
    await store.ensureSchema()
    await ask(
      `INSERT INTO "${table}" SELECT 'key.' || n, n, 'value ' || n FROM generate_series(1, ${rows}) AS n ORDER BY random()`
    )
    if (state === 'analyzed') await ask(`ANALYZE "${table}"`)
    const plans: Record<string, readonly string[]> = {}
    for (const [name, sql] of Object.entries(statementsFor(table))) {
      await ask(`PREPARE ${name}_plan AS ${sql}`)
      const [plan] = await ask(`EXPLAIN (FORMAT JSON) EXECUTE ${name}_plan(${values[name]?.join(', ')})`)
      plans[name] = stepsOf(plan, table)
      expect(plans[name]).not.toContain('Seq Scan')
    }
    expect(plans).toEqual({ ...search, ...exception })
  })
})

function stepsOf(plan: unknown, table: string): string[] {
  const steps: string[] = []
  JSON.stringify(plan, (name, value: unknown) => {
    if (name === 'Node Type') steps.push(String(value))
    if (name === 'Index Name' || name === 'Conflict Arbiter Indexes') {
      steps.push(String(value).replace(table, 'table'))
    }
    if (name === 'Index Cond' || name === 'TID Cond') {
      steps.push(Array.from(String(value).matchAll(/\w+ (?:[<>]?=|<)(?: ANY)?(?= )/g), ([match]) => match).join(' '))
    }
    return value
  })
  return steps
}
