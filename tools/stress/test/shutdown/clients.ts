import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** Increments the count of one session, one request after the other on one connection. */
export interface Client {
  readonly path: '/update' | '/commit'
  cookie: string
  /** The count in the last answer. */
  acknowledged: number
}

export interface Load {
  /** Answers so far. */
  answers: number
  /** Every status that is not 200. */
  readonly failures: number[]
  /** Why the clients stopped: codes of socket errors. */
  readonly ends: string[]
}

export function createClients(count: number): readonly Client[] {
  return Array.from({ length: count }, (_, number) => ({
    path: number % 2 === 0 ? '/update' : '/commit',
    cookie: '',
    acknowledged: 0
  }))
}

/** All clients count until their server is gone. */
export async function countUntilGone(
  port: number,
  clients: readonly Client[],
  load: Load,
  onAnswer: () => void
): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      try {
        for (;;) {
          await send(port, client, client.path, { agent, load })
          load.answers++
          onAnswer()
        }
      } catch (error) {
        load.ends.push(String(Reflect.get(Object(error), 'code')))
      } finally {
        agent.destroy()
      }
    })
  )
}

/** The count that the client's session has. */
export async function readCount(port: number, client: Client, load: Load): Promise<number> {
  const agent = new Agent()
  const reader = { ...client }
  await send(port, reader, '/', { agent, load })
  return reader.acknowledged
}

interface Through {
  readonly agent: Agent
  readonly load: Load
}

async function send(port: number, client: Client, path: string, { agent, load }: Through): Promise<void> {
  const headers = { cookie: client.cookie }
  const sent = request({ host: '127.0.0.1', port, path, method: path === '/' ? 'GET' : 'POST', headers, agent })
  sent.end()
  const [response] = await once(sent, 'response')
  const body = await text(response)
  if (response.statusCode !== 200) {
    load.failures.push(response.statusCode)
    return
  }
  client.cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? client.cookie
  client.acknowledged = Number(Reflect.get(Object(JSON.parse(body)), 'count'))
}
