import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { MemcacheClient } from 'memcache-client'
import { type Engine, startMemcached } from 'test-servers'
import { createMemcachedStore, type MemcachedStore, type MemcachedStoreOptions } from '../../src/index.ts'

export interface Connected {
  readonly client: MemcacheClient
  readonly store: MemcachedStore
}

/** A separate client, as in another process. */
export function connect(port: number, options: MemcachedStoreOptions = {}, cmdTimeout = 5_000): Connected {
  const client = new MemcacheClient({ server: { server: `127.0.0.1:${port}`, maxConnections: 2 }, cmdTimeout })
  return { client, store: createMemcachedStore(client, options) }
}

export function startServer(settings: Readonly<Record<string, string>> = {}): Promise<Engine> {
  return startMemcached({ own: true, settings })
}

/** Sends lines of memcached's protocol and resolves to the first line of the response. */
export async function ask(port: number, ...lines: readonly string[]): Promise<string> {
  const socket = connectSocket(port, '127.0.0.1')
  try {
    socket.write(lines.map((line) => `${line}\r\n`).join(''))
    let answer = ''
    while (!answer.includes('\r\n')) answer += String((await once(socket, 'data'))[0])
    return answer.slice(0, answer.indexOf('\r\n'))
  } finally {
    socket.destroy()
  }
}

/** Number of commands that the server has served, by its own statistics. */
export async function commandsOf(client: MemcacheClient): Promise<number> {
  const answer: unknown = await client.cmd('stats')
  const lines: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'STAT') : []
  const counters = new Map<string, number>()
  for (const [name, value] of Array.isArray(lines) ? lines : []) counters.set(String(name), Number(value))
  const counted = ['cmd_get', 'cmd_set', 'cmd_touch', 'delete_hits', 'delete_misses']
  return counted.reduce((sum, name) => sum + (counters.get(name) ?? 0), 0)
}
