import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { isSessionError } from '@kvsession/core'
import type { AppSetup, RunningApp } from '@kvsession/testkit'
import { withSession } from '../src/index.ts'

type FetchHandler = (request: Request) => Promise<Response>

/** The application of the adapter suite. */
export function createFetchApp({ manager, handle }: AppSetup): Promise<RunningApp> {
  const fetchHandler = withSession(manager, { onError: errorResponse })(async (request, session) => {
    const headers = new Headers()
    let response = new Response(null, { status: 404 })
    await handle({
      method: request.method,
      path: new URL(request.url).pathname,
      session,
      setHeader: (name, value) => headers.set(name, value),
      appendHeader: (name, value) => headers.append(name, value),
      send: (status, body) => {
        response = new Response(body ?? null, { status, headers })
      },
      redirect: (location) => {
        headers.set('location', location)
        response = new Response(null, { status: 302, headers })
      },
      stream: (chunks) => {
        response = new Response(bytesOf(chunks), { headers })
      }
    })
    return response
  })
  return serve(fetchHandler)
}

function errorResponse(error: unknown): Response {
  return new Response('error', { status: statusOf(error) })
}

function statusOf(error: unknown): number {
  if (isSessionError(error)) return error.status
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500
}

/** Serves a fetch handler on a free port. */
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

function bytesOf(chunks: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const pieces = chunks[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const piece = await pieces.next()
      if (piece.done) controller.close()
      else controller.enqueue(new TextEncoder().encode(piece.value))
    },
    async cancel() {
      await pieces.return?.()
    }
  })
}
