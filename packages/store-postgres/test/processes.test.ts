import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { driverNames } from './support/drivers.ts'
import { type Server, startServer } from './support/server.ts'

const script = fileURLToPath(new URL('support/counting-process.ts', import.meta.url))
const processes = 4
const times = 20

describeOn('postgres', { own: true })('Four processes on one PostgreSQL table', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  it.each(['read committed', 'serializable'])(
    'Four processes with different drivers lose no increment: %s',
    async (level) => {
      await server.admin.ask(`ALTER ROLE postgres SET default_transaction_isolation = '${level}'`)
      const table = server.freeTable()
      const exits = Array.from({ length: processes }, async (_, index) => {
        const driver = driverNames[index % driverNames.length] ?? 'pg'
        const child = fork(script, [driver, server.url, table, String(times)], {
          execArgv: ['--conditions=@kvsession/source']
        })
        return (await once(child, 'exit'))[0]
      })
      expect(await Promise.all(exits)).toEqual([0, 0, 0, 0])
      const { store } = server.connect('pg', { table })
      expect(await store.get('counter')).toBe(String(processes * 5 * times))
    }
  )
})
