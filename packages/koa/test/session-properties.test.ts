import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { createMemoryStore, createSessionManager, isSessionError, type SessionManagerOptions } from '@kvsession/core'
import {
  type CookieJarClient,
  createCookieJarClient,
  createRecordingStore,
  type RecordingStore
} from '@kvsession/testkit'
import Koa from 'koa'
import Koa2 from 'koa-2'
import { afterEach, describe, expect, it } from 'vitest'
import { getSession, session } from '../src/index.ts'
import { serve } from './koa-app.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Handler = (ctx: Koa.Context) => unknown

async function serveRoutes(
  routes: Readonly<Record<string, Handler>>,
  options: Partial<SessionManagerOptions> = {},
  app: Koa = new Koa()
): Promise<{ browser: CookieJarClient; store: RecordingStore }> {
  const store = createRecordingStore(createMemoryStore())
  app.silent = true
  app.use(session({ store, secret: 'a secret for tests that is long enough', ...options }))
  app.use((ctx) => routes[ctx.path]?.(ctx))
  const { url, close } = await serve(app)
  closing.push(close)
  return { browser: createCookieJarClient(url), store }
}

function codeOf(error: unknown): string {
  return isSessionError(error) ? error.code : String(error)
}

const read: Handler = (ctx) => {
  ctx.body = JSON.stringify(getSession(ctx).data)
}

for (const [name, create] of [
  ['koa 3', () => new Koa()],
  ['koa 2', () => new Koa2()]
] as const) {
  describe(`ctx.session on ${name}`, () => {
    it('ctx.session keeps and deletes plain and nested properties', async () => {
      const { browser } = await serveRoutes(
        {
          '/set': (ctx) => {
            if (ctx.session) Object.assign(ctx.session, { a: 1, b: { c: [1] }, gone: true })
            ctx.status = 204
          },
          '/change': (ctx) => {
            if (ctx.session) delete ctx.session.gone
            const { b } = getSession<{ b: { c: number[] } }>(ctx).data
            b.c.push(2)
            ctx.status = 204
          },
          '/read': read
        },
        {},
        create()
      )
      await browser.get('/set')
      await browser.get('/change')
      expect((await browser.get('/read')).body).toBe('{"a":1,"b":{"c":[1,2]}}')
    })
  })
}

describe('ctx.session', () => {
  it('Object.keys, for…in, spread and JSON show only the data of ctx.session', async () => {
    const { browser } = await serveRoutes({
      '/': (ctx) => {
        ctx.session = { a: 1, b: 2 }
        const shown = ctx.session ?? {}
        const inLoop: string[] = []
        for (const name in shown) inLoop.push(name)
        ctx.body = JSON.stringify([Object.keys(shown), inLoop, { ...shown }, shown, 'a' in shown])
      }
    })
    expect((await browser.get('/')).body).toBe('[["a","b"],["a","b"],{"a":1,"b":2},{"a":1,"b":2},true]')
  })

  it('A printed ctx.session shows its data, but no token and no secret', async () => {
    const { browser } = await serveRoutes({
      '/': async (ctx) => {
        ctx.session = { a: 1 }
        await ctx.session?.save()
        const shown = Object(ctx.session)[Symbol.for('nodejs.util.inspect.custom')]()
        ctx.body = inspect([ctx.session, getSession(ctx), shown], { depth: 9, showHidden: true })
      }
    })
    const { body } = await browser.get('/')
    expect(body).toContain('a: 1')
    expect(body).not.toContain(browser.jar.get('sid')?.slice(20) ?? 'no cookie')
  })

  it('ctx.session is undefined before the middleware, and null after null was assigned', async () => {
    const app = new Koa()
    let before: unknown = 'not asked'
    app.use((ctx, next) => {
      before = ctx.session
      expect(() => getSession(ctx)).toThrow(expect.objectContaining({ code: 'SESSION_MISSING' }))
      return next()
    })
    const { browser } = await serveRoutes(
      {
        '/': (ctx) => {
          ctx.session = null
          ctx.body = String(ctx.session)
        }
      },
      {},
      app
    )
    expect((await browser.get('/')).body).toBe('null')
    expect(before).toBeUndefined()
  })

  it('Reading or setting ctx.session before the middleware names the missing middleware, even for later requests', async () => {
    const app = new Koa()
    const outcomes: unknown[] = []
    app.use((ctx, next) => {
      if (ctx.path === '/early') {
        outcomes.push(ctx.session)
        for (const attempt of [() => Reflect.set(ctx, 'session', {}), () => getSession(ctx)]) {
          expect(attempt).toThrow(
            expect.objectContaining({ code: 'SESSION_MISSING', message: expect.stringContaining('app.use(session(') })
          )
          outcomes.push('refused')
        }
      }
      return next()
    })
    const { browser } = await serveRoutes({ '/early': read }, {}, app)
    await browser.get('/first')
    expect((await browser.get('/early')).body).toBe('{}')
    expect(outcomes).toEqual([undefined, 'refused', 'refused'])
  })

  it('ctx.session = null destroys the session and clears the cookie', async () => {
    const { browser } = await serveRoutes({
      '/set': (ctx) => {
        ctx.session = { a: 1 }
        ctx.status = 204
      },
      '/end': (ctx) => {
        ctx.session = null
        ctx.status = 204
      },
      '/read': read
    })
    await browser.get('/set')
    const cookie = `sid=${browser.jar.get('sid')}`
    await browser.get('/end')
    expect(browser.jar.names).toEqual([])
    expect((await browser.get('/read', { cookie })).body).toBe('{}')
  })

  it('ctx.session = null costs no store operation for a visitor without a session', async () => {
    const { browser, store } = await serveRoutes({
      '/end': (ctx) => {
        ctx.session = null
        ctx.status = 204
      }
    })
    expect((await browser.get('/end')).setCookies).toEqual([])
    expect(store.count()).toBe(0)
  })

  it('ctx.session = null followed by an error destroys the session and clears the cookie', async () => {
    const { browser } = await serveRoutes({
      '/set': (ctx) => {
        ctx.session = { a: 1 }
        ctx.status = 204
      },
      '/end': (ctx) => {
        ctx.session = null
        ctx.throw(409)
      }
    })
    await browser.get('/set')
    expect((await browser.get('/end')).status).toBe(409)
    expect(browser.jar.names).toEqual([])
  })

  it('ctx.session = null followed by an object starts a new session with a new token and no user', async () => {
    const { browser } = await serveRoutes({
      '/login': async (ctx) => {
        await getSession(ctx).login('alice')
        ctx.session = { a: 1 }
        ctx.status = 204
      },
      '/restart': (ctx) => {
        ctx.session = null
        ctx.session = { b: 2 }
        ctx.body = JSON.stringify(ctx.session)
      },
      '/read': (ctx) => {
        ctx.body = JSON.stringify([getSession(ctx).data, getSession(ctx).userId ?? null])
      }
    })
    await browser.get('/login')
    const cookie = `sid=${browser.jar.get('sid')}`
    expect((await browser.get('/restart')).body).toBe('{"b":2}')
    expect((await browser.get('/read')).body).toBe('[{"b":2},null]')
    expect((await browser.get('/read', { cookie })).body).toBe('[{},null]')
  })

  it('ctx.session = null followed by an object starts only one new session, even before a stream', async () => {
    const app = new Koa()
    const reported: unknown[] = []
    app.on('error', (error) => reported.push(error))
    const { browser, store } = await serveRoutes(
      {
        '/restart': (ctx) => {
          ctx.session = null
          ctx.session = { b: 2 }
          ctx.body = Readable.from(['text'])
        },
        '/read': read
      },
      {},
      app
    )
    await browser.get('/restart')
    const writes = store.count('compareAndSet')
    expect((await browser.get('/read')).body).toBe('{"b":2}')
    expect([store.count('compareAndSet'), reported]).toEqual([writes, []])
  })

  it('Assigning an object replaces the data with a copy and keeps the token', async () => {
    const shared = { a: 1 }
    const { browser } = await serveRoutes({
      '/set': (ctx) => {
        ctx.session = { old: true }
        ctx.status = 204
      },
      '/replace': (ctx) => {
        ctx.session = shared
        if (ctx.session) ctx.session.own = true
        ctx.status = 204
      },
      '/read': read
    })
    await browser.get('/set')
    expect((await browser.get('/replace')).setCookies).toEqual([])
    expect((await browser.get('/read')).body).toBe('{"a":1,"own":true}')
    expect(shared).toEqual({ a: 1 })
  })

  it.each([undefined, 'text', 1, []])('ctx.session cannot be set to %j', async (value) => {
    let thrown: unknown
    const { browser } = await serveRoutes({
      '/': (ctx) => {
        try {
          Reflect.set(ctx, 'session', value)
        } catch (error) {
          thrown = error
        }
        ctx.status = 204
      }
    })
    await browser.get('/')
    expect(thrown).toMatchObject({ code: 'ARGUMENT_INVALID', message: expect.stringContaining('null or an object') })
  })

  it('isNew is true until the session is stored', async () => {
    const { browser } = await serveRoutes({
      '/': (ctx) => {
        const isNew = ctx.session?.isNew
        if (ctx.session) ctx.session.a = 1
        ctx.body = String(isNew)
      }
    })
    expect((await browser.get('/')).body).toBe('true')
    expect((await browser.get('/')).body).toBe('false')
  })

  it("maxAge is 'session' by default, and a number makes the cookie persistent", async () => {
    const { browser } = await serveRoutes({
      '/set': (ctx) => {
        if (ctx.session) Object.assign(ctx.session, { a: 1, maxAge: 3_600_000 })
        ctx.status = 204
      },
      '/forever': (ctx) => {
        getSession(ctx).permanent = true
        ctx.status = 204
      },
      '/end': (ctx) => {
        if (ctx.session) ctx.session.maxAge = 'session'
        ctx.status = 204
      },
      '/read': (ctx) => {
        ctx.body = JSON.stringify([ctx.session?.maxAge, ctx.session])
      }
    })
    expect((await browser.get('/read')).body).toBe('["session",{}]')
    expect((await browser.get('/set')).setCookies[0]).toContain('; Max-Age=3600;')
    expect((await browser.get('/read')).body).toBe('[3600000,{"a":1}]')
    await browser.get('/forever')
    expect((await browser.get('/read')).body).toBe('[2678400000,{"a":1}]')
    expect((await browser.get('/end')).setCookies[0]).not.toContain('Max-Age')
    expect((await browser.get('/read')).body).toBe('["session",{"a":1}]')
  })

  it.each([0, -1])('maxAge = %d ends the session at the end of the request and clears the cookie', async (maxAge) => {
    const { browser } = await serveRoutes({
      '/set': (ctx) => {
        ctx.session = { a: 1 }
        ctx.status = 204
      },
      '/logout': (ctx) => {
        ctx.session.maxAge = maxAge
        ctx.body = JSON.stringify([ctx.session.maxAge, ctx.session])
      },
      '/read': read
    })
    await browser.get('/set')
    const cookie = `sid=${browser.jar.get('sid')}`
    expect((await browser.get('/logout')).body).toBe('[0,{"a":1}]')
    expect(browser.jar.names).toEqual([])
    expect((await browser.get('/read', { cookie })).body).toBe('{}')
  })

  it('Assigning an object with maxAge sets the lifetime and the data, and maxAge: 0 ends the session', async () => {
    const { browser } = await serveRoutes({
      '/set': (ctx) => {
        ctx.session = { a: 1, maxAge: 60_000 }
        ctx.body = JSON.stringify([ctx.session.maxAge, ctx.session])
      },
      '/logout': (ctx) => {
        ctx.session = { maxAge: 0 }
        ctx.status = 204
      },
      '/read': read
    })
    const set = await browser.get('/set')
    expect(set.body).toBe('[60000,{"a":1}]')
    expect(set.setCookies[0]).toContain('; Max-Age=60;')
    await browser.get('/logout')
    expect(browser.jar.names).toEqual([])
  })

  it('save() stores immediately, and regenerate() replaces the token and keeps the data', async () => {
    const { browser, store } = await serveRoutes({
      '/save': async (ctx) => {
        if (ctx.session) ctx.session.a = 1
        const stored = await ctx.session?.save()
        ctx.body = JSON.stringify([stored, store.count('compareAndSet')])
      },
      '/regenerate': async (ctx) => {
        await ctx.session?.regenerate()
        ctx.body = JSON.stringify(ctx.session)
      },
      '/read': read
    })
    expect((await browser.get('/save')).body).toBe('[true,1]')
    const cookie = `sid=${browser.jar.get('sid')}`
    expect((await browser.get('/regenerate')).body).toBe('{"a":1}')
    expect((await browser.get('/read')).body).toBe('{"a":1}')
    expect((await browser.get('/read', { cookie })).body).toBe('{}')
  })

  it('save(callback) and regenerate(callback) call back once, after the store has confirmed', async () => {
    const { browser } = await serveRoutes({
      '/save': async (ctx) => {
        ctx.session.a = 1
        const answer = await new Promise((resolve) => {
          const returned: unknown = ctx.session.save((...args) => resolve([args, returned === undefined]))
        })
        ctx.body = JSON.stringify(answer)
      },
      '/regenerate': async (ctx) => {
        const before = getSession(ctx).tokenId
        const args = await new Promise((resolve) => ctx.session.regenerate((...given) => resolve(given)))
        ctx.body = JSON.stringify([args, getSession(ctx).tokenId === before, ctx.session])
      }
    })
    expect((await browser.get('/save')).body).toBe('[[],true]')
    expect((await browser.get('/regenerate')).body).toBe('[[],false,{"a":1}]')
  })

  it('save(callback) and regenerate(callback) pass a store error to the callback', async () => {
    const { browser, store } = await serveRoutes({
      '/set': (ctx) => {
        ctx.session.a = 1
        ctx.status = 204
      },
      '/save': async (ctx) => {
        ctx.session.a = 2
        ctx.body = codeOf(await new Promise((resolve) => ctx.session.save(resolve)))
        ctx.session.a = 1
      },
      '/regenerate': async (ctx) => {
        ctx.body = codeOf(await new Promise((resolve) => ctx.session.regenerate(resolve)))
      }
    })
    await browser.get('/set')
    store.fail('compareAndSet')
    expect((await browser.get('/save')).body).toBe('STORE_UNAVAILABLE')
    expect((await browser.get('/regenerate')).body).toBe('STORE_UNAVAILABLE')
  })

  it('A failed regenerate with a callback without a parameter fails the response', async () => {
    const { browser, store } = await serveRoutes({
      '/set': (ctx) => {
        ctx.session.a = 1
        ctx.status = 204
      },
      '/regenerate': async (ctx) => {
        await new Promise<void>((resolve) => ctx.session.regenerate(() => resolve()))
        ctx.body = 'logged out'
      }
    })
    await browser.get('/set')
    store.fail('compareAndSet')
    expect((await browser.get('/regenerate')).status).toBe(503)
  })

  it.each(['isNew', 'save', 'regenerate', 'toJSON'])(
    'Data named %s is refused, and stored data of that name is kept',
    async (name) => {
      const thrown: unknown[] = []
      const attempt = (task: () => unknown): void => {
        try {
          task()
        } catch (error) {
          thrown.push(error)
        }
      }
      const { browser } = await serveRoutes({
        '/store': (ctx) => {
          getSession(ctx).data[name] = 'stored'
          ctx.status = 204
        },
        '/assign': (ctx) => {
          const current = ctx.session
          attempt(() => current && Reflect.set(current, name, 1))
          attempt(() => current && Object.defineProperty(current, name, { value: 1 }))
          attempt(() => {
            ctx.session = { [name]: 1 }
          })
          if (current) current.other = true
          ctx.body = JSON.stringify([current, Reflect.ownKeys(current ?? {})])
        },
        '/read': read
      })
      await browser.get('/store')
      expect((await browser.get('/assign')).body).toBe('[{"other":true},["other"]]')
      const message = expect.stringContaining(`ctx.session.${name} is a member`)
      expect(thrown).toEqual(Array(3).fill(expect.objectContaining({ code: 'DATA_RESERVED_NAME', message })))
      expect(JSON.parse((await browser.get('/read')).body)).toEqual({ [name]: 'stored', other: true })
    }
  )

  it('Every other name is data: __proto__, constructor, length, then, _x', async () => {
    const names = ['__proto__', 'constructor', 'length', 'then', '_x', 'hasOwnProperty']
    const { browser } = await serveRoutes({
      '/set': (ctx) => {
        for (const name of names) if (ctx.session) ctx.session[name] = name
        ctx.body = JSON.stringify(names.map((name) => ctx.session?.[name]))
      },
      '/read': (ctx) => {
        ctx.body = JSON.stringify([Object.keys(ctx.session ?? {}), ({} as { polluted?: unknown }).polluted ?? null])
      }
    })
    expect(JSON.parse((await browser.get('/set')).body)).toEqual(names)
    expect(JSON.parse((await browser.get('/read')).body)).toEqual([names, null])
  })

  it('hasOwnProperty and toString work as on any object', async () => {
    const { browser } = await serveRoutes({
      '/': (ctx) => {
        ctx.session = { a: 1 }
        ctx.body = JSON.stringify([Object.hasOwn(ctx.session ?? {}, 'a'), String(ctx.session), `${ctx.session?.b}`])
      }
    })
    expect((await browser.get('/')).body).toBe('[true,"[object Object]","undefined"]')
  })

  it('ctx.session has only properties that were set, and refuses symbols', async () => {
    const { browser } = await serveRoutes({
      '/': (ctx) => {
        const shown = Object(ctx.session)
        shown.a = 1
        const refused = [Reflect.set(shown, Symbol('s'), 1), Object.getOwnPropertySymbols(getSession(ctx).data).length]
        ctx.body = JSON.stringify([
          ['a', 'save', 'none'].map((name) => [name in shown, Object.hasOwn(shown, name)]),
          Object.getOwnPropertyDescriptor(shown, 'a'),
          refused
        ])
      }
    })
    expect(JSON.parse((await browser.get('/')).body)).toEqual([
      [
        [true, true],
        [true, false],
        [false, false]
      ],
      { value: 1, writable: true, enumerable: true, configurable: true },
      [false, 0]
    ])
  })

  it('Properties of ctx.session can be changed and deleted through getSession(ctx).data in the same request', async () => {
    const { browser } = await serveRoutes({
      '/': (ctx) => {
        Object.assign(Object(ctx.session), { a: 1, b: 1 })
        const { data } = getSession(ctx)
        data.a = 2
        delete data.b
        ctx.body = JSON.stringify(ctx.session)
      }
    })
    expect((await browser.get('/')).body).toBe('{"a":2}')
  })

  it('ctx.session follows replaced and reloaded data', async () => {
    const { browser } = await serveRoutes({
      '/': async (ctx) => {
        const shown = ctx.session
        getSession(ctx).data = { replaced: true }
        const first = JSON.stringify(shown)
        await getSession(ctx).regenerate({ anonymous: true })
        ctx.body = JSON.stringify([first, shown])
      }
    })
    expect(JSON.parse((await browser.get('/')).body)).toEqual(['{"replaced":true}', {}])
  })

  it('A lazy ctx.session throws SESSION_NOT_LOADED until getSession(ctx).load()', async () => {
    let code = ''
    const { browser } = await serveRoutes(
      {
        '/set': async (ctx) => {
          await getSession(ctx).load()
          ctx.session = { a: 1 }
          ctx.status = 204
        },
        '/look': (ctx) => {
          try {
            ctx.body = ctx.session?.a
          } catch (error) {
            code = error instanceof Error && 'code' in error ? String(error.code) : ''
          }
          ctx.status = 204
        }
      },
      { lazy: true }
    )
    await browser.get('/set')
    await browser.get('/look')
    expect(code).toBe('SESSION_NOT_LOADED')
  })

  it('ctx.session belongs to one request, even with two managers in one application', async () => {
    const app = new Koa()
    app.silent = true
    const manager = createSessionManager({
      store: createMemoryStore(),
      secret: 'a secret for tests that is long enough',
      cookie: { name: 'outer' }
    })
    app.use(session(manager))
    app.use(async (ctx, next) => {
      getSession(ctx).data.outer = true
      await next()
    })
    const { browser } = await serveRoutes(
      {
        '/': (ctx) => {
          ctx.session = { inner: true }
          ctx.status = 204
        }
      },
      {},
      app
    )
    await browser.get('/')
    expect([...browser.jar.names].sort()).toEqual(['outer', 'sid'])
  })
})
