import { createMemoryStore, isSessionError } from '@kvsession/core'
import {
  type CookieJarClient,
  createCookieJarClient,
  createGate,
  createRecordingStore,
  type RecordingStore
} from '@kvsession/testkit'
import Koa from 'koa'
import Koa2 from 'koa-2'
import { afterEach, describe, expect, it } from 'vitest'
import { getSession, type SessionOptions, session } from '../src/index.ts'
import { serve } from './koa-app.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Site {
  readonly url: string
  readonly browser: CookieJarClient
  readonly store: RecordingStore
  /** The errors that Koa reported through its `error` event. */
  readonly reported: readonly unknown[]
}

async function serveWith(app: Koa, handler: Koa.Middleware, options: Partial<SessionOptions> = {}): Promise<Site> {
  const store = createRecordingStore(createMemoryStore())
  const reported: unknown[] = []
  app.on('error', (error) => reported.push(error))
  app.use(session({ store, secret: 'a secret for tests that is long enough', ...options }))
  app.use(handler)
  const { url, close } = await serve(app)
  closing.push(close)
  return { url, browser: createCookieJarClient(url), store, reported }
}

it('A request that passive selects does not touch the session', async () => {
  const passive = (ctx: { readonly path: string }): boolean => ctx.path === '/poll'
  const { browser, store } = await serveWith(
    new Koa(),
    async (ctx) => {
      ctx.session.n ??= 1
      ctx.body = 'seen'
    },
    { touchInterval: 1, passive }
  )
  await browser.get('/')
  await browser.get('/poll')
  expect(store.operations.map(({ method }) => method)).toEqual(['compareAndSet', 'get'])
})

for (const [name, create] of [
  ['koa 3', () => new Koa()],
  ['koa 2', () => new Koa2()]
] as const) {
  describe(`Error responses of ${name}`, () => {
    it('An error response never carries the cookie of another visitor with the same error object', async () => {
      const shared = Object.assign(new Error('not for you'), { status: 403, headers: { 'X-Own': 'yes' } })
      const { url, browser, reported } = await serveWith(create(), async (ctx) => {
        if (ctx.path === '/login') await getSession(ctx).login('alice')
        throw shared
      })
      const alice = await browser.get('/login')
      expect(alice.setCookies).toHaveLength(1)
      expect(alice.headers['x-own']).toBe('yes')
      const bob = await createCookieJarClient(url).get('/')
      expect(bob.status).toBe(403)
      expect(bob.setCookies).toEqual([])
      expect(bob.headers['x-own']).toBe('yes')
      expect(Object.keys(shared.headers)).toEqual(['X-Own'])
      expect(reported[0]).toBe(shared)
    })

    it('A cookie never stays on an error object that had no headers', async () => {
      const shared = Object.assign(new Error('not for you'), { status: 403 })
      const { url, browser } = await serveWith(create(), async (ctx) => {
        if (ctx.path === '/login') await getSession(ctx).login('alice')
        throw shared
      })
      expect((await browser.get('/login')).setCookies).toHaveLength(1)
      expect((await createCookieJarClient(url).get('/')).setCookies).toEqual([])
      expect(Reflect.ownKeys(shared)).not.toContain('headers')
    })

    it('An error response carries the cookie although the thrown value is not an Error', async () => {
      const { browser } = await serveWith(create(), async (ctx) => {
        await getSession(ctx).login('alice')
        throw { status: 400 }
      })
      const answer = await browser.get('/')
      expect(answer.status).toBe(500)
      expect(answer.setCookies).toHaveLength(1)
    })

    it('An error response carries the cookie if an earlier middleware throws after the session', async () => {
      const app = create()
      app.use(async (_, next) => {
        await next()
        throw new Error('too late')
      })
      const { browser } = await serveWith(app, async (ctx) => {
        await getSession(ctx).login('alice')
        ctx.status = 204
      })
      const answer = await browser.get('/')
      expect(answer.status).toBe(500)
      expect(answer.setCookies).toHaveLength(1)
    })

    it("An error response of the application's own handler carries the cookie, and the handler gets the original error", async () => {
      const app = create()
      const thrown = new Error('mine')
      let seen: unknown
      app.use(async (ctx, next) => {
        try {
          await next()
        } catch (error) {
          seen = error
          ctx.status = 409
          ctx.body = 'handled'
        }
      })
      const { browser } = await serveWith(app, async (ctx) => {
        await getSession(ctx).login('alice')
        throw thrown
      })
      const answer = await browser.get('/')
      expect([answer.status, answer.body]).toEqual([409, 'handled'])
      expect(answer.setCookies).toHaveLength(1)
      expect(seen).toBe(thrown)
    })

    it("A store failure during a handler error is reported, and the handler's error is sent", async () => {
      const { browser, store, reported } = await serveWith(create(), (ctx) => {
        getSession(ctx).data.n = 1
        ctx.throw(418)
      })
      store.fail('compareAndSet')
      expect((await browser.get('/')).status).toBe(418)
      expect(reported.some((error) => isSessionError(error) && error.code === 'STORE_UNAVAILABLE')).toBe(true)
    })
  })
}

describe('session() for Koa', () => {
  it('A failed read is reported and sent as a 503 without the reason', async () => {
    let runs = 0
    const { browser, store, reported } = await serveWith(new Koa(), (ctx) => {
      runs++
      getSession(ctx).data.n = 1
      ctx.status = 204
    })
    await browser.get('/')
    store.fail('get')
    const answer = await browser.get('/')
    expect([answer.status, answer.body, runs]).toEqual([503, 'Service Unavailable', 1])
    expect(reported).toEqual([expect.objectContaining({ code: 'STORE_UNAVAILABLE', status: 503 })])
  })

  it('An untouched session is not decoded', async () => {
    let decoded = 0
    const { browser } = await serveWith(
      new Koa(),
      (ctx) => {
        if (ctx.path === '/set') ctx.session = { a: 1 }
        if (ctx.path === '/read') ctx.body = ctx.session?.a
        ctx.status = 200
      },
      {
        serializer: {
          serialize: (data) => JSON.stringify(data),
          deserialize: (json) => {
            decoded++
            return JSON.parse(json)
          }
        }
      }
    )
    await browser.get('/set')
    decoded = 0
    await browser.get('/untouched')
    expect(decoded).toBe(0)
    await browser.get('/read')
    expect(decoded).toBe(1)
  })

  it('With ctx.respond = false, a handler that writes later still sends the cookie', async () => {
    const { browser } = await serveWith(new Koa(), (ctx) => {
      ctx.respond = false
      ctx.session = { a: 1 }
      setImmediate(() => ctx.res.end('on its own'))
    })
    expect((await browser.get('/')).body).toBe('on its own')
    expect(browser.jar.names).toEqual(['sid'])
  })

  it('With ctx.respond = false, an existing session is stored although its handler has already responded', async () => {
    const { browser } = await serveWith(new Koa(), (ctx) => {
      if (ctx.path === '/read') {
        ctx.body = JSON.stringify(ctx.session)
        return
      }
      if (ctx.path === '/raw') {
        ctx.respond = false
        ctx.res.end('raw')
      }
      if (ctx.session) ctx.session[ctx.path.slice(1)] = true
      if (ctx.path === '/set') ctx.status = 204
    })
    await browser.get('/set')
    await browser.get('/raw')
    expect((await browser.get('/read')).body).toBe('{"set":true,"raw":true}')
  })

  it('With ctx.respond = false, a new session whose handler has already responded fails with HEADERS_SENT and is not stored', async () => {
    const failed = createGate()
    const app = new Koa()
    app.on('error', failed.open)
    const { browser, store, reported } = await serveWith(app, (ctx) => {
      ctx.respond = false
      ctx.res.end('raw')
      ctx.session = { a: 1 }
    })
    expect((await browser.get('/')).status).toBe(404)
    await failed.passed
    expect(reported).toEqual([expect.objectContaining({ code: 'HEADERS_SENT' })])
    expect(store.count()).toBe(0)
  })

  it.each([
    ['a web stream', (stream: ReadableStream) => stream],
    ['a Response', (stream: ReadableStream) => new Response(stream)]
  ] as const)('Changes made while %s is sent are stored', async (_, bodyOf) => {
    const { browser, store } = await serveWith(new Koa(), (ctx) => {
      ctx.status = 200
      if (ctx.path === '/set') ctx.session = { a: 1 }
      if (ctx.path === '/read') ctx.body = JSON.stringify(ctx.session)
      if (ctx.path !== '/stream') return
      const pull = (controller: ReadableStreamDefaultController): void => {
        if (ctx.session) ctx.session.late = true
        controller.close()
      }
      ctx.body = bodyOf(new ReadableStream({ pull }, { highWaterMark: 0 }))
    })
    await browser.get('/set')
    const write = store.hold('compareAndSet')
    await browser.get('/stream')
    await write.reached
    write.release()
    expect((await browser.get('/read')).body).toBe('{"a":1,"late":true}')
  })

  it('A body of null behaves as in Koa, and errors without a cookie are unchanged', async () => {
    const app = new Koa()
    const replaced: boolean[] = []
    app.use(async (ctx, next) => {
      await next()
      replaced.push(Object.hasOwn(ctx, 'onerror'))
    })
    const { browser } = await serveWith(app, (ctx) => {
      if (ctx.path === '/set') ctx.session = { a: 1 }
      ctx.body = getSession(ctx).isNew ? null : 'not new'
    })
    const looked = await browser.get('/look')
    expect([looked.status, looked.headers.vary]).toEqual([204, 'Cookie'])
    expect((await browser.get('/set')).setCookies).toHaveLength(1)
    expect(replaced).toEqual([false, true])
  })

  it('A late change that cannot be stored is reported', async () => {
    const failed = createGate()
    const app = new Koa()
    app.on('error', failed.open)
    const { browser, store, reported } = await serveWith(app, (ctx) => {
      if (ctx.path === '/set') {
        ctx.session = { a: 1 }
        ctx.status = 204
        return
      }
      ctx.respond = false
      setImmediate(() => {
        if (ctx.session) ctx.session.late = true
        store.fail('compareAndSet')
        ctx.res.end('late')
      })
    })
    await browser.get('/set')
    await browser.get('/late')
    await failed.passed
    expect(reported).toEqual([expect.objectContaining({ code: 'STORE_UNAVAILABLE' })])
  })

  it('Another copy of this package, or another library, can redefine ctx.session later', async () => {
    const app = new Koa()
    const { browser } = await serveWith(app, (ctx) => {
      ctx.body = String(ctx.session)
    })
    await browser.get('/')
    Object.defineProperty(app.context, 'session', { value: 'theirs' })
    expect((await browser.get('/')).body).toBe('theirs')
  })

  it("session() accepts a manager's options, and wrong options throw immediately", () => {
    expect(() => session({ store: createMemoryStore(), secret: '' })).toThrow(
      expect.objectContaining({ code: 'SECRET_MISSING' })
    )
    const { secret: _, ...options } = { store: createMemoryStore(), secret: '', key: 'koa.sess' }
    expect(() => session({ ...options, secret: 'a secret for tests that is long enough' })).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN', message: expect.stringContaining('cookie.name') })
    )
  })
})
