import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSteadyLoad } from '../src/load/steady-load.ts'
import { parseLoad } from '../src/load/wrk.ts'

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
  /** Milliseconds of a clock that moves with each answer. */
  let time = 0
  const generator = createSteadyLoad(() => time)
  let server: Server
  let answers = 0
  /** Milliseconds that an answer takes. */
  let duration: (request: number) => number = () => 0
  let status = 200

  beforeEach(async () => {
    answers = 0
    server = createServer((_, response) => {
      time += duration(++answers)
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
    await generator.open(port(), 3, '/', ['sid=1'])
    expect(answers).toBe(3)
    duration = () => 5
    const { requests } = await generator.run(200, 0.1, '/', [])
    expect([requests, answers]).toEqual([20, 23])
  })

  it('A latency includes the time that a due request waits for a free connection', async () => {
    await generator.open(port(), 1, '/', [])
    // One request is due every 10 ms and takes as long, but the first one takes 200 ms: all others wait behind it.
    duration = (request) => (request === 2 ? 200 : 10)
    const { p50, p99 } = await generator.run(100, 0.2, '/', [])
    expect([p50, p99]).toEqual([200, 200])
  })

  it('The load fails if a response is not a success', async () => {
    status = 500
    await expect(generator.open(port(), 1, '/', [])).rejects.toThrow('500')
  })
})
