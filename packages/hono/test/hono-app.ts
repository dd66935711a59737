import { once } from 'node:events'
import { createAdaptorServer } from '@hono/node-server'
import type { AppSetup, RunningApp } from '@kvsession/testkit'
import { Hono } from 'hono'
import type { StatusCode } from 'hono/utils/http-status'
import { type SessionVariables, session } from '../src/index.ts'

/** The application of the adapter suite. */
export function createHonoApp({ manager, handle }: AppSetup): Promise<RunningApp> {
  const app = new Hono<{ Variables: SessionVariables }>()
  app.use(session(manager))
  app.all('*', async (c) => {
    let answer: Response | undefined
    await handle({
      method: c.req.method,
      path: c.req.path,
      session: c.var.session,
      setHeader: (name, value) => c.header(name, value),
      appendHeader: (name, value) => c.header(name, value, { append: true }),
      send: (status, body) => {
        answer = c.newResponse(body ?? null, asStatus(status))
      },
      redirect: (location) => {
        answer = c.redirect(location)
      },
      stream: (chunks) => {
        answer = c.body(bytesOf(chunks))
      }
    })
    return answer ?? c.notFound()
  })
  app.onError((error, c) => c.newResponse('error', asStatus(statusOf(error))))
  return serve(app)
}

export async function serve(app: Pick<Hono, 'fetch'>): Promise<RunningApp> {
  const server = createAdaptorServer({ fetch: app.fetch })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('The server listens on no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

function bytesOf(chunks: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const pieces = chunks[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const piece = await pieces.next()
      if (piece.done) controller.close()
      else controller.enqueue(new TextEncoder().encode(piece.value))
    }
  })
}

function statusOf(error: Error): number {
  return 'status' in error && typeof error.status === 'number' ? error.status : 500
}

function asStatus(status: number): StatusCode {
  if (!Number.isInteger(status) || status < 100 || status > 599) throw new RangeError(`${status} is no status`)
  return status as StatusCode
}
