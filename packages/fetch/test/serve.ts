import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { RunningApp } from '@kvsession/testkit'

export type FetchHandler = (request: Request) => Promise<Response>

/** Serves a fetch handler on a free port. Bun, Deno and workerd serve it themselves: see tools/runtime-matrix. */
export async function serve(fetchHandler: FetchHandler): Promise<RunningApp> {
  const server = createServer((request, response) => {
    respond(fetchHandler, request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('The server listens on no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

async function respond(fetchHandler: FetchHandler, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming
  const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)])
  const {
    status,
    headers: answered,
    body
  } = await fetchHandler(new Request(`http://${headers.host}${url}`, { method, headers: fields }))
  response.writeHead(status, [...answered].flat())
  if (method !== 'HEAD' && body) await pipeline(body, response)
  else response.end()
}
