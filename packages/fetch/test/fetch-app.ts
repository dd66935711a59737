import { isSessionError } from '@kvsession/core'
import type { AppSetup, RunningApp } from '@kvsession/testkit'
import { withSession } from '../src/index.ts'
import { serve } from './serve.ts'

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
