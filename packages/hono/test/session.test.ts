import {
  createMemoryStore,
  isSessionError,
  SessionError,
  type SessionEvent,
  type SessionManagerOptions
} from '@kvsession/core'
import { createRecordingStore, type RecordingStore } from '@kvsession/testkit'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { stream } from 'hono/streaming'
import { describe, expect, it, vi } from 'vitest'
import { type SessionOptions, type SessionVariables, session } from '../src/index.ts'

type App = Hono<{ Variables: SessionVariables }>

/** Requests without a server and without Node's API, as on any runtime. */
function createApp(options: Partial<SessionOptions> = {}): { app: App; store: RecordingStore } {
  const store = createRecordingStore(createMemoryStore())
  const app: App = new Hono()
  app.use(session({ store, secret: 'a secret for tests that is long enough', ...options }))
  app.get('/start', (c) => {
    c.var.session.data.started = true
    return c.text('started')
  })
  app.get('/read', (c) => c.json(c.var.session.data))
  return { app, store }
}

function cookieOf(response: Response): string {
  return (
    response.headers
      .getSetCookie()
      .find((line) => line.includes('sid='))
      ?.split(';')[0] ?? ''
  )
}

async function ask(app: App, path: string, cookie = ''): Promise<Response> {
  return app.request(path, { headers: { cookie, host: 'localhost' } })
}

describe('session() for Hono', () => {
  it('Host and encryption come from the URL if there is no Host header', async () => {
    const { app } = createApp()
    const local = await app.request('http://localhost/start')
    expect(local.headers.get('set-cookie')).toMatch(/^sid=[\w-]{76}; Path=\/; HttpOnly; SameSite=Lax$/)
    for (const url of ['https://localhost/start', 'https://shop.example/start']) {
      expect((await app.request(url)).headers.get('set-cookie')).toMatch(/^__Host-sid=.*; Secure;/)
    }
  })

  it('c.var.session is the core session, typed', async () => {
    const { app } = createApp()
    app.get('/login', async (c) => {
      await c.var.session.login('alice')
      return c.text(c.var.session.userId ?? '')
    })
    const first = await ask(app, '/login')
    expect(await first.text()).toBe('alice')
    expect(first.headers.getSetCookie()).toHaveLength(1)
  })

  it('A response with immutable headers gets our headers and keeps its body', async () => {
    const { app } = createApp()
    app.get('/redirect', (c) => {
      c.var.session.data.n = 1
      return Response.redirect('http://localhost/read')
    })
    app.get('/away', (c) => Response.redirect(`http://localhost/${c.var.session.isNew}`))
    app.get('/raw', (c) => {
      c.var.session.data.n = 1
      return new Response('raw', { status: 201, headers: { 'X-Own': 'yes', 'Set-Cookie': 'own=1' } })
    })
    // A response of the runtime itself, because libraries may replace `Response` with another class.
    app.get('/fetched', (c) => {
      c.header('X-New', String(c.var.session.isNew))
      return fetch('data:text/plain,fetched')
    })
    const redirect = await ask(app, '/redirect')
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, 'http://localhost/read'])
    expect(redirect.headers.getSetCookie()).toHaveLength(1)
    const away = await ask(app, '/away')
    expect([away.status, away.headers.get('location'), away.headers.get('vary')]).toEqual([
      302,
      'http://localhost/true',
      'Cookie'
    ])
    const fetched = await ask(app, '/fetched')
    expect([await fetched.text(), fetched.headers.get('vary')]).toEqual(['fetched', 'Cookie'])
    const raw = await ask(app, '/raw')
    expect([raw.status, raw.headers.get('x-own'), await raw.text()]).toEqual([201, 'yes', 'raw'])
    expect(raw.headers.getSetCookie().map((line) => line.split('=')[0])).toEqual(['own', 'sid'])
  })

  it('A cookie is never added to a Response object that several visitors get', async () => {
    const { app } = createApp()
    const shared = new Response(null, { status: 204 })
    app.get('/login', async (c) => {
      await c.var.session.login('alice')
      return shared
    })
    app.get('/shared', () => shared)
    expect((await ask(app, '/login')).headers.getSetCookie()).toHaveLength(1)
    expect((await ask(app, '/shared')).headers.getSetCookie()).toEqual([])
    expect(shared.headers.getSetCookie()).toEqual([])
  })

  it("A handler's Response object is passed on unchanged if there is no cookie to add", async () => {
    const own = new Response('own')
    let sent: unknown
    const app: App = new Hono()
    app.use(async (c, next) => {
      await next()
      sent = c.res
    })
    app.use(session({ store: createMemoryStore(), secret: 'a secret for tests that is long enough' }))
    app.get('/own', (c) => (c.var.session.isNew ? own : c.text('not new')))
    expect((await ask(app, '/own')).headers.get('vary')).toBe('Cookie')
    expect(sent).toBe(own)
  })

  it('An HTTPException carries the cookie, even with its own response', async () => {
    const { app } = createApp()
    app.get('/message', async (c) => {
      await c.var.session.login('alice')
      throw new HTTPException(401, { message: 'no' })
    })
    app.get('/response', async (c) => {
      await c.var.session.login('alice')
      throw new HTTPException(409, { res: new Response('mine', { status: 409, headers: { 'Set-Cookie': 'own=1' } }) })
    })
    const message = await ask(app, '/message')
    expect([message.status, await message.text()]).toEqual([401, 'no'])
    expect(message.headers.getSetCookie()).toHaveLength(1)
    const response = await ask(app, '/response')
    expect([response.status, await response.text()]).toEqual([409, 'mine'])
    expect(response.headers.getSetCookie().map((line) => line.split('=')[0])).toEqual(['own', 'sid'])
  })

  it('The response of a rethrown HTTPException never carries the cookie of another visitor', async () => {
    const { app } = createApp()
    const shared = new HTTPException(403, { res: new Response('no', { status: 403 }) })
    app.get('/login', async (c) => {
      await c.var.session.login('alice')
      throw shared
    })
    app.get('/fail', () => {
      throw shared
    })
    expect((await ask(app, '/login')).headers.getSetCookie()).toHaveLength(1)
    expect((await ask(app, '/fail')).headers.getSetCookie()).toEqual([])
  })

  it('Data is stored although the handler throws a value that is not an Error', async () => {
    const { app, store } = createApp()
    app.get('/throw', (c) => {
      c.var.session.data.n = 1
      throw 'text'
    })
    await expect(ask(app, '/throw')).rejects.toBe('text')
    expect(store.count('compareAndSet')).toBe(1)
  })

  it('A thrown value that is not an Error counts as a failure for commitOnError: false', async () => {
    const { app, store } = createApp({ commitOnError: false })
    app.get('/throw', (c) => {
      c.var.session.data.n = 1
      throw 'text'
    })
    await expect(ask(app, '/throw')).rejects.toBe('text')
    expect(store.count('compareAndSet')).toBe(0)
  })

  it('A failed read is a 503 by default, and onError can change the response', async () => {
    const { app, store } = createApp()
    const cookie = cookieOf(await ask(app, '/start'))
    store.fail('get')
    const answer = await ask(app, '/read', cookie)
    expect([answer.status, await answer.text()]).toEqual([503, 'Service Unavailable [STORE_UNAVAILABLE]\n'])
    expect(answer.headers.getSetCookie()).toEqual([])
    app.onError((error, c) => c.text(isSessionError(error) ? error.code : 'other', 500))
    expect(await (await ask(app, '/read', cookie)).text()).toBe('STORE_UNAVAILABLE')
  })

  describe('An application without onError', () => {
    it.each([
      ['a failed read', 'get', '/read', 503, 'Service Unavailable [STORE_UNAVAILABLE]\n'],
      ['a failed write', 'compareAndSet', '/start', 503, 'Service Unavailable [STORE_UNAVAILABLE]\n'],
      ['a login that the store refuses', 'compareAndSet', '/login', 503, 'Service Unavailable [STORE_UNAVAILABLE]\n'],
      [
        'an update that the store refuses',
        'compareAndSet',
        '/update',
        503,
        'Service Unavailable [STORE_UNAVAILABLE]\n'
      ],
      [
        'data that cannot be serialized',
        undefined,
        '/unserializable',
        500,
        'Internal Server Error [DATA_UNSERIALIZABLE]\n'
      ]
    ] as const)(
      'The response has the code, and the error is logged once, for %s',
      async (_what, failing, path, status, body) => {
        const logged = vi.spyOn(console, 'error').mockReturnValue()
        const events: SessionEvent[] = []
        const { app, store } = createApp({ onEvent: (event) => events.push(event) })
        app.get('/unserializable', (c) => {
          c.var.session.data.task = () => undefined
          return c.json({ page: true }, 201)
        })
        app.get('/login', async (c) => {
          await c.var.session.login('alice')
          return c.text('welcome')
        })
        app.get('/update', async (c) => {
          await c.var.session.update((data) => Object.assign(data, { n: 1 }))
          return c.text('counted')
        })
        const cookie = cookieOf(await ask(app, '/start'))
        if (failing !== undefined) store.fail(failing)
        const answer = await ask(app, path, path === '/read' ? cookie : '')
        expect([answer.status, await answer.text()]).toEqual([status, body])
        expect(answer.headers.get('content-type')).toBe('text/plain; charset=UTF-8')
        expect(logged.mock.calls).toEqual([[expect.objectContaining({ status, name: 'SessionError' })]])
        const code = /\[(\w+)\]/.exec(body)?.[1]
        expect(events).toContainEqual(expect.objectContaining({ code }))
        logged.mockRestore()
      }
    )

    it('An error that onError handles is not logged', async () => {
      const logged = vi.spyOn(console, 'error').mockReturnValue()
      const { app, store } = createApp()
      app.onError((_error, c) => c.text('mine', 500))
      store.fail('compareAndSet')
      expect(await (await ask(app, '/start')).text()).toBe('mine')
      expect(logged).not.toHaveBeenCalled()
      logged.mockRestore()
    })
  })

  it('Each visitor gets an error response although the store always rejects with the same object', async () => {
    const refusal = new SessionError('RECORD_TOO_LARGE', 'one object for all')
    const { app } = createApp({
      store: { ...createMemoryStore(), compareAndSet: () => Promise.reject(refusal) }
    })
    for (const _ of ['alice', 'bob']) {
      const answer = await ask(app, '/start')
      expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error [RECORD_TOO_LARGE]\n'])
    }
  })

  it('A callback option that fails at the commit is a 500', async () => {
    const { app } = createApp({
      serializer: {
        serialize: (data) => {
          if (JSON.stringify(data).includes('started')) throw new TypeError('no JSON')
          return JSON.stringify(data)
        },
        deserialize: (json) => JSON.parse(json)
      }
    })
    expect((await ask(app, '/start')).status).toBe(500)
  })

  it('A failed commit removes the headers that describe the response and keeps others', async () => {
    const { app, store } = createApp()
    app.use('/cors/*', cors({ origin: 'https://shop.example' }))
    app.get('/cors/download', (c) => {
      c.var.session.data.n = 1
      c.header('Content-Disposition', 'attachment')
      c.header('Cache-Control', 'public, max-age=600')
      c.header('ETag', '"1"')
      c.header('Location-Hint', 'kept')
      c.header('X-Location', 'kept')
      return c.json({ page: true })
    })
    store.fail('compareAndSet')
    const answer = await app.request('/cors/download', { headers: { origin: 'https://shop.example' } })
    expect([answer.status, await answer.text()]).toEqual([503, 'Service Unavailable [STORE_UNAVAILABLE]\n'])
    for (const name of ['content-disposition', 'etag', 'cache-control']) expect(answer.headers.get(name)).toBeNull()
    for (const name of ['location-hint', 'x-location']) expect(answer.headers.get(name)).toBe('kept')
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example')
  })

  it('An untouched session is not decoded and adds no header', async () => {
    let decoded = 0
    const { app } = createApp({
      serializer: {
        serialize: (data) => JSON.stringify(data),
        deserialize: (json) => {
          decoded++
          return JSON.parse(json)
        }
      }
    })
    app.get('/untouched', (c) => c.text('ok'))
    const cookie = cookieOf(await ask(app, '/start'))
    decoded = 0
    const answer = await ask(app, '/untouched', cookie)
    expect([...answer.headers.keys()]).toEqual(['content-type'])
    expect(decoded).toBe(0)
  })

  it('Unstored changes of a stream are reported', async () => {
    let tell = (_: unknown): void => {}
    const dropped = new Promise((resolve) => {
      tell = resolve
    })
    const onEvent: SessionManagerOptions['onEvent'] = (event) => event.type === 'dropped' && tell(event.reason)
    const { app } = createApp({ storeTimeout: '5ms', onEvent })
    app.get('/stream', (c) =>
      stream(c, async (output) => {
        await output.write('one')
        c.var.session.data.seen = true
        await output.write('two')
      })
    )
    const cookie = cookieOf(await ask(app, '/start'))
    expect(await (await ask(app, '/stream', cookie)).text()).toBe('onetwo')
    expect(await dropped).toBe('late')
  })

  it.each([
    ['store', createMemoryStore(), 'This is a store, not the options'],
    ['application', new Hono(), 'This is an application, not the options']
  ])('A %s in place of the options is named in the error', (_, source, message) => {
    expect(() => Reflect.apply(session, undefined, [source])).toThrow(message)
  })

  it('A request that passive selects does not touch the session', async () => {
    const { app, store } = createApp({ touchInterval: 1, passive: (c) => c.req.path === '/read' })
    const cookie = cookieOf(await ask(app, '/start'))
    await ask(app, '/read', cookie)
    expect(store.operations.map(({ method }) => method)).toEqual(['compareAndSet', 'get'])
  })

  it("Changes before Hono's stream helper writes are stored, and so are updates of the stream", async () => {
    const { app } = createApp()
    app.get('/stream', (c) => {
      c.var.session.data.before = true
      return stream(c, async (output) => {
        await output.write('one')
        await c.var.session.update((data) => {
          data.during = true
        })
        await output.write('two')
      })
    })
    const cookie = cookieOf(await ask(app, '/start'))
    expect(await (await ask(app, '/stream', cookie)).text()).toBe('onetwo')
    expect(await (await ask(app, '/read', cookie)).json()).toEqual({ started: true, before: true, during: true })
  })

  it('Wrong options throw immediately', () => {
    expect(() => createApp({ secret: '' })).toThrow(expect.objectContaining({ code: 'SECRET_MISSING' }))
  })
})
