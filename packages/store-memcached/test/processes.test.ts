import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describeOn } from 'test-servers'
import { expect, it } from 'vitest'
import { connect, startServer } from './support/memcached.ts'

const script = fileURLToPath(new URL('support/counting-process.ts', import.meta.url))
const processes = 4
const times = 50

describeOn('memcached', { own: true })('Several processes on one memcached', () => {
  it('Several processes lose no increment', async () => {
    const server = await startServer()
    const { client, store } = connect(server.port)
    try {
      const options = { execArgv: ['--conditions=@kvsession/source'] }
      const exits = Array.from({ length: processes }, async () => {
        const [code] = await once(fork(script, [String(server.port), String(times)], options), 'exit')
        return code
      })
      expect(await Promise.all(exits)).toEqual(Array(processes).fill(0))
      expect(await store.get('counter')).toBe(String(processes * times))
    } finally {
      client.shutdown()
      await server.stop()
    }
  })
})
