import { once } from 'node:events'
import { connect } from 'node:net'

/** What memcached answers to `stats`, by name. */
export async function readMemcachedStats(port: number): Promise<ReadonlyMap<string, string>> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write('stats\r\n')
    let answer = ''
    for await (const chunk of socket) {
      answer += String(chunk)
      if (answer.endsWith('END\r\n')) break
    }
    return new Map(Array.from(answer.matchAll(/^STAT (\S+) (.*?)\r$/gm), ([, name = '', value = '']) => [name, value]))
  } finally {
    socket.destroy()
  }
}
