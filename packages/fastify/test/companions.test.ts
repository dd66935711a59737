import csrfProtection from '@fastify/csrf-protection'
import flash from '@fastify/flash'
import { Authenticator, Strategy } from '@fastify/passport'
import { createMemoryStore, createSessionManager } from '@kvsession/core'
import createFastify, { type FastifyInstance, type FastifyRequest, type LightMyRequestResponse } from 'fastify'
import { expect, it } from 'vitest'
import { getSession, session } from '../src/index.ts'
import { cookiesOf, secret } from './support/site.ts'

/** Sends requests with the cookie that was set last. */
function browse(fastify: FastifyInstance): (method: 'GET' | 'POST', url: string, token?: string) => Promise<Answer> {
  let cookie = ''
  return async (method, url, token = '') => {
    const headers = { host: 'localhost', cookie, 'csrf-token': token }
    const response: LightMyRequestResponse = await fastify.inject({ method, url, headers })
    const [set] = cookiesOf(response)
    cookie = set ?? cookie
    return { status: response.statusCode, body: response.body, cookie }
  }
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly cookie: string
}

/** Accepts the name in the query, if it is alice. */
class NameStrategy extends Strategy {
  override authenticate(request: FastifyRequest): void {
    if (request.url.endsWith('name=alice')) this.success({ id: 'alice' })
    else this.fail()
  }
}

it('@fastify/passport logs in with a new token, is found by userIdFrom, and logs out', async () => {
  const manager = createSessionManager<{ passport?: string }>({
    store: createMemoryStore(),
    secret,
    userIdFrom: ({ passport }) => passport
  })
  const authenticator = new Authenticator()
  authenticator.use('name', new NameStrategy('name'))
  authenticator.registerUserSerializer(async (user: { id: string }) => user.id)
  authenticator.registerUserDeserializer(async (id: string) => ({ id }))
  const fastify = createFastify()
  fastify.register(session, { manager })
  fastify.register(authenticator.initialize())
  fastify.register(authenticator.secureSession())
  fastify.get('/start', async (request) => {
    request.session.views = 1
    return 'ok'
  })
  fastify.get('/login', { preValidation: authenticator.authenticate('name') }, async () => 'welcome')
  fastify.get('/who', async (request) => [request.user, getSession(request).userId, request.session.views])
  fastify.get('/logout', async (request) => {
    await request.logOut()
    return 'bye'
  })
  const ask = browse(fastify)
  const { cookie: before } = await ask('GET', '/start')
  expect((await ask('GET', '/login?name=bob')).status).toBe(401)
  const { body, cookie: after } = await ask('GET', '/login?name=alice')
  expect(body).toBe('welcome')
  expect(after).not.toBe(before)
  expect(JSON.parse((await ask('GET', '/who')).body)).toEqual([{ id: 'alice' }, 'alice', null])
  expect(await manager.list({ userId: 'alice' })).toHaveLength(1)
  await ask('GET', '/logout')
  expect(JSON.parse((await ask('GET', '/who')).body)).toEqual([null, null, null])
})

it('@fastify/csrf-protection accepts its own token of the session, and no other', async () => {
  const fastify = createFastify()
  fastify.register(session, { store: createMemoryStore(), secret })
  fastify.register(csrfProtection, { sessionPlugin: '@fastify/session' })
  fastify.register((routes, _options, done) => {
    routes.get('/form', async (_request, reply) => reply.generateCsrf())
    routes.post('/form', { preHandler: routes.csrfProtection }, async () => 'posted')
    done()
  })
  const ask = browse(fastify)
  const { body: token } = await ask('GET', '/form')
  expect((await ask('POST', '/form', token)).body).toBe('posted')
  expect((await ask('POST', '/form', 'forged')).status).toBe(403)
  expect((await browse(fastify)('POST', '/form', token)).status).toBe(403)
})

it('@fastify/flash keeps a message for one later request', async () => {
  const fastify = createFastify()
  fastify.register(session, { store: createMemoryStore(), secret })
  fastify.register(flash)
  fastify.register((routes, _options, done) => {
    routes.get('/set', async (request) => String(request.flash('info', 'hello')))
    routes.get('/take', async (_request, reply) => reply.flash('info'))
    done()
  })
  const ask = browse(fastify)
  await ask('GET', '/set')
  expect(JSON.parse((await ask('GET', '/take')).body)).toEqual(['hello'])
  expect(JSON.parse((await ask('GET', '/take')).body)).toEqual([])
})
