import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { applyHeaders, isSessionError, type Session } from '@kvsession/core'
import { removeRepresentation } from '@kvsession/core/adapter'
import type { AppSetup, RunningApp } from '@kvsession/testkit'

/** A server without a framework. Tests of broken adapters replace some of its parts. */
export interface NodeHttpOptions {
  /** Sends the status, headers and body of a response. */
  readonly answer?: typeof commitThenAnswer
  readonly answerError?: typeof answerError
}

/** A complete response that has not been sent yet. */
export interface Answer {
  readonly status: number
  readonly body?: string | AsyncIterable<string> | undefined
  readonly failed?: boolean
}

export interface Exchange {
  readonly manager: AppSetup['manager']
  readonly session: Session
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Implements the adapter contract: open, run the handler, commit, then start the response. */
export async function createNodeHttpApp(setup: AppSetup, options: NodeHttpOptions = {}): Promise<RunningApp> {
  const { answer: reply = commitThenAnswer, answerError: replyError = answerError } = options
  const server = createServer((request, response) => {
    void serve(setup, request, response, reply, replyError).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

async function serve(
  { manager, handle }: AppSetup,
  request: IncomingMessage,
  response: ServerResponse,
  reply: typeof commitThenAnswer,
  replyError: typeof answerError
): Promise<void> {
  let exchange: Exchange | undefined
  try {
    const session = await manager.open(request.headers, { encrypted: false })
    exchange = { manager, session, request, response }
    let answer: Answer = { status: 404 }
    await handle({
      method: request.method ?? 'GET',
      path: (request.url ?? '/').replace(/\?.*$/, ''),
      session,
      setHeader: (name, value) => response.setHeader(name, value),
      appendHeader: (name, value) => response.appendHeader(name, value),
      send: (status, body) => {
        answer = { status, body }
      },
      redirect: (location) => {
        response.setHeader('Location', location)
        answer = { status: 302 }
      },
      stream: (chunks) => {
        answer = { status: 200, body: chunks }
      }
    })
    await reply(exchange, answer)
  } catch (error) {
    await replyError(exchange, response, error)
  }
}

export async function commitThenAnswer(exchange: Exchange, answer: Answer): Promise<void> {
  const { manager, session, response } = exchange
  const { headers } = await manager.commit(session, facts(response, answer))
  applyHeaders(headers, response)
  await sendAnswer(exchange, answer)
  // A stream may have changed the session after it started.
  await manager.commit(session)
}

export async function answerError(
  exchange: Exchange | undefined,
  response: ServerResponse,
  error: unknown
): Promise<void> {
  if (response.headersSent) {
    response.destroy()
    return
  }
  removeRepresentation(response)
  if (exchange) await commitFailed(exchange, error)
  response.statusCode = statusOf(error)
  response.end('error')
}

async function commitFailed({ manager, session, response }: Exchange, error: unknown): Promise<void> {
  // Do not commit again changes that a commit has refused.
  const refused = isSessionError(error)
  const headers = refused
    ? manager.responseHeaders(session, facts(response))
    : await manager.commit(session, facts(response, { failed: true })).then(
        (done) => done.headers,
        () => manager.responseHeaders(session, facts(response))
      )
  applyHeaders(headers, response)
}

export async function sendAnswer({ request, response }: Exchange, { status, body }: Answer): Promise<void> {
  response.statusCode = status
  if (body === undefined || typeof body === 'string') {
    response.end(body)
  } else if (request.method === 'HEAD') {
    response.end()
  } else {
    await pipeline(Readable.from(body, { highWaterMark: 1 }), response).catch(() => response.destroy())
  }
}

export function facts(
  response: ServerResponse,
  { failed = false, status }: { readonly failed?: boolean; readonly status?: number } = {}
): { readonly cacheControl: string | undefined; readonly failed: boolean; readonly status: number | undefined } {
  const cacheControl = response.getHeader('cache-control')
  return { cacheControl: cacheControl === undefined ? undefined : String(cacheControl), failed, status }
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('status' in error)) return 500
  return typeof error.status === 'number' ? error.status : 500
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || address === null) throw new TypeError('The server does not listen on a port')
  return address.port
}
