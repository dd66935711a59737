import { connect, type Socket } from 'node:net'
import type { Commands } from 'stress/processes'
import { quantile } from '../statistics.ts'

// wrk sends the next request after each response, so a slow server gets fewer requests and its latencies look better
// than they are. This generator sends at a fixed rate, and measures a latency from the moment at which the request
// was due. It never sleeps, because timers are up to a millisecond late, so it needs its own core.

/** Latencies in milliseconds. */
export interface Latencies {
  readonly requests: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

interface Connection {
  readonly socket: Socket
  /** When the current request was due; `undefined` while the connection is free. */
  dueAt: number | undefined
}

const openedAtOnce = 200
const end = '\r\n\r\nok'

export interface SteadyLoad extends Commands {
  /** Opens connections and sends one request on each, so that the server allocates the same memory as for a browser. */
  open(port: number, count: number, path: string, cookies: readonly string[]): Promise<void>
  /** Sends `rate` requests a second on free connections. If none is free, a request waits for one. */
  run(rate: number, seconds: number, path: string, cookies: readonly string[]): Promise<Latencies>
}

/** @param now milliseconds */
export function createSteadyLoad(now: () => number = () => performance.now()): SteadyLoad {
  let all: readonly Connection[] = []
  let free: Connection[] = []
  let times: number[] = []
  let failure: Error | undefined

  return {
    async open(port: number, count: number, path: string, cookies: readonly string[]): Promise<void> {
      const opened: Connection[] = []
      while (opened.length < count) {
        const group = Math.min(openedAtOnce, count - opened.length)
        opened.push(...(await Promise.all(Array.from({ length: group }, () => openConnection(port)))))
      }
      all = opened
      free = [...opened]
      for (let sent = 0; sent < count; sent++) {
        const connection = free.shift()
        if (connection) send(connection, now(), requestFor(path, cookies, sent))
        if (sent % openedAtOnce === 0) await idle()
      }
      await idle()
    },

    async run(rate: number, seconds: number, path: string, cookies: readonly string[]): Promise<Latencies> {
      const requests = cookies.map((_, index) => requestFor(path, cookies, index))
      if (requests.length === 0) requests.push(requestFor(path, cookies, 0))
      times = []
      const total = Math.round(rate * seconds)
      const begin = now()
      for (let sent = 0; sent < total; ) {
        const dueAt = begin + (sent * 1000) / rate
        const connection = now() >= dueAt ? free.shift() : undefined
        if (connection) send(connection, dueAt, requests[sent++ % requests.length] ?? '')
        else await turn()
      }
      await idle()
      return { requests: total, p50: quantile(times, 0.5), p99: quantile(times, 0.99), p999: quantile(times, 0.999) }
    }
  }

  function openConnection(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const connection: Connection = { socket, dueAt: undefined }
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      // Every response of the applications ends with one of these, chunked or not.
      if (!answer.endsWith(end) && !answer.endsWith('\r\n0\r\n\r\n')) return
      if (!answer.startsWith('HTTP/1.1 200')) failure ??= new Error(answer.slice(0, 200))
      answer = ''
      if (connection.dueAt !== undefined) times.push(now() - connection.dueAt)
      connection.dueAt = undefined
      free.push(connection)
    })
    socket.on('close', () => {
      if (connection.dueAt !== undefined) failure ??= new Error('The server closed a connection')
    })
    return new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(connection))
      socket.once('error', reject)
    })
  }

  function send(connection: Connection, dueAt: number, request: string): void {
    connection.dueAt = dueAt
    connection.socket.write(request)
  }

  /** Resolves when all requests are answered. */
  async function idle(): Promise<void> {
    while (free.length < all.length) await turn()
    if (failure) throw failure
  }

  async function turn(): Promise<void> {
    if (failure) throw failure
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function requestFor(path: string, cookies: readonly string[], index: number): string {
  const cookie = cookies[index % cookies.length]
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${cookie === undefined ? '' : `Cookie: ${cookie}\r\n`}\r\n`
}
