import { createMemoryStore, createSessionManager, type SessionError, type SessionManager } from '@kvsession/core'
import { createRecordingStore, createTestClock } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { createNextSessions, type NextHeaders, type NextOptions } from '../../src/next/next.ts'
import {
  createNextRequest,
  dynamicUsageError,
  type NextStandIn,
  notFoundError,
  outsideOfRequest,
  redirectError
} from './next-stand-in.ts'

const secret = 'a secret for tests that is long enough'

interface Cart {
  items?: string[]
  seen?: Date
}

interface Site {
  readonly clock: ReturnType<typeof createTestClock>
  readonly store: ReturnType<typeof createRecordingStore>
  readonly manager: SessionManager<Cart>
  /** The sessions of one request. */
  sessionsOf(next: NextHeaders, options?: Partial<NextOptions>): ReturnType<typeof createNextSessions<Cart>>
  /** Logs a user in, and adds an item. @returns the cookie. */
  logIn(user: string): Promise<string>
}

function createSite(options: { readonly commitOnError?: boolean } = {}): Site {
  const clock = createTestClock()
  const store = createRecordingStore(createMemoryStore({ clock }))
  const manager = createSessionManager<Cart>({ store, secret, clock, touchInterval: 1, ...options })
  return {
    clock,
    store,
    manager,
    sessionsOf: ({ headers, cookies }, fetchOptions = {}) =>
      createNextSessions<Cart>(manager, { headers, cookies, ...fetchOptions }),
    async logIn(user) {
      const session = await manager.open({ host: 'localhost' })
      await session.login(user)
      session.data.items = ['tea']
      const { cookies } = await manager.commit(session)
      return cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    }
  }
}

function errorOf(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

async function userOf({ manager }: Site, { set }: NextStandIn): Promise<string | undefined> {
  return (await manager.open({ host: 'localhost', cookie: set.at(-1) })).userId
}

describe('the options of createNextSessions()', () => {
  it('Wrong options throw at once, and those of a function when the first request needs them', async () => {
    const { headers, cookies } = createNextRequest()
    const options = { store: createMemoryStore(), secret: '' }
    const thrown = errorOf(() => createNextSessions(options, { headers, cookies }))
    expect(thrown).toMatchObject({ code: 'SECRET_MISSING' })
    const sessions = createNextSessions(() => options, { headers, cookies })
    const handler = sessions.route(() => new Response())
    await expect(sessions.getSession()).rejects.toMatchObject({ code: 'SECRET_MISSING' })
    await expect(handler(new Request('http://localhost/'))).rejects.toMatchObject({ code: 'SECRET_MISSING' })
  })

  it('A function is called once, however many requests need its manager', async () => {
    let calls = 0
    const { manager } = createSite()
    const next = createNextRequest()
    const sessions = createNextSessions(() => {
      calls += 1
      return manager
    }, next)
    expect(calls).toBe(0)
    await Promise.all([sessions.getSession(), sessions.getSession(), sessions.action(() => 1)()])
    expect(sessions.manager).toBe(manager)
    expect(calls).toBe(1)
  })

  it.each([undefined, {}, { headers: 'headers', cookies: () => {} }])(
    'Options without the functions of next/headers are refused: %j',
    (options) => {
      const { manager } = createSite()
      const thrown = errorOf(() => createNextSessions(manager, options as unknown as NextOptions))
      expect(thrown).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('next/headers') })
    }
  )

  it('An unknown option, and an onError or a connection that is not a function, are refused', () => {
    const { manager } = createSite()
    const { headers, cookies } = createNextRequest()
    const create = (options: object): unknown =>
      errorOf(() => createNextSessions(manager, { headers, cookies, ...options }))
    expect(create({ onErorr: () => new Response() })).toMatchObject({ code: 'OPTION_UNKNOWN' })
    expect(create({ onError: 500 })).toMatchObject({ code: 'OPTION_INVALID' })
    expect(create({ connection: true })).toMatchObject({ code: 'OPTION_INVALID' })
  })
})

describe('getSession()', () => {
  it('getSession() shows the session of the request and stores nothing', async () => {
    const site = createSite()
    const next = createNextRequest(await site.logIn('alice'))
    site.clock.advance(60_000)
    const session = await site.sessionsOf(next).getSession()
    expect(session).toMatchObject({ userId: 'alice', isNew: false, data: { items: ['tea'] } })
    expect(JSON.parse(JSON.stringify(session.data))).toEqual({ items: ['tea'] })
    expect(session.lastSeenAt).toBe(session.createdAt)
    expect(next.set).toEqual([])
    const again = await site.sessionsOf(next).getSession()
    expect([again.id, again.lastSeenAt]).toEqual([session.id, session.lastSeenAt])
  })

  it('A visitor without a session has no id, because that of the next request is another', async () => {
    const { id, tokenId, userId, isNew, data } = await createSite().sessionsOf(createNextRequest()).getSession()
    expect({ id, tokenId, userId, isNew, data }).toEqual({ isNew: true, data: {} })
  })

  it('getSession() reads the session of the request that it is given, such as that of proxy.ts', async () => {
    const site = createSite()
    const cookie = await site.logIn('alice')
    const request = new Request('http://localhost/account', { headers: { host: 'localhost', cookie } })
    expect((await site.sessionsOf(outsideOfRequest).getSession(request)).userId).toBe('alice')
  })

  it('getSession() reads the data of a lazy manager', async () => {
    const { store, logIn } = createSite()
    const manager = createSessionManager<Cart>({ store, secret, lazy: true })
    const { headers, cookies } = createNextRequest(await logIn('alice'))
    const sessions = createNextSessions<Cart>(manager, { headers, cookies })
    expect((await sessions.getSession()).data.items).toEqual(['tea'])
  })

  it('Every change of the session or of its data throws HEADERS_SENT and says where to make it', async () => {
    const site = createSite()
    const session = await site.sessionsOf(createNextRequest(await site.logIn('alice'))).getSession()
    const data = session.data as Cart
    const { items = [] } = data
    const mutable: Record<string, unknown> = Object(session)
    const attempts = [
      () => {
        data.items = []
      },
      () => items.push('milk'),
      () => items.splice(0),
      () => Reflect.deleteProperty(data, 'items'),
      () => Object.defineProperty(data, 'items', { value: [] }),
      () => Object.setPrototypeOf(data, null),
      () => Object.freeze(data),
      () => {
        mutable.data = {}
      },
      () => Reflect.deleteProperty(mutable, 'data'),
      () => Reflect.apply(Object(mutable.login), mutable, ['bob']),
      () => Reflect.apply(Object(mutable.destroy), mutable, [])
    ]
    for (const attempt of attempts) {
      const error = errorOf(attempt) as SessionError
      expect(error).toMatchObject({ name: 'SessionError', code: 'HEADERS_SENT' })
      expect(error.message).toContain('server action')
    }
    expect(session.data).toEqual({ items: ['tea'] })
  })

  it('Outside of a request, getSession() throws SESSION_MISSING and says where to call it', async () => {
    const thrown = createSite().sessionsOf(outsideOfRequest).getSession()
    await expect(thrown).rejects.toMatchObject({
      code: 'SESSION_MISSING',
      message: expect.stringMatching(/^getSession\(\) was called outside of a request: .*proxy\.ts/)
    })
  })

  it('The error by which Next.js interrupts prerendering passes unchanged', async () => {
    const error = dynamicUsageError()
    const interrupt = (): never => {
      throw error
    }
    const sessions = createSite().sessionsOf({ headers: interrupt, cookies: interrupt })
    await expect(sessions.getSession()).rejects.toBe(error)
    await expect(sessions.action(() => 1)()).rejects.toBe(error)
  })

  it('With the connection of Next.js, getSession() reads neither the clock nor the store before the connection', async () => {
    const site = createSite()
    const next = createNextRequest(await site.logIn('alice'))
    const error = Object.assign(new Error('prerender'), { digest: 'HANGING_PROMISE_REJECTION' })
    let made = 0
    const sessions = createNextSessions<Cart>(
      () => {
        made += 1
        return site.manager
      },
      { ...next, connection: () => Promise.reject(error) }
    )
    await expect(sessions.getSession()).rejects.toBe(error)
    expect(made).toBe(0)
    const connected = site.sessionsOf(next, { connection: async () => {} })
    expect((await connected.getSession()).userId).toBe('alice')
    const withoutConnection = site.sessionsOf(outsideOfRequest, { connection: () => Promise.reject(error) })
    const request = new Request('http://localhost/', { headers: await next.headers() })
    expect((await withoutConnection.getSession(request)).userId).toBe('alice')
  })

  it('A page or a route handler that Next.js tries to prerender at build time needs no manager', async () => {
    const error = dynamicUsageError()
    const interrupt = (): never => {
      throw error
    }
    const make = (): SessionManager => {
      throw new Error('the secret is missing')
    }
    const sessions = createNextSessions(make, { headers: interrupt, cookies: interrupt })
    await expect(sessions.getSession()).rejects.toBe(error)
    // With `cacheComponents`, Next.js calls handlers of GET with a request whose headers cannot be read.
    const request = Object.defineProperty(new Request('http://localhost/'), 'headers', { get: interrupt })
    await expect(sessions.route(() => new Response())(request)).rejects.toBe(error)
  })

  it('Of several cookies of one name, getSession() finds the live one', async () => {
    const site = createSite()
    const cookie = await site.logIn('alice')
    const stale = `${cookie.split('=', 1)}=planted`
    for (const sent of [`${stale}; ${cookie}`, `${cookie}; ${stale}`]) {
      const next = createNextRequest(sent)
      expect((await site.sessionsOf(next).getSession()).userId, sent).toBe('alice')
    }
  })
})

describe('action()', () => {
  it('An action gets the session and its arguments, stores changes, sets the cookie, and returns the result', async () => {
    const site = createSite()
    const next = createNextRequest()
    const action = site.sessionsOf(next).action(async (session, user: string, count: number) => {
      await session.login(user)
      session.data.items = ['tea']
      return count + 1
    })
    expect(await action('alice', 1)).toBe(2)
    expect(next.set).toHaveLength(1)
    expect(await userOf(site, next)).toBe('alice')
  })

  it('A page that is rendered after the action in the same response shows the new session', async () => {
    const site = createSite()
    const next = createNextRequest(await site.logIn('alice'))
    const sessions = site.sessionsOf(next)
    await sessions.action((session) => session.login('bob'))()
    expect((await sessions.getSession()).userId).toBe('bob')
    await sessions.action((session) => session.destroy())()
    expect(await sessions.getSession()).toMatchObject({ isNew: true, data: {} })
  })

  it.each([
    ['redirect()', redirectError('/account')],
    ['notFound()', notFoundError()],
    ['an error', new Error('after the login')]
  ])('The cookie of a login is set before the action throws what %s has thrown', async (_, error) => {
    const site = createSite()
    const next = createNextRequest()
    const action = site.sessionsOf(next).action(async (session) => {
      await session.login('alice')
      session.data.items = ['tea']
      throw error
    })
    await expect(action()).rejects.toBe(error)
    expect(await userOf(site, next)).toBe('alice')
  })

  it('With commitOnError: false a redirect stores the data, and an error does not', async () => {
    const site = createSite({ commitOnError: false })
    const cookie = await site.logIn('alice')
    const itemsAfter = async (error: Error): Promise<string[] | undefined> => {
      const action = site.sessionsOf(createNextRequest(cookie)).action((session) => {
        session.data.items = [error.message]
        throw error
      })
      await action().catch(() => {})
      return (await site.manager.open({ host: 'localhost', cookie })).data.items
    }
    expect(await itemsAfter(new Error('failed'))).toEqual(['tea'])
    expect(await itemsAfter(redirectError('/account'))).toEqual(['NEXT_REDIRECT'])
  })

  it('A commit that fails is the error of the action, also in place of a redirect, and the login keeps its cookie', async () => {
    for (const end of [() => {}, () => Promise.reject(redirectError('/account'))]) {
      const site = createSite()
      const next = createNextRequest()
      const action = site.sessionsOf(next).action(async (session) => {
        await session.login('alice')
        Object.assign(session.data, { broken: 1n })
        await end()
      })
      await expect(action()).rejects.toMatchObject({ code: 'DATA_UNSERIALIZABLE' })
      expect(await userOf(site, next)).toBe('alice')
    }
  })

  it('The error of an action is thrown on, also if its changes cannot be stored', async () => {
    const error = new Error('failed')
    const action = createSite()
      .sessionsOf(createNextRequest())
      .action((session) => {
        Object.assign(session.data, { broken: 1n })
        throw error
      })
    await expect(action()).rejects.toBe(error)
  })

  it('An action that changes nothing sets no cookie', async () => {
    const next = createNextRequest()
    await createSite()
      .sessionsOf(next)
      .action(({ userId }) => userId)()
    expect(next.set).toEqual([])
  })

  it('With a store that cannot be read the action does not run', async () => {
    const site = createSite()
    const next = createNextRequest(await site.logIn('alice'))
    site.store.fail('get')
    let ran = false
    const action = site.sessionsOf(next).action(() => {
      ran = true
    })
    await expect(action()).rejects.toMatchObject({ status: 503 })
    expect([ran, next.set]).toEqual([false, []])
  })

  it('An action of a manager of bearer tokens does not run, because Next.js could not send the token of a login', async () => {
    const { headers, cookies } = createNextRequest()
    const manager = createSessionManager({ store: createMemoryStore(), secret, transport: 'bearer' })
    const sessions = createNextSessions(manager, { headers, cookies })
    await expect(sessions.action((session) => session.login('alice'))()).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: expect.stringContaining('bearer')
    })
    expect((await sessions.getSession()).isNew).toBe(true)
  })

  it('Outside of a request, an action throws SESSION_MISSING', async () => {
    const action = createSite()
      .sessionsOf(outsideOfRequest)
      .action(() => 1)
    await expect(action()).rejects.toMatchObject({
      code: 'SESSION_MISSING',
      message: expect.stringContaining('outside of a request')
    })
  })

  it('An action that is wrapped twice, and a missing function, are refused at once', () => {
    const sessions = createSite().sessionsOf(createNextRequest())
    const action = sessions.action(() => 1)
    const twice = errorOf(() => sessions.action(action as unknown as () => number))
    expect(twice).toMatchObject({ code: 'ARGUMENT_INVALID', message: expect.stringContaining('action already') })
    const missing = errorOf(() => sessions.action(undefined as unknown as () => number))
    expect(missing).toMatchObject({ code: 'ARGUMENT_INVALID', message: expect.stringContaining('missing') })
  })

  it('An action that calls another action of the same request is refused, and may call it afterwards', async () => {
    const site = createSite()
    const sessions = site.sessionsOf(createNextRequest())
    const inner = sessions.action((session) => session.login('alice'))
    const outer = sessions.action(() => inner())
    await expect(outer()).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: expect.stringContaining('an action calls another one')
    })
    await inner()
    expect(await sessions.action(({ userId }) => userId)()).toBe('alice')
  })

  it('An action that runs where no cookie can be set throws HEADERS_SENT', async () => {
    const next = createNextRequest()
    next.forbidCookies()
    const action = createSite()
      .sessionsOf(next)
      .action((session) => session.login('alice'))
    await expect(action()).rejects.toMatchObject({
      code: 'HEADERS_SENT',
      message: expect.stringContaining('not while a page is rendered')
    })
  })
})

describe('route()', () => {
  const request = (form?: string): Request =>
    new Request('http://localhost/', {
      headers: {
        host: 'localhost',
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' })
      },
      ...(form !== undefined && { method: 'POST', body: form })
    })

  it('A route handler gets the session and the parameters of the route', async () => {
    const handler = createSite()
      .sessionsOf(createNextRequest())
      .route(async (_request: Request, session, { params }: { params: Promise<{ id: string }> }) => {
        const { id } = await params
        await session.login(id)
        return new Response(id)
      })
    const response = await handler(request(), { params: Promise.resolve({ id: 'alice' }) })
    expect(await response.text()).toBe('alice')
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  it.each([
    ['redirect()', redirectError('/a;b'), undefined, 307],
    ['redirect() after a form', redirectError('/a;b'), 'user=alice', 303],
    ['permanentRedirect()', redirectError('/a;b', 308), undefined, 308],
    ['notFound()', notFoundError(), undefined, 404]
  ])('%s in a route handler keeps the cookie of the login', async (name, error, form, status) => {
    const handler = createSite()
      .sessionsOf(createNextRequest(), { onError: () => new Response(null, { status: 500 }) })
      .route(async (_, session) => {
        await session.login('alice')
        throw error
      })
    const response = await handler(request(form))
    expect(response.status).toBe(status)
    expect(response.headers.get('location')).toBe(name === 'notFound()' ? null : '/a;b')
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  it('onError responds to an error of the handler, but not to what interrupts prerendering', async () => {
    const sessions = createSite().sessionsOf(createNextRequest(), {
      onError: () => new Response('sorry', { status: 500 })
    })
    const failing = (error: Error) =>
      sessions.route(() => {
        throw error
      })
    expect((await failing(new Error('failed'))(request())).status).toBe(500)
    const error = dynamicUsageError()
    await expect(failing(error)(request())).rejects.toBe(error)
  })

  it('An error whose digest another version of Next.js has made is thrown on', async () => {
    const error = Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;/account' })
    const handler = createSite()
      .sessionsOf(createNextRequest())
      .route(() => {
        throw error
      })
    await expect(handler(request())).rejects.toBe(error)
  })

  it('A missing handler is refused at once', () => {
    const sessions = createSite().sessionsOf(createNextRequest())
    const thrown = errorOf(() => sessions.route(undefined as unknown as () => Response))
    expect(thrown).toMatchObject({ code: 'ARGUMENT_INVALID', message: expect.stringContaining('route()') })
  })
})
