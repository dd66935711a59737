import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SteadyLoadMethods } from '../src/load/steady-load.ts'
import { parseLoad } from '../src/load/wrk.ts'
import { startWorker } from '../src/worker.ts'

describe('The figures of wrk', () => {
  it('The figures of wrk are parsed from the line that the script prints', () => {
    const out = 'Running 1s test @ http://127.0.0.1:1/\n  1 threads\nFIGURES 42341 1000200 470 13000 19500 3\n'
    expect(parseLoad(out)).toEqual({ requests: 42_341, seconds: 1.0002, p50: 0.47, p99: 13, p999: 19.5, errors: 3 })
  })

  it('An output of wrk without that line is an error', () => {
    expect(() => parseLoad('unable to connect to 127.0.0.1:1')).toThrow('unable to connect')
  })
})

describe('The load at a fixed rate', () => {
  const generator = startWorker<SteadyLoadMethods>('load/steady-load.ts')
  let server: Server
  let answers = 0
  let answer: (request: number) => Promise<void> = async () => undefined
  let status = 200

  beforeEach(async () => {
    answers = 0
    server = createServer(async (_, response) => {
      await answer(++answers)
      response.writeHead(status).end('ok')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    server.close()
    server.closeAllConnections()
  })

  const port = (): number => (server.address() as AddressInfo).port

  it('The load sends one request on each new connection, and then as many as the rate requires', async () => {
    await generator.call('open', port(), 3, '/', ['sid=1'])
    expect(answers).toBe(3)
    const { requests } = await generator.call('run', 200, 0.1, '/', [])
    expect([requests, answers]).toEqual([20, 23])
  })

  it('A latency includes the time that a due request waits for a free connection', async () => {
    await generator.call('open', port(), 1, '/', [])
    // The second request takes 200 ms, so the requests that are due meanwhile wait almost as long.
    answer = (request) => (request === 2 ? new Promise((resolve) => setTimeout(resolve, 200)) : Promise.resolve())
    const { p50 } = await generator.call('run', 100, 0.2, '/', [])
    expect(p50).toBeGreaterThan(50)
    answer = async () => undefined
  })

  it('The load fails if a response is not a success', async () => {
    status = 500
    await expect(generator.call('open', port(), 1, '/', [])).rejects.toThrow('500')
    await generator.stop()
  })
})
