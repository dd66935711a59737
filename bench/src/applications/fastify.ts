import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import { createMemoryStore } from '@kvsession/core'
import { session } from '@kvsession/fastify'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { type Application, fieldAccess, type Library, noAccess, routesOf, type SessionAccess } from './application.ts'
import { asBaselineSession, awaitedBaseline, baselineData, createMapBaseline } from './hand-written.ts'
import { cookie, secret } from './secret.ts'

export const fastifyLibraries: Readonly<Record<string, Library>> = {
  bare: () => build(() => undefined, noAccess),
  [awaitedBaseline]: withBaseline,
  kvsession: withKvsession,
  '@fastify/session': () =>
    build(
      (app) => {
        app.register(fastifyCookie)
        app.register(fastifySession, { secret, cookieName: 'sid', saveUninitialized: false, cookie })
      },
      fieldAccess((request) => Reflect.get(request, 'session'))
    )
}

function withKvsession(): Application | Promise<Application> {
  return build(
    (app) => app.register(session, { store: createMemoryStore(), secret }),
    fieldAccess((request) => Reflect.get(request, 'session'))
  )
}

function withBaseline(): Promise<Application> {
  const baseline = createMapBaseline(true)
  const mount = (app: FastifyInstance): void => {
    app.decorateRequest('kept', null)
    app.addHook('onRequest', async (request) => {
      Reflect.set(request, 'kept', await baseline.open(request.headers.cookie))
    })
    app.addHook('onSend', async (request, reply) => {
      const header = await baseline.commit(asBaselineSession(Reflect.get(request, 'kept')))
      if (header !== undefined) reply.header('Set-Cookie', header)
    })
  }
  return build(
    mount,
    fieldAccess((request) => baselineData(asBaselineSession(Reflect.get(request, 'kept'))))
  )
}

async function build(
  mount: (app: FastifyInstance) => unknown,
  access: SessionAccess<FastifyRequest>
): Promise<Application> {
  const app = fastify()
  mount(app)
  for (const [path, act] of routesOf(access)) {
    app.get(path, async (request) => {
      await act(request)
      return 'ok'
    })
  }
  await app.ready()
  return (request, response) => app.routing(request, response)
}
