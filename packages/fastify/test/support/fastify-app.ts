import { Readable } from 'node:stream'
import type { AppSetup, RunningApp } from '@kvsession/testkit'
import createFastify, { type FastifyInstance } from 'fastify'
import { getSession, session } from '../../src/index.ts'

/** The application of the adapter suite. */
export async function createFastifyApp({ manager, handle }: AppSetup): Promise<RunningApp> {
  const fastify = createFastify()
  fastify.register(session, { manager })
  fastify.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send('error'))
  fastify.register((routes, _options, done) => {
    routes.all('/*', async (request, reply) => {
      await handle({
        method: request.method,
        path: request.url.replace(/\?.*/, ''),
        session: getSession(request),
        setHeader: (name, value) => reply.header(name, value),
        appendHeader: (name, value) => reply.header(name, value),
        send: (status, body) => reply.code(status).send(body),
        redirect: (location) => reply.redirect(location),
        stream: (chunks) => reply.send(Readable.from(chunks, { highWaterMark: 1 }))
      })
      return reply
    })
    done()
  })
  return serve(fastify)
}

function statusOf(error: unknown): number {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500
}

/** Serves an application on a free port. */
export async function serve(fastify: FastifyInstance): Promise<RunningApp> {
  const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    async close() {
      fastify.server.closeAllConnections()
      await fastify.close()
    }
  }
}
