import { createHttpClient, type HttpClient, type Reply } from '../../src/http-client.ts'

/** Increments the count in one session by sequential requests on one connection. */
export interface Client {
  readonly path: '/update' | '/commit'
  cookie: string
  /** The count in the last answer. */
  acknowledged: number
}

export interface Load {
  /** Number of answers so far. */
  answers: number
  /** Every status that is not 200. */
  readonly failures: number[]
  /** How the last request of each client ended. */
  readonly ends: string[]
}

export function createClients(count: number): readonly Client[] {
  return Array.from({ length: count }, (_, number) => ({
    path: number % 2 === 0 ? '/update' : '/commit',
    cookie: '',
    acknowledged: 0
  }))
}

/** Runs all clients until their server stops. */
export async function countUntilGone(
  port: number,
  clients: readonly Client[],
  load: Load,
  onAnswer: () => void
): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      const http = createHttpClient(readCountOf, 1)
      let reply = await http.ask(port, client.path, client.cookie)
      while (typeof reply === 'object') {
        follow(client, reply, load)
        load.answers++
        onAnswer()
        reply = await http.ask(port, client.path, client.cookie)
      }
      load.ends.push(reply)
      http.close()
    })
  )
}

/** Reads the count from the client's session. */
export async function readCount(port: number, client: Client, load: Load): Promise<number> {
  const http: HttpClient<number> = createHttpClient(readCountOf, 1)
  const reader = { ...client }
  follow(reader, await http.ask(port, '/', client.cookie), load)
  http.close()
  return reader.acknowledged
}

function follow(client: Client, reply: Reply<number>, { failures }: Load): void {
  if (typeof reply !== 'object' || reply.body === undefined) {
    failures.push(typeof reply === 'object' ? reply.status : 0)
    return
  }
  client.cookie = reply.cookie ?? client.cookie
  client.acknowledged = reply.body
}

function readCountOf(json: string): number {
  return Number(Reflect.get(Object(JSON.parse(json)), 'count'))
}
