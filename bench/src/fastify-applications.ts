import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { type Application, noAccess, readUser, type SessionAccess } from './application.ts'
import { exchange } from './node-exchange.ts'
import { makePayload } from './payload.ts'
import { secret } from './secret.ts'

type Fields = Record<string, unknown>

/** There is no adapter of ours for it: here to show what its own costs. */
export const fastifyApplications: Readonly<Record<string, () => Promise<Application>>> = {
  bare: () => build(() => {}, noAccess),
  '@fastify/session': () =>
    build(
      (app) => {
        app.register(fastifyCookie)
        app.register(fastifySession, {
          secret,
          cookieName: 'sid',
          saveUninitialized: false,
          cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: false }
        })
      },
      {
        read: (request) => asFields(Reflect.get(request, 'session')).user,
        write(request) {
          const fields = asFields(Reflect.get(request, 'session'))
          fields.views = Number(fields.views) + 1
        },
        create: (request, fields) => Object.assign(asFields(Reflect.get(request, 'session')), fields)
      }
    )
}

async function build(
  mount: (app: FastifyInstance) => unknown,
  access: SessionAccess<FastifyRequest>
): Promise<Application> {
  const app = fastify()
  mount(app)
  const answer = (path: string, act: (request: FastifyRequest) => unknown): void => {
    app.get(path, async (request) => {
      await act(request)
      return 'ok'
    })
  }
  answer('/untouched', () => undefined)
  answer('/read', (context) => readUser(access, context))
  answer('/write', access.write)
  answer('/create/300B', (request) => access.create(request, { ...makePayload('300 B') }))
  answer('/create/4kB', (request) => access.create(request, { ...makePayload('4 kB') }))
  await app.ready()
  return {
    request: (path, cookie) => exchange((request, response) => app.routing(request, response), path, cookie),
    async serve() {
      await app.listen({ port: 0, host: '127.0.0.1' })
      return Number(app.addresses()[0]?.port)
    }
  }
}

/** Its session takes any field. */
function asFields(session: unknown): Fields {
  return session as Fields
}
