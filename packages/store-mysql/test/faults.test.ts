import { Socket } from 'node:net'
import { inspect } from 'node:util'
import { createSessionManager } from '@kvsession/core'
import { describeOn, startProxy } from 'test-servers'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createMysqlStore, type MysqlStore } from '../src/index.ts'
import { callsOf, failureOf, later } from './support/calls.ts'
import { type MariadbFixture, startFixture } from './support/mariadb-fixture.ts'

const secret = 'a secret for tests that is long enough'
/** KVSESSION_KILL_CYCLES=100 for the long form. */
const cycles = Number(process.env.KVSESSION_KILL_CYCLES ?? 3)

describeOn('mariadb', { own: true })('Failures of MariaDB', () => {
  let fixture: MariadbFixture
  let store: MysqlStore
  let table: string
  beforeAll(async () => {
    fixture = await startFixture({ 'innodb-flush-log-at-trx-commit': '1' })
  })
  beforeEach(async () => {
    const opened = await fixture.open({ connectionLimit: 4 })
    store = opened.store
    table = opened.table
    await store.set('key', 'old', later)
  })
  afterAll(() => fixture.stop())

  it('Calls reject while the server is down, and the same store works once it is up', async () => {
    await fixture.engine.kill()
    const late = createMysqlStore(fixture.pool(), { table })
    for (const [name, call] of Object.entries({ ...callsOf(late), ensureSchema: () => late.ensureSchema() })) {
      expect(await failureOf(call()), name).toMatchObject({ code: 'ECONNREFUSED' })
    }
    await fixture.engine.restart()
    await late.ensureSchema()
    expect(await late.compareAndSet('key', 'old', 'new', later)).toBe(true)
  })

  it('A server that dies while idle ends no process and fails at most the next call', async () => {
    await fixture.engine.restart()
    await store.get('key').catch(() => undefined)
    expect(await store.get('key')).toBe('old')
  })

  it(`A server killed under load loses no acknowledged write and restores no session, ${cycles} times`, {
    timeout: 30_000 + cycles * 20_000
  }, async () => {
    for (let cycle = 0; cycle < cycles; cycle++) {
      const counters = Array.from({ length: 8 }, (_, index) => ({
        key: `c${cycle}.${index}`,
        acknowledged: 0,
        tried: 0
      }))
      const ended = new Set<string>()
      let kill: Promise<void> | undefined
      const write = async (counter: (typeof counters)[number]): Promise<void> => {
        for (let value = 1; ; value++) {
          const expected = value === 1 ? undefined : String(value - 1)
          counter.tried = value
          expect(await store.compareAndSet(counter.key, expected, String(value), later)).toBe(true)
          counter.acknowledged = value
          const own = `ended.${counter.key}.${value}`
          await store.set(own, 'value', later)
          await store.delete(own)
          ended.add(own)
          if (value === 10 + cycle) kill ??= fixture.engine.kill()
        }
      }
      const failures = await Promise.all(counters.map((counter) => failureOf(write(counter))))
      for (const error of failures) expect(error).toMatchObject({ code: expect.any(String) })
      await kill
      await fixture.engine.restart()
      for (const { key, acknowledged, tried } of counters) {
        const found = Number((await store.get(key)) ?? 0)
        expect([acknowledged, tried], key).toContain(found)
      }
      for (const key of ended) expect(await store.get(key)).toBeUndefined()
    }
  })

  it('A frozen server times out each request, and works again afterwards', async () => {
    const manager = createSessionManager({ store, secret, storeTimeout: 80 })
    const session = await manager.open('')
    session.data.views = 1
    const { headers } = await manager.commit(session)
    const cookie = headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1].split(';')[0] ?? ''
    fixture.engine.freeze()
    const readings = Array.from({ length: 20 }, async () => (await manager.open(cookie)).data.views)
    for (const reading of readings) expect(await failureOf(reading)).toMatchObject({ code: 'STORE_TIMEOUT' })
    fixture.engine.thaw()
    await store.get('key')
    expect((await manager.open(cookie)).data.views).toBe(1)
    await manager.close()
  })

  it('A read-only server rejects writes, continues to read, and recovers', async () => {
    await fixture.admin.query("CREATE USER app@'127.0.0.1'")
    await fixture.admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO app@'127.0.0.1'`)
    const plain = createMysqlStore(fixture.pool({ user: 'app' }), { table })
    await plain.set('over', 'old', 1)
    await fixture.admin.query('SET GLOBAL read_only = 1')
    const { get, keys, ...writes } = callsOf(plain)
    for (const [name, call] of Object.entries(writes)) {
      const error = await failureOf(call())
      expect(error, name).toMatchObject({ errno: 1290 })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('top secret')
    }
    expect(await get?.()).toBe('old')
    expect(await keys?.()).toEqual(['key'])
    await fixture.admin.query('SET GLOBAL read_only = 0')
    expect(await plain.compareAndSet('key', 'old', 'new', later)).toBe(true)
  })

  it('A max_allowed_packet that is too small is reported at the start, and rejects a large value without damage', async () => {
    const [before] = await fixture.ask('SELECT @@global.max_allowed_packet AS bytes')
    await fixture.admin.query('SET GLOBAL max_allowed_packet = 65536')
    const small = createMysqlStore(fixture.pool(), { table })
    const message = expect.stringContaining('max_allowed_packet is 65536 bytes')
    expect(await failureOf(small.ensureSchema())).toMatchObject({ code: 'STORE_INVALID', message })
    const large = 'top secret '.repeat(20_000)
    for (const call of [
      () => small.set('key', large, later),
      () => small.compareAndSet('key', 'old', large, later),
      () => small.compareAndSet('new', undefined, large, later)
    ]) {
      const error = await failureOf(call())
      // The server sends the reason and closes the connection; the reason may be lost.
      expect(['RECORD_TOO_LARGE', 'ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST']).toContain(
        Reflect.get(Object(error), 'code')
      )
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('top secret')
    }
    // The pool may return a closed connection once more.
    await small.get('key').catch(() => undefined)
    expect(await small.get('key')).toBe('old')
    expect(await small.get('new')).toBeUndefined()
    expect(await small.compareAndSet('key', 'old', 'x'.repeat(30_000), later)).toBe(true)
    await fixture.admin.query(`SET GLOBAL max_allowed_packet = ${Number(before?.bytes)}`)
  })

  it('A server that vanished from the network is replaced once the sockets time out, as the README states', async () => {
    const proxy = await startProxy(fixture.engine)
    const pool = fixture.pool({ uri: proxy.url, connectionLimit: 2 })
    pool.on('connection', (connection) => {
      const stream: unknown = Reflect.get(connection, 'stream')
      if (stream instanceof Socket) stream.setTimeout(150, () => stream.destroy(new Error('MySQL does not answer')))
    })
    const far = createMysqlStore(pool, { table })
    await Promise.all([far.get('key'), far.get('key')])
    proxy.freeze()
    const stuck = [far.get('key'), far.compareAndSet('key', 'old', 'new', later), far.get('key')]
    const failures = await Promise.allSettled(stuck.slice(0, 2))
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    proxy.thaw()
    await stuck[2]?.catch(() => undefined)
    expect(['old', 'new']).toContain(await far.get('key'))
    await pool.end()
    await proxy.close()
  })

  it('A server that closes idle connections has no effect', async () => {
    await Promise.all(Array.from({ length: 4 }, () => store.get('key')))
    const rows = await fixture.ask('SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()')
    for (const { id } of rows) await fixture.admin.query(`KILL ${Number(id)}`)
    const sql = 'SELECT COUNT(*) AS others FROM information_schema.processlist WHERE id <> CONNECTION_ID()'
    while (Number((await fixture.ask(sql))[0]?.others) > 0) await fixture.ask('DO 0')
    expect(await store.get('key')).toBe('old')
    expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
  })
})
