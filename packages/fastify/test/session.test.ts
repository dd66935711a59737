import { Readable } from 'node:stream'
import { createMemoryStore, createSessionManager, isSessionError } from '@kvsession/core'
import createFastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { getSession, session } from '../src/index.ts'
import { cookiesOf, createSite, secret } from './support/site.ts'

describe('plugin', () => {
  it('The plugin takes options, and gives the core session', async () => {
    const fastify = createFastify()
    fastify.register(session, { store: createMemoryStore(), secret })
    fastify.get('/', async (request) => {
      await getSession(request).login('alice')
      return getSession(request).userId
    })
    const response = await fastify.inject({ url: '/', headers: { host: 'localhost' } })
    expect(response.body).toBe('alice')
    expect(cookiesOf(response)).toHaveLength(1)
  })

  it('The plugin gives a session to the routes of its instance and of its children, and to no others', async () => {
    const { manager } = createSite()
    const fastify = createFastify()
    fastify.register((inside, _options, done) => {
      inside.register(session, { manager })
      inside.get('/inside', async (request) => String(request.session.views))
      inside.register((child, _childOptions, childDone) => {
        child.get('/child', async (request) => String(request.session.views))
        childDone()
      })
      done()
    })
    fastify.get('/outside', async (request) => getSession(request).id)
    expect((await fastify.inject('/inside')).body).toBe('undefined')
    expect((await fastify.inject('/child')).body).toBe('undefined')
    const outside = await fastify.inject('/outside')
    expect([outside.statusCode, outside.json().code]).toEqual([500, 'SESSION_MISSING'])
    expect(outside.json().message).toContain('register @kvsession/fastify before')
  })

  it('The plugin gives no session to a hook that was added before it', async () => {
    const seen: unknown[] = []
    const fastify = createFastify()
    fastify.addHook('onRequest', async (request) => {
      seen.push(request.session)
      request.session = { views: 1 }
    })
    fastify.register(session, { store: createMemoryStore(), secret })
    fastify.addHook('onRequest', async (request) => {
      seen.push({ ...request.session })
    })
    fastify.get('/', async () => 'ok')
    await fastify.inject('/')
    expect(seen).toEqual([null, {}])
  })

  it('The plugin may be registered in two children that do not contain each other', async () => {
    const fastify = createFastify()
    for (const name of ['shop', 'blog']) {
      fastify.register((child, _options, done) => {
        child.register(session, { store: createMemoryStore(), secret, cookie: { name } })
        child.get(`/${name}`, async (request) => {
          request.session.views = 1
          return 'ok'
        })
        done()
      })
    }
    for (const name of ['shop', 'blog']) {
      const response = await fastify.inject({ url: `/${name}`, headers: { host: 'localhost' } })
      expect(String(response.headers['set-cookie'])).toMatch(new RegExp(`^${name}=`))
    }
  })

  it('The plugin refuses a second registration, whether by itself or by another session plugin', async () => {
    const { fastify, manager } = createSite()
    fastify.register((child, _options, done) => {
      child.register(session, { manager })
      done()
    })
    await expect(fastify.ready()).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    const other = createFastify()
    other.decorateRequest('session')
    other.register(session, { manager })
    await expect(other.ready()).rejects.toThrow('register @kvsession/fastify once, on the outermost instance')
  })

  it.each([
    ['a missing secret', { store: createMemoryStore() }, 'SECRET_MISSING'],
    ['an unknown option beside a manager', { manager: createSite().manager, secret }, 'OPTION_UNKNOWN'],
    ['a manager that is none', { manager: 'none' }, 'OPTION_INVALID']
  ])('The plugin refuses %s when the application starts', async (_, options, code) => {
    const fastify = createFastify()
    fastify.register((instance, _options, done) => Reflect.apply(session, undefined, [instance, options, done]))
    await expect(fastify.ready()).rejects.toMatchObject({ name: 'SessionError', code })
  })

  it('The plugin does not touch the session of a passive request', async () => {
    const { store, manager } = createSite({ touchInterval: 1 })
    const fastify = createFastify()
    fastify.register(session, { manager, passive: (request) => request.url === '/read' })
    fastify.get('/start', async (request) => {
      request.session.views = 1
      return 'ok'
    })
    fastify.get('/read', async (request) => request.session)
    const first = await fastify.inject({ url: '/start', headers: { host: 'localhost' } })
    const cookie = cookiesOf(first)[0] ?? ''
    expect((await fastify.inject({ url: '/read', headers: { host: 'localhost', cookie } })).json()).toEqual({
      views: 1
    })
    expect(store.operations.map(({ method }) => method)).toEqual(['compareAndSet', 'get'])
  })

  it('The plugin sets a Secure cookie on localhost too if the connection is encrypted', async () => {
    const { manager } = createSite()
    const fastify = createFastify()
    fastify.addHook('onRequest', async ({ raw }) => {
      Object.assign(raw.socket, { encrypted: true })
    })
    fastify.register(session, { manager })
    fastify.get('/', async (request) => {
      request.session.views = 1
      return request.protocol
    })
    const response = await fastify.inject({ url: '/', headers: { host: 'localhost' } })
    expect(response.body).toBe('https')
    expect(String(response.headers['set-cookie'])).toMatch(/^__Host-sid=.*; Secure/)
  })

  it('The plugin adds no header to a response whose session was not used', async () => {
    const site = createSite()
    site.fastify.get('/untouched', async () => 'ok')
    await site.get('/start')
    const { headers } = await site.get('/untouched')
    expect(headers).not.toHaveProperty('vary')
    expect(headers).not.toHaveProperty('set-cookie')
  })
})

describe('error response', () => {
  it('An error response carries the cookie of a login, whichever error handler responds', async () => {
    const site = createSite()
    site.fastify.get('/default', async (request) => {
      await getSession(request).login('alice')
      throw new TypeError('the handler failed')
    })
    site.fastify.register((child, _options, done) => {
      child.get('/own', async (request) => {
        await getSession(request).login('bob')
        throw new TypeError('the handler failed')
      })
      child.setErrorHandler((_error, _request, reply) => reply.code(409).send({ own: true }))
      done()
    })
    for (const [path, status] of [
      ['/default', 500],
      ['/own', 409]
    ] as const) {
      const response = await site.get(path)
      expect([response.statusCode, cookiesOf(response).length]).toEqual([status, 1])
    }
  })

  it('An error response carries the cookie when the error handler throws too, and Fastify responds without hooks', async () => {
    const site = createSite()
    site.fastify.setErrorHandler(() => {
      throw new TypeError('the error handler failed')
    })
    site.fastify.get('/fail', async (request) => {
      await getSession(request).login('alice')
      throw new TypeError('the handler failed')
    })
    site.fastify.get('/unserializable', async (request) => {
      await getSession(request).login('alice')
      request.session.task = () => undefined
      return 'page'
    })
    for (const path of ['/fail', '/unserializable']) expect(cookiesOf(await site.get(path))).toHaveLength(1)
  })

  it('An error response carries the cookie when its commit fails, and Fastify responds without hooks', async () => {
    const site = createSite()
    site.fastify.get('/both', async (request) => {
      await getSession(request).login('alice')
      request.session.task = () => undefined
      throw new TypeError('the handler failed')
    })
    const response = await site.get('/both')
    expect([response.statusCode, cookiesOf(response).length]).toEqual([500, 1])
  })

  it('The error response to a route that is not found carries the cookie', async () => {
    const site = createSite()
    site.fastify.setNotFoundHandler(async (request, reply) => {
      request.session.lost = true
      return reply.code(404).send('nothing here')
    })
    const response = await site.get('/nowhere')
    expect([response.statusCode, cookiesOf(response).length]).toEqual([404, 1])
  })

  it('An error response stores nothing with commitOnError: false, whether a hook throws or a handler responds with 500', async () => {
    const site = createSite({ commitOnError: false })
    site.fastify.get('/thrown', {
      handler: async () => 'ok',
      preHandler: async (request) => {
        request.session.views = 1
        throw Object.assign(new TypeError('the hook failed'), { statusCode: 418 })
      }
    })
    site.fastify.get('/sent', async (request, reply) => {
      request.session.views = 1
      return reply.code(500).send('sorry')
    })
    site.fastify.get('/response', async (request) => {
      request.session.views = 1
      return new Response('sorry', { status: 500 })
    })
    expect((await site.get('/thrown')).statusCode).toBe(418)
    expect((await site.get('/sent')).statusCode).toBe(500)
    expect((await site.get('/response')).statusCode).toBe(500)
    expect(site.store.count()).toBe(0)
  })
})

describe('failed commit', () => {
  it('A commit that fails replaces a redirect by a 503 without its headers', async () => {
    const site = createSite()
    site.fastify.get('/redirect', async (request, reply) => {
      request.session.views = 1
      return reply.header('refresh', '0; url=/paid').header('x-own', 'kept').redirect('/paid')
    })
    site.store.fail('compareAndSet')
    const { statusCode, headers } = await site.get('/redirect')
    expect(statusCode).toBe(503)
    expect([headers.location, headers.refresh, headers['x-own']]).toEqual([undefined, undefined, 'kept'])
    expect(headers).not.toHaveProperty('set-cookie')
  })

  it("A commit that fails is passed once to the application's error handler", async () => {
    const site = createSite()
    const codes: string[] = []
    site.fastify.setErrorHandler((error, _request, reply) => {
      codes.push(isSessionError(error) ? error.code : 'other')
      return reply.send('own page')
    })
    site.store.fail('compareAndSet')
    const response = await site.get('/start')
    expect([response.statusCode, response.body]).toEqual([503, 'own page'])
    expect(codes).toEqual(['STORE_UNAVAILABLE'])
  })

  it('A commit that fails closes the stream, of Node or of the web, that is not sent', async () => {
    const site = createSite()
    const stream = Readable.from(['one'])
    const closed = new Promise((resolve) => stream.once('close', () => resolve('closed')))
    site.fastify.get('/node', async (request, reply) => {
      request.session.views = 1
      return reply.send(stream)
    })
    let cancelled = 0
    const cancel = (): void => {
      cancelled++
    }
    site.fastify.get('/web', async (request, reply) => {
      request.session.views = 1
      return reply.send(new ReadableStream({ cancel }))
    })
    site.fastify.get('/response', async (request, reply) => {
      request.session.views = 1
      return reply.send(new Response(new ReadableStream({ cancel })))
    })
    site.store.fail('compareAndSet')
    for (const path of ['/node', '/web', '/response']) expect((await site.get(path)).statusCode).toBe(503)
    expect(await closed).toBe('closed')
    expect(cancelled).toBe(2)
  })
})

describe('stream', () => {
  it('Changes during a stream are stored when the response closes, beside those made before it', async () => {
    let saved = (): void => {}
    const site = createSite({ onEvent: (event) => event.type === 'saved' && saved() })
    site.fastify.get('/stream', async (request, reply) => {
      request.session.before = true
      async function* chunks(): AsyncGenerator<string> {
        yield 'one'
        request.session.during = true
      }
      return reply.send(Readable.from(chunks()))
    })
    await site.get('/start')
    let writes = 0
    const both = new Promise<void>((resolve) => {
      saved = () => ++writes === 2 && resolve()
    })
    expect((await site.get('/stream')).body).toBe('one')
    await both
    expect((await site.get('/read')).json()).toEqual({ started: true, before: true, during: true })
  })

  it('A stream of a response of status 500 stores nothing with commitOnError: false', async () => {
    const site = createSite({ commitOnError: false })
    site.fastify.get('/stream', async (request, reply) => {
      request.session.before = true
      return reply.code(500).send(Readable.from(['one']))
    })
    await site.get('/start')
    await site.get('/stream')
    expect((await site.get('/read')).json()).toEqual({ started: true })
    expect(site.store.count('compareAndSet')).toBe(1)
  })
})

describe('payload', () => {
  it('The payload is that of the onSend hooks before and after the plugin', async () => {
    const { manager } = createSite()
    const fastify = createFastify()
    fastify.addHook('onSend', async (_request, _reply, payload) => `${payload} before`)
    fastify.register(session, { manager })
    fastify.register((child, _options, done) => {
      child.addHook('onSend', async (_request, _reply, payload) => `${payload} after`)
      child.get('/', async (request) => {
        request.session.views = 1
        return 'page'
      })
      done()
    })
    const response = await fastify.inject({ url: '/', headers: { host: 'localhost' } })
    expect(response.body).toBe('page before after')
    expect(cookiesOf(response)).toHaveLength(1)
  })

  it('The payload may be a Response, whose headers are kept beside those of the plugin', async () => {
    const site = createSite()
    const shared = new Response('page', {
      status: 201,
      headers: { 'Cache-Control': 'public', Vary: 'Origin', 'Set-Cookie': 'own=1' }
    })
    site.fastify.get('/response', async (request) => {
      request.session.views = 1
      return shared
    })
    const { statusCode, headers, body } = await site.get('/response')
    expect([statusCode, body]).toEqual([201, 'page'])
    expect([headers['cache-control'], headers.vary]).toEqual(['no-store', 'Origin, Cookie'])
    expect([headers['set-cookie']].flat().map((cookie) => cookie?.split('=')[0])).toEqual(['own', 'sid'])
    expect(shared.headers.getSetCookie()).toEqual(['own=1'])
    expect(site.events).toContainEqual({ type: 'cacheControlTightened', was: 'public' })
  })

  it('The payload may be a stream that fails before its first byte: the error response carries one cookie', async () => {
    const site = createSite()
    site.fastify.get('/stream', async (request, reply) => {
      await getSession(request).login('alice')
      const fail = (): never => {
        throw new TypeError('no such file')
      }
      return reply.send(new Readable({ read: fail }))
    })
    const response = await site.get('/stream')
    expect([response.statusCode, cookiesOf(response).length]).toEqual([500, 1])
  })

  it('A change that an onSend hook makes after the commit and does not save raises an event', async () => {
    let report = (_: unknown): void => {}
    const dropped = new Promise((resolve) => {
      report = resolve
    })
    const site = createSite({
      storeTimeout: '5ms',
      onEvent: (event) => event.type === 'dropped' && report(event.reason)
    })
    site.fastify.register((child, _options, done) => {
      child.addHook('onSend', async (request) => {
        request.session.late = true
      })
      child.get('/late', async () => 'ok')
      done()
    })
    await site.get('/start')
    await site.get('/late')
    expect(await dropped).toBe('late')
  })
})

it('A manager of another type of data is accepted', async () => {
  const manager = createSessionManager<{ n: number }>({ store: createMemoryStore(), secret })
  const fastify = createFastify()
  fastify.register(session, { manager })
  fastify.get('/', async (request) => String(getSession<{ n: number }>(request).data.n))
  expect((await fastify.inject('/')).body).toBe('undefined')
})

describe('A hook that responds without returning the reply', () => {
  it('A guard that redirects keeps the handler from running while the session is stored', async () => {
    const { fastify, store, get } = createSite()
    const ran: string[] = []
    async function guard(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      request.session.started = true
      reply.redirect('/login-form')
    }
    fastify.get('/account', { preHandler: guard }, async () => {
      ran.push('handler')
      return 'secret'
    })
    const write = store.hold('compareAndSet')
    const answer = get('/account')
    await write.reached
    write.release()
    const { statusCode, headers, body } = await answer
    expect([statusCode, headers.location, headers['content-type'], body]).toEqual([302, '/login-form', undefined, ''])
    expect(ran).toEqual([])
  })

  it('The error handler responds when the session of a redirect cannot be stored', async () => {
    const { fastify, store, get } = createSite()
    fastify.setErrorHandler((_error, _request, reply) => reply.code(reply.sent ? 500 : 503).send('try again later'))
    async function guard(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      request.session.started = true
      reply.redirect('/login-form')
    }
    fastify.get('/account', { preHandler: guard }, async () => 'secret')
    store.fail('compareAndSet')
    const { statusCode, headers, body } = await get('/account')
    expect([statusCode, headers.location, body]).toEqual([503, undefined, 'try again later'])
  })

  it('An error response replaces one that a later onSend hook refuses', async () => {
    const { fastify, get } = createSite()
    fastify.addHook('onSend', async (request) => {
      if (request.url === '/account') throw new Error('refused')
    })
    fastify.get('/account', async (request) => {
      request.session.started = true
      return 'secret'
    })
    const { statusCode, body } = await get('/account')
    expect([statusCode, JSON.parse(body).message]).toEqual([500, 'refused'])
  })

  it('An awaited reply ends with the response', async () => {
    const { fastify, store, get } = createSite()
    const order: string[] = []
    fastify.get('/account', async (request, reply) => {
      request.session.started = true
      reply.send('secret')
      await reply
      order.push('awaited')
    })
    const write = store.hold('compareAndSet')
    const answer = get('/account')
    await write.reached
    order.push('stored')
    write.release()
    expect((await answer).body).toBe('secret')
    expect(order).toEqual(['stored', 'awaited'])
  })
})
