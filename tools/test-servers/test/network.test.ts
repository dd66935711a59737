import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  describeOnNetwork,
  type NetworkHost,
  type RedisEngine,
  startNetwork,
  startRedis,
  type TestNetwork
} from 'test-servers'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

/** Connects to a server, prints `open` and every response, and sends every line that it reads. */
const program = `
const socket = require('node:net').connect(Number(process.argv[1]), process.argv[2])
socket.on('connect', () => console.log('open'))
socket.on('data', (answer) => console.log(String(answer).trim()))
socket.on('error', (error) => console.log(error.code))
process.stdin.on('data', (line) => socket.write(line))
`

interface Client {
  send(line: string): void
  /** Resolves with the next line that it prints. */
  nextLine(): Promise<string>
  /** Lines that it has printed and `nextLine` has not returned yet. */
  readonly unread: readonly string[]
  end(): void
}

describeOnNetwork('redis')('A network of hosts', () => {
  let network: TestNetwork<'app' | 'server'>
  let redis: RedisEngine
  const clients: Client[] = []
  beforeAll(async () => {
    network = startNetwork(['app', 'server'])
    redis = await startRedis({ own: true, on: network.hosts.server })
  })
  afterEach(() => {
    for (const client of clients.splice(0)) client.end()
    network.heal()
  })
  afterAll(async () => {
    await redis.stop()
    network.stop()
    network.stop()
  })

  function connectFrom({ enter }: NetworkHost): Client {
    const [command = '', ...args] = [...enter, process.execPath, '-e', program, '--', String(redis.port), redis.host]
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const unread: string[] = []
    child.stdout.setEncoding('utf8').on('data', (printed: string) => unread.push(...printed.trim().split('\n')))
    const connected: Client = {
      unread,
      send: (line) => void child.stdin.write(line),
      async nextLine() {
        while (unread.length === 0) await once(child.stdout, 'data')
        return unread.shift() ?? ''
      },
      end: () => void child.kill()
    }
    clients.push(connected)
    return connected
  }

  it('A host reaches another host, and a test reaches the server on a host through a socket', async () => {
    const { nextLine, send } = connectFrom(network.hosts.app)
    expect(await nextLine()).toBe('open')
    send('PING\r\n')
    expect(await nextLine()).toBe('+PONG')
    expect(await redis.command('PING')).toBe('PONG')
  })

  it('Packets between separated hosts are dropped without an error and arrive after heal()', async () => {
    const { nextLine, send, unread } = connectFrom(network.hosts.app)
    expect(await nextLine()).toBe('open')
    network.part('app', 'server')
    send('SET parted yes\r\n')
    const late = connectFrom(network.hosts.app)
    // A refused packet would be an error immediately; a dropped packet is neither an error nor an answer.
    for (let round = 0; round < 20; round++) expect(await redis.command('EXISTS', 'parted')).toBe('0')
    expect([...unread, ...late.unread]).toEqual([])
    network.heal()
    expect(await nextLine()).toBe('+OK')
    expect(await redis.command('GET', 'parted')).toBe('yes')
    expect(await late.nextLine()).toBe('open')
  })
})
