import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { describeOn, type Engine, startPgbouncer } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, driverNames } from './support/drivers.ts'
import { runPooledTraffic } from './support/pooled-traffic.ts'
import { type Server, startServer } from './support/server.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const readme = readFileSync(path('../README.md'), 'utf8')
const section = /^## Behind pgbouncer\n(.*?)^## /ms.exec(readme)?.[1] ?? ''
/** The programs of the section, each with its driver. */
const programs = Array.from(
  section.matchAll(/```js\n(.*?)```/gs),
  ([, program = '']): [driver: string, program: string] => [
    program.includes("from 'pg'") ? 'pg' : 'postgres.js',
    program
  ]
)

describeOn('pgbouncer')('PostgreSQL behind pgbouncer in transaction mode', () => {
  let server: Server
  let pooler: Engine
  beforeAll(async () => {
    server = await startServer()
    // Fewer connections than concurrent requests, so a statement gets any free connection.
    pooler = await startPgbouncer(server, { settings: { default_pool_size: '5' } })
  })
  afterAll(async () => {
    await pooler.stop()
    await server.stop()
  })

  it.each(driverNames)(
    'A watch through the pooler is refused, and one past the pooler receives hints: %s',
    async (driver) => {
      const table = server.freeTable()
      const pooled = connect(driver, pooler.url, { table, prepare: false, notify: true })
      await pooled.store.ensureSchema()
      const ignore = (): void => undefined
      const refused = pooled.store.watch?.('', ignore, ignore)
      await expect(refused).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining('watchClient')
      })
      const watchClient = new pg.Pool({ connectionString: server.url })
      watchClient.on('error', ignore)
      const direct = connect(driver, pooler.url, { table, prepare: false, notify: true, watchClient })
      const received = new Promise<string>((resolve, reject) => {
        direct.store
          .watch?.('', resolve, ignore)
          .then(() => pooled.store.set('key', 'value', Date.now() + 60_000), reject)
      })
      expect(await received).toBe('key')
      await direct.store.close()
      for (const one of [pooled, direct]) await one.end()
      await watchClient.end()
    }
  )

  it('The README has a program for each driver', () => {
    expect(programs.map(([driver]) => driver)).toEqual(['pg', 'postgres.js'])
  })

  it.each(programs)(
    'The program of the README for %s serves 10,000 operations without an error',
    { timeout: 180_000 },
    async (_driver, program) => {
      const folder = mkdtempSync(join(tmpdir(), 'kvsession-pgbouncer-'))
      try {
        symlinkSync(path('../../../node_modules'), join(folder, 'node_modules'))
        const traffic = path('support/pooled-traffic.ts')
        const use = [
          `const { runPooledTraffic } = await import(${JSON.stringify(traffic)})`,
          'console.log(JSON.stringify(await runPooledTraffic(store, 10_000)))',
          'process.exit()'
        ]
        writeFileSync(join(folder, 'program.mjs'), [program, ...use].join('\n'))
        const env = { ...process.env, DATABASE_URL: pooler.url }
        const run = promisify(execFile)
        const { stdout } = await run(process.execPath, ['--conditions=@kvsession/source', 'program.mjs'], {
          cwd: folder,
          env
        })
        const { operations, errors, wrong } = JSON.parse(stdout)
        expect({ errors, wrong }).toEqual({ errors: [], wrong: 0 })
        expect(operations).toBeGreaterThanOrEqual(10_000)
      } finally {
        rmSync(folder, { recursive: true })
      }
    }
  )

  it('The lock_timeout that the README sets on the role holds on every connection of the pooler', async () => {
    const [, statement = ''] = /`(ALTER ROLE \w+ SET lock_timeout = '1s')`/.exec(section) ?? []
    expect(statement).not.toBe('')
    await server.admin.ask('CREATE ROLE app SUPERUSER LOGIN')
    await server.admin.ask(statement)
    const own = await startPgbouncer(server, { users: ['app'] })
    const client = new pg.Client({ connectionString: own.url.replace('postgres@', 'app@') })
    await client.connect()
    const { rows } = await client.query<{ lock_timeout: string }>('SHOW lock_timeout')
    expect(rows).toEqual([{ lock_timeout: '1s' }])
    await client.end()
    await own.stop()
  })

  describe.each(driverNames)('%s', (driver) => {
    // The pooler refuses unknown parameters of a connection with 08P01, on every call.
    it('A pool with lock_timeout gets an error that says to set it on the role', async () => {
      const { store, end } =
        driver === 'pg'
          ? connect(driver, pooler.url, { pool: { lock_timeout: 1_000 }, prepare: false })
          : connect(driver, pooler.url, { settings: { lock_timeout: '1s' }, prepare: false })
      await expect(store.get('key')).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringMatching(/pgbouncer.*lock_timeout.*ALTER ROLE/s),
        cause: expect.objectContaining({ code: '08P01' })
      })
      await expect(store.ensureSchema()).rejects.toMatchObject({ code: 'STORE_INVALID' })
      await end()
    })
  })

  // postgres.js prepares again by itself, and then waits for responses that never arrive.
  it('A store on pg that prepares statements gets an error that says to disable that', async () => {
    const { store, end } = connect('pg', pooler.url, { table: server.freeTable() })
    const { errors, operations } = await runPooledTraffic(store, 200)
    expect(errors.length).toBeGreaterThan(operations / 10)
    expect(errors.filter((error) => !error.includes('Set prepare: false'))).toEqual([])
    await end()
  })
})
