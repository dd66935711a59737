import { ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { createMemoryStore, createSessionManager, isSessionError, SessionError } from '@kvsession/core'
import { createCookieJarClient, createGate } from '@kvsession/testkit'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { getSession, type IncomingRequest, markFailed, session } from '../src/index.ts'
import { type Framework, frameworks, quiet, type RequestHandler } from './support/frameworks.ts'
import { type RunningServer, serveInTest } from './support/server.ts'
import { chain, createSite, isSessionRequest, secret } from './support/site.ts'

quiet()

/** The process warnings of the current test. */
function warnings(): string[] {
  const warned: string[] = []
  const spy = vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warned.push(String(warning))
  })
  onTestFinished(() => spy.mockRestore())
  return warned
}

describe.each(frameworks)('session() on $name', (framework: Framework) => {
  function serveApp(middlewares: readonly RequestHandler[], handler: RequestHandler): Promise<RunningServer> {
    return serveInTest(framework.createApp(middlewares, (app) => app.use(handler)))
  }

  it('session() accepts options or a manager', async () => {
    const options = { store: createMemoryStore(), secret }
    for (const middleware of [session(options), session(createSessionManager(options))]) {
      const { url } = await serveApp([middleware], (req, res) => {
        req.session.n = (req.session.n ?? 0) + 1
        res.send(String(req.session.n))
      })
      const browser = createCookieJarClient(url)
      await browser.get('/')
      expect((await browser.get('/')).body).toBe('2')
    }
  })

  it('A request that passive selects does not touch the session, with options or a manager', async () => {
    const options = { store: createMemoryStore(), secret, touchInterval: 1, permanent: true } as const
    const passive = ({ url }: IncomingRequest): boolean => url === '/poll'
    const manager = createSessionManager(options)
    for (const middleware of [session({ ...options, passive }), session(manager, { passive })]) {
      const { url } = await serveApp([middleware], (req, res) => {
        req.session.n ??= 1
        res.send(String(getSession(req).lastSeenAt))
      })
      const browser = createCookieJarClient(url)
      await browser.get('/')
      const { body } = await browser.get('/poll')
      expect((await browser.get('/poll')).body).toBe(body)
    }
  })

  it('The cookie of a rolling session is sent again, even from a route that does not use the session', async () => {
    const minute = 60_000
    const time = { now: Date.UTC(2026, 0, 1) }
    const clock = { now: () => time.now }
    const options = { store: createMemoryStore({ clock }), secret, clock, permanent: '7d', rolling: true } as const
    const { url } = await serveApp([session(options)], (req, res) => {
      if (req.path === '/start') req.session.n = 1
      res.send('ok')
    })
    const browser = createCookieJarClient(url)
    const sent: string[] = []
    for (const [path, wait] of [
      ['/start', 0],
      ['/', minute - 1],
      ['/', minute]
    ] as const) {
      time.now += wait
      const { setCookies } = await browser.get(path)
      sent.push(/Max-Age=(\d+)/.exec(setCookies.join())?.[1] ?? 'none')
    }
    expect(sent).toEqual(['604800', 'none', '604800'])
  })

  it('A failing passive option fails the request, not the process', async () => {
    const passive = (): never => {
      throw new Error('broken')
    }
    const { url } = await serveApp([session({ store: createMemoryStore(), secret, passive })], (_req, res) => {
      res.send('not reached')
    })
    expect((await createCookieJarClient(url).get('/')).status).toBe(500)
  })

  // Regression: the accessor on one application's prototype was missing in the next application.
  it('An application that is called but not mounted, such as a virtual host, gets req.session', async () => {
    const { middleware } = createSite()
    const inner = framework.createApp([], (app) =>
      app.use((req, res) => {
        req.session.n = (req.session.n ?? 0) + 1
        res.send(`${req.session.n} ${typeof req.sessionID}`)
      })
    )
    const { url } = await serveApp([middleware], (req, res) => void inner(req, res))
    const browser = createCookieJarClient(url)
    await browser.get('/')
    expect((await browser.get('/')).body).toBe('2 string')
  })

  // Methods on the prototype of one copy's responses do not reach those of another copy.
  it.each(frameworks)('A change by an application of another copy of Express ($name) is stored', async (other) => {
    const { middleware, manager } = createSite()
    const inner = other.createApp([], (app) =>
      app.use(async (req, res) => {
        const data: { n?: number } = getSession(req, manager).data
        data.n = (data.n ?? 0) + 1
        res.write('counted ')
        res.end(String(data.n))
      })
    )
    const { url } = await serveApp([middleware], (req, res) => void inner(req, res))
    const browser = createCookieJarClient(url)
    await browser.get('/')
    expect((await browser.get('/')).body).toBe('counted 2')
  })

  // Instrumentation may patch the prototype after the first response.
  it("A method that is patched on Node's response after the first request is called", async () => {
    const { middleware } = createSite()
    const { url } = await serveApp([middleware], (req, res) => {
      req.session.n = 1
      res.end('ok')
    })
    const browser = createCookieJarClient(url)
    await browser.get('/')
    const end = vi.spyOn(ServerResponse.prototype, 'end')
    onTestFinished(() => end.mockRestore())
    await browser.get('/')
    expect(end).toHaveBeenCalledTimes(1)
  })

  it('req.session can be set by other code on paths where session() is not mounted', async () => {
    const { middleware } = createSite()
    const other: RequestHandler = (req, _res, next) => {
      Reflect.set(req, 'session', { from: 'other' })
      Reflect.set(req, 'sessionID', 'other id')
      next()
    }
    const choose: RequestHandler = (req, res, next) => (req.path === '/other' ? other : middleware)(req, res, next)
    const { url } = await serveApp([choose], (req, res) => {
      res.json({ session: Reflect.get(req, 'session'), id: req.sessionID })
    })
    const browser = createCookieJarClient(url)
    await browser.get('/')
    expect(JSON.parse((await browser.get('/other')).body)).toEqual({ session: { from: 'other' }, id: 'other id' })
    expect(JSON.parse((await browser.get('/')).body).session).toEqual({})
  })

  it('The outer application sees the session that an inner application opened', async () => {
    const { middleware } = createSite()
    const inner = framework.createApp([middleware], (app) => app.use((_req, _res, next) => next()))
    const { url } = await serveApp([inner], (req, res) => {
      req.session.n = (req.session.n ?? 0) + 1
      res.send(String(req.session.n))
    })
    const browser = createCookieJarClient(url)
    await browser.get('/')
    expect((await browser.get('/')).body).toBe('2')
  })

  it('50 parallel requests keep all of their 50 keys, in any order', async () => {
    const site = createSite()
    const arrived: (() => void)[] = []
    const all = createGate()
    const { url } = await serveApp([site.middleware], async (req, res) => {
      if (req.path.startsWith('/key')) {
        req.session[req.path.slice(1)] = true
        const turn = createGate()
        arrived.push(turn.open)
        if (arrived.length === 50) all.open()
        await turn.passed
        return void res.send('ok')
      }
      if (req.path === '/start') req.session.n = 0
      return void res.json(Object.keys(req.session).length)
    })
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    const answers = Array.from({ length: 50 }, (_, index) => browser.get(`/key${index}`))
    await all.passed
    // Every request has loaded the session by now. They end in a different order than they arrived.
    for (const index of arrived.keys()) arrived[(index * 17) % 50]?.()
    await Promise.all(answers)
    expect((await browser.get('/count')).body).toBe('51')
  })

  it('A client that follows a redirect immediately sees the write of a slow store', async () => {
    const site = createSite()
    const { url } = await serveApp([site.middleware], (req, res) => {
      if (req.path === '/read') return void res.send(String(req.session.n))
      req.session.n = 1
      return res.redirect('/read')
    })
    const browser = createCookieJarClient(url)
    const write = site.store.hold('compareAndSet')
    let arrived = false
    const redirect = browser.get('/login').then((answer) => {
      arrived = true
      return answer
    })
    await write.reached
    await createCookieJarClient(url).get('/read')
    expect(arrived).toBe(false)
    write.release()
    expect((await redirect).headers.location).toBe('/read')
    expect((await browser.get('/read')).body).toBe('1')
  })

  it("Errors of the commit reach the application's error handler once", async () => {
    const site = createSite()
    const codes: unknown[] = []
    const app = framework.createApp([site.middleware], (routes) => {
      routes.get('/', (req, res) => {
        req.session.n = 1
        res.json({ secret: 'never seen' })
      })
      routes.use((error: unknown, _req: object, res: Parameters<RequestHandler>[1], _next: () => void) => {
        codes.push(isSessionError(error) && error.code)
        res.status(503).json({ error: 'try again' })
      })
    })
    const { url } = await serveInTest(app)
    site.store.fail('compareAndSet')
    const answer = await createCookieJarClient(url).get('/')
    expect(answer).toMatchObject({ status: 503, body: '{"error":"try again"}', setCookies: [] })
    expect(codes).toEqual(['STORE_UNAVAILABLE'])
  })

  it('A failed read does not run the handler and leaves the cookie unchanged', async () => {
    const site = createSite()
    let runs = 0
    const { url } = await serveApp([site.middleware], (req, res) => {
      runs++
      req.session.n = 1
      res.send('ok')
    })
    const browser = createCookieJarClient(url)
    await browser.get('/')
    site.store.fail('get')
    const { status, setCookies } = await browser.get('/')
    expect({ status, setCookies, runs }).toEqual({ status: 503, setCookies: [], runs: 1 })
  })

  it('session() mounted twice with one manager or one cookie name has no further effect', async () => {
    const site = createSite()
    const again = session({ store: createMemoryStore(), secret })
    const { url } = await serveApp([site.middleware, site.middleware, again], (req, res) => {
      req.session.n = (req.session.n ?? 0) + 1
      res.send(String(req.session.n))
    })
    const browser = createCookieJarClient(url)
    expect((await browser.get('/')).setCookies).toHaveLength(1)
    site.store.forget()
    expect((await browser.get('/')).body).toBe('2')
    expect(site.store.count('get')).toBe(1)
  })

  it('With several managers, req.session belongs to the first, and getSession reaches each', async () => {
    const main = createSite()
    const admin = createSite({ cookie: { name: 'admin' }, namespace: 'admin' })
    const { url } = await serveApp([main.middleware, admin.middleware], async (req, res) => {
      if (req.path === '/login') await getSession(req, admin.manager).login('root')
      if (req.path === '/write') req.session.n = 1
      if (req.path === '/change') getSession(req, admin.manager).data.n = 1
      res.json([req.session.n ?? null, getSession(req, admin.manager).userId ?? null, getSession(req).userId ?? null])
    })
    const browser = createCookieJarClient(url)
    expect((await browser.get('/login')).setCookies).toEqual([expect.stringMatching(/^admin=/)])
    expect((await browser.get('/write')).setCookies).toEqual([expect.stringMatching(/^sid=/)])
    expect((await browser.get('/')).body).toBe('[1,"root",null]')
    admin.store.fail('compareAndSet')
    expect((await browser.get('/change')).status).toBe(503)
  })

  it('getSession() throws if no session middleware has run', async () => {
    const { url } = await serveApp([], (req, res) => {
      try {
        getSession(req)
      } catch (error) {
        res.send(`${isSessionError(error) && error.code} ${String(req.session)}`)
      }
    })
    expect((await createCookieJarClient(url).get('/')).body).toBe('SESSION_MISSING undefined')
  })

  it('req.session of an earlier session middleware stays, with one warning', async () => {
    // Not imported: its types declare req.session, as ours do.
    const expressSession = createRequire(import.meta.url)('express-session')
    const other: RequestHandler = expressSession({ secret, resave: false, saveUninitialized: false })
    const warned = warnings()
    const site = createSite()
    const { url } = await serveApp([other, site.middleware], (req, res) => {
      req.session.n = (req.session.n ?? 0) + 1
      res.send(String(req.session.n))
    })
    const browser = createCookieJarClient(url)
    expect([(await browser.get('/')).body, (await browser.get('/')).body]).toEqual(['1', '2'])
    expect([browser.jar.names, await site.sessions()]).toEqual([['connect.sid'], 0])
    expect(warned).toEqual([expect.stringContaining('req.session was set before')])
  })

  it('Only requests inside cookie.path get sessions, by whole segments and in any router', async () => {
    const site = createSite({ cookie: { path: '/shop', secure: false } })
    const app = framework.createApp([], (routes) => {
      const handler: RequestHandler = (req, res) => {
        res.send(typeof req.session)
      }
      routes.use('/shop', site.middleware, handler)
      routes.use(site.middleware, handler)
    })
    const browser = createCookieJarClient((await serveInTest(app)).url)
    const seen: Record<string, string> = {}
    for (const path of [
      '/shop',
      '/shop/',
      '/shop/cart?x=1',
      '/shop?x=/',
      '/shopping',
      '/',
      '/other?/shop',
      '/Shop/x'
    ]) {
      seen[path] = (await browser.get(path)).body
    }
    expect(seen).toEqual({
      '/shop': 'object',
      '/shop/': 'object',
      '/shop/cart?x=1': 'object',
      '/shop?x=/': 'object',
      '/shopping': 'undefined',
      '/': 'undefined',
      '/other?/shop': 'undefined',
      '/Shop/x': 'undefined'
    })
  })

  it('Visitors whose session is not used leave nothing in the store', async () => {
    const site = createSite()
    const { url } = await serveApp([site.middleware], (_req, res) => {
      res.send('ok')
    })
    const { headers, setCookies } = await createCookieJarClient(url).get('/')
    expect([headers.vary, headers['cache-control'], setCookies, site.store.count()]).toEqual([
      undefined,
      undefined,
      [],
      0
    ])
  })

  it('A lazy manager reads only for routes that load the session', async () => {
    const site = createSite({ lazy: true })
    const { url } = await serveApp([site.middleware], async (req, res) => {
      if (req.path === '/plain') return void res.send('ok')
      await getSession(req).load()
      req.session.n = (req.session.n ?? 0) + 1
      return void res.send(String(req.session.n))
    })
    const browser = createCookieJarClient(url)
    await browser.get('/')
    site.store.forget()
    await browser.get('/plain')
    expect(site.store.count()).toBe(0)
    expect((await browser.get('/')).body).toBe('2')
  })
})

describe('session() on any server', () => {
  it('A client that disconnects at any moment causes no unhandled rejection', async () => {
    const site = createSite()
    const unhandled: unknown[] = []
    const note = (error: unknown): void => {
      unhandled.push(error)
    }
    process.on('unhandledRejection', note)
    process.on('uncaughtException', note)
    onTestFinished(() => {
      process.off('unhandledRejection', note)
      process.off('uncaughtException', note)
    })
    let ended = 0
    const { url } = await serveInTest(
      chain(site, async (req, res) => {
        if (req.url === '/read') return res.end(JSON.stringify(req.session))
        req.session.n = 1
        req.session.name = 'both or none'
        for (let turn = Number(req.url?.slice(2)); turn > 0; turn--) await new Promise((go) => setImmediate(go))
        res.on('close', () => ended++)
        res.write('x'.repeat(50_000))
        return res.end('end')
      })
    )
    const runs = 200
    await Promise.all(
      Array.from({ length: runs }, async (_, index) => {
        const later = createGate()
        let turns = index % 20
        const wait = (): unknown => (turns-- > 0 ? setImmediate(wait) : later.open())
        wait()
        await createCookieJarClient(url).abandon(`/?${index % 7}`, later.passed)
      })
    )
    expect((await createCookieJarClient(url).get('/read')).body).toBe('{}')
    for await (const { data } of site.manager.list()) expect(data).toEqual({ n: 1, name: 'both or none' })
    expect(ended).toBeLessThanOrEqual(runs)
    expect(unhandled).toEqual([])
  })

  it.each<[string, Omit<IncomingRequest, 'headers'>, boolean]>([
    ['/shop', { url: '/shop' }, true],
    ['/shop', { url: '/cart', originalUrl: '/shop/cart' }, true],
    ['/shop', { url: '/shop/cart', originalUrl: '/admin/shop/cart' }, false],
    ['/shop', { url: 'http://127.0.0.1:80/shop/cart' }, true],
    ['/shop', { url: 'HTTPS://127.0.0.1/shop?x=1' }, true],
    ['/shop', { url: 'http://127.0.0.1/shopping' }, false],
    ['/shop', { url: '/x/http://127.0.0.1/shop' }, false],
    ['/shop', { url: '/shop#part' }, true],
    ['/shop', { url: '/shop?a\n?b' }, true],
    ['/shop', {}, false],
    ['/shop/', { url: '/shop' }, false],
    ['/shop/', { url: '/shop/' }, true],
    ['/shop/', { url: '/shop/cart' }, true],
    ['/', {}, true]
  ])('A cookie with the path %s serves %j: %s', async (path, request, served) => {
    const { middleware } = createSite({ cookie: { path, secure: false } })
    const incoming = { headers: {}, ...request }
    await new Promise<unknown>((resolve) => middleware(incoming, {}, resolve))
    expect('session' in incoming).toBe(served)
  })

  it.each<[string, object | null | undefined, boolean]>([
    ['an encrypted socket', { encrypted: true }, true],
    ['a plain socket', { encrypted: false }, false],
    ['a socket without the property', {}, false],
    ['a socket with another value', { encrypted: 'yes' }, false],
    ['none', null, false],
    ['no socket', undefined, false]
  ])('The connection type comes from the socket: %s', async (_, socket, encrypted) => {
    const { manager } = createSite()
    const seen: unknown[] = []
    const open: typeof manager.open = (headers, connection) => {
      seen.push(connection)
      return manager.open(headers, connection)
    }
    await new Promise<unknown>((resolve) => session({ ...manager, open })({ headers: {}, socket }, {}, resolve))
    expect(seen).toEqual([{ encrypted }])
  })

  it.each([undefined, null, 'text', { open: true }])(
    'session() refuses %j, which is neither options nor a manager',
    (source) => {
      expect(() => Reflect.apply(session, undefined, [source])).toThrow(SessionError)
    }
  )

  it('An existing req.session, such as the stub of a test, stays, and no session is read', async () => {
    const warned = warnings()
    const site = createSite()
    for (const _ of [1, 2]) {
      const incoming = { headers: {}, session: { from: 'other' } }
      expect(await new Promise<unknown>((resolve) => site.middleware(incoming, {}, resolve))).toBe(undefined)
      expect(incoming.session).toEqual({ from: 'other' })
      expect(() => getSession(incoming)).toThrow(expect.objectContaining({ code: 'SESSION_MISSING' }))
    }
    expect(warned).toEqual([expect.stringContaining('getSession(req)')])
  })

  it.each([undefined, null])('A request with a session of %s gets its own session', async (nothing) => {
    const warned = warnings()
    const incoming: IncomingRequest & { session: unknown } = { headers: {}, session: nothing }
    await new Promise<unknown>((resolve) => createSite().middleware(incoming, {}, resolve))
    Object.assign(getSession(incoming).data, { n: 1 })
    expect([incoming.session, warned]).toEqual([{ n: 1 }, []])
  })

  it('markFailed passes the error on if there is no response or no session', async () => {
    const incoming = { headers: {} }
    await new Promise<unknown>((resolve) => createSite().middleware(incoming, {}, resolve))
    const error = new Error('mine')
    for (const request of [incoming, {}]) {
      expect(await new Promise<unknown>((resolve) => markFailed(error, request, {}, resolve))).toBe(error)
    }
  })

  it('session() has no effect on a request that was handled before, as in sub-applications', async () => {
    const site = createSite()
    const { url } = await serveInTest((req, res) => {
      site.middleware(req, res, () => {
        site.middleware(req, res, () => res.end(String(isSessionRequest(req) && typeof req.session)))
      })
    })
    expect((await createCookieJarClient(url).get('/')).body).toBe('object')
  })
})
