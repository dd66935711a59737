import { describe, expect, it, vi } from 'vitest'
import { createMemoryStore, type HeaderList, type SessionManagerOptions } from '../../src/index.ts'
import { firstMetadata } from '../../src/record/metadata-change.ts'
import { encodeRecord } from '../../src/record/record.ts'
import { headersOf } from '../../src/session/response-cookie.ts'
import { createState, type SessionState } from '../../src/session/session-state.ts'
import { createManagerContext } from '../../src/session-manager.ts'
import { createFixture, secret, setCookieOf } from '../support/fixture.ts'

const names = (headers: HeaderList): string[] => headers.map(([name]) => name)

/** The headers of a response that sets a cookie and has this `Cache-Control`. */
async function headersWith(cacheControl: string | undefined) {
  const { manager, events } = createFixture()
  const session = await manager.open('')
  session.data.a = 1
  const { headers } = await manager.commit(session, cacheControl === undefined ? {} : { cacheControl })
  return { headers, tightened: events.filter(({ type }) => type === 'cacheControlTightened') }
}

describe('a response with a cookie', () => {
  it('The response is stored by no cache, and varies with the cookie', async () => {
    const { headers, tightened } = await headersWith(undefined)
    expect(headers.map(([name, value]) => [name, value.replace(/=[\w-]{76};.*/, '=T')])).toEqual([
      ['Set-Cookie', '__Host-sid=T'],
      ['Cache-Control', 'no-store'],
      ['Vary', 'Cookie']
    ])
    expect(tightened).toEqual([])
  })

  it.each([
    'private',
    'no-store',
    'PRIVATE',
    'max-age=60, private',
    'max-age=60,private',
    'private, max-age=60',
    ' private\t,x',
    'x="a, b", no-store',
    'x="a\\"b", private'
  ])("The handler's own Cache-Control %j is kept", async (cacheControl) => {
    const { headers, tightened } = await headersWith(cacheControl)
    expect(names(headers)).toEqual(['Set-Cookie', 'Vary'])
    expect(tightened).toEqual([])
  })

  it.each([
    '',
    'public',
    'max-age=60',
    'not-private',
    'privately',
    'xno-store',
    'no-store2',
    'private=x',
    'private="set-cookie"',
    // The following values contain the word, but no cache reads it as a directive.
    'no-store;x',
    'private\tx',
    'public no-store',
    'x="private", max-age=60',
    'x="a, no-store, b", public',
    'x="a\\", private, y="',
    'max-age=60, x="private, '
  ])('The response is stored by no cache despite %j, with an event', async (cacheControl) => {
    const { headers, tightened } = await headersWith(cacheControl)
    expect(headers[1]).toEqual(['Cache-Control', 'no-store'])
    expect(tightened).toEqual([{ type: 'cacheControlTightened', was: cacheControl }])
  })
})

describe('a response without one', () => {
  it('A response without a cookie varies with it only if the session was read', async () => {
    const { manager } = createFixture()
    const session = await manager.open('')
    expect((await manager.commit(session)).headers).toEqual([])
    const looked = await manager.open('')
    expect(looked.isNew).toBe(true)
    expect((await manager.commit(looked)).headers).toEqual([['Vary', 'Cookie']])
  })
})

describe("a response that depends on a user's session", () => {
  const privately = ['Cache-Control', 'private, no-cache']

  async function userOf(options: Partial<SessionManagerOptions> = {}) {
    const fixture = createFixture(options)
    const tab = fixture.browser()
    await tab.request((session) => session.login('ada'))
    return { fixture, tab }
  }

  it('The response is private and must be revalidated, unless the handler sets how it may be cached', async () => {
    const { fixture, tab } = await userOf()
    expect(await tab.request(({ data }) => data)).toEqual([privately, ['Vary', 'Cookie']])
    expect(await tab.request(({ userId }) => userId)).toEqual([privately, ['Vary', 'Cookie']])
    const session = await tab.open()
    expect(session.userId).toBe('ada')
    expect((await fixture.manager.commit(session, { cacheControl: 'public' })).headers).toEqual([['Vary', 'Cookie']])
  })

  it('The response has no Cache-Control if the session was not read, or markPrivate is false', async () => {
    const { fixture, tab } = await userOf()
    expect(await tab.request(() => {})).toEqual([])
    const without = fixture.another({ markPrivate: false })
    expect(await tab.request(({ data }) => data, without)).toEqual([['Vary', 'Cookie']])
  })
})

describe('a response that ends the session', () => {
  it('The response clears the cookie, is stored by no cache, and varies with the cookie', async () => {
    const { manager } = createFixture()
    const session = await manager.open('__Host-sid=junk')
    await session.destroy()
    const { headers } = await manager.commit(session)
    expect(names(headers)).toEqual(['Set-Cookie', 'Cache-Control', 'Vary'])
    expect(setCookieOf(headers)).toMatch(/^__Host-sid=; .*Max-Age=0/)
  })
})

describe('a session that is not live', () => {
  it('A session that is not live sends no cookie, whatever was requested before', () => {
    const { context } = createManagerContext({ store: createMemoryStore(), secret })
    const request = { credentials: '', host: undefined, encrypted: undefined, forwarded: () => false }
    const record = encodeRecord(firstMetadata('w', 'h', 1), '{}')
    const headersWhen = (more: Partial<SessionState>): HeaderList => {
      const state = createState(context.emptyPayload, {
        tokens: [],
        transport: context.cookie.secureTemplate,
        request: request as never,
        hadToken: false,
        passive: false,
        createdAt: 1
      })
      return headersOf(context, Object.assign(state, { cookie: 'send', reissue: true, ...more }), {})
    }
    expect(headersWhen({ phase: 'ended', record })).toEqual([])
    expect(headersWhen({ phase: 'live', record: undefined })).toEqual([])
    expect(names(headersWhen({ phase: 'live', record }))).toEqual(['Set-Cookie', 'Cache-Control', 'Vary'])
  })
})

describe('the cookie of a permanent session', () => {
  it('The cookie of a permanent session lasts as long as the session, in whole seconds', async () => {
    const fixture = createFixture({
      permanentLifetime: 5_500,
      idleTimeout: 5_000,
      touchInterval: 100,
      rotateAfter: '200ms'
    })
    const tab = fixture.browser()
    const [first] = await tab.request((session) => {
      session.data.a = 1
      session.permanent = true
    })
    expect(first?.[1]).toContain('; Max-Age=6')
    fixture.now += 700
    const [second] = await tab.request(() => {})
    expect(second?.[1]).toContain('; Max-Age=5')
  })
})

describe('a token that a retired key has signed', () => {
  it('A token of a retired key is signed again with every response until the client has the new one', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const next = fixture.another({ secret: ['another secret for tests, long enough', secret] })
    const old = tab.cookie
    expect(names(await tab.request(() => {}, next))).toEqual(['Set-Cookie', 'Cache-Control', 'Vary'])
    expect(tab.cookie).not.toBe(old)
    expect(names(await tab.request(() => {}, next))).toEqual([])
  })
})

describe('a secure cookie over plain http', () => {
  it('A Secure cookie over plain http raises an event each time and one warning, unless it is meant to be plain', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    warn.mockClear()
    const { manager, another, events } = createFixture()
    const visit = async (through: typeof manager, host: string, encrypted?: boolean): Promise<void> => {
      const session = await through.open({ host }, encrypted === undefined ? undefined : { encrypted })
      session.data.a = 1
      await through.commit(session)
    }
    await visit(manager, 'localhost', false)
    await visit(another({ cookie: { secure: false } }), 'example.com', false)
    await visit(manager, 'example.com', true)
    await visit(manager, 'example.com')
    expect([events.filter(({ type }) => type === 'cookieSkipped'), warn.mock.calls]).toEqual([[], []])
    await visit(manager, 'example.com', false)
    await visit(manager, 'example.com', false)
    expect(events.filter(({ type }) => type === 'cookieSkipped')).toHaveLength(2)
    expect(warn.mock.calls).toEqual([
      [
        'kvsession: browsers refuse a Secure cookie over plain http. Serve https, let the proxy send ' +
          'X-Forwarded-Proto, or set cookie.secure: false, which shows tokens to the network'
      ]
    ])
    warn.mockRestore()
  })
})

describe('the headers of a response', () => {
  it('Every call returns the same list of headers', async () => {
    const { manager } = createFixture()
    const session = await manager.open('')
    session.data.a = 1
    const { headers } = await manager.commit(session)
    expect(manager.responseHeaders(session)).toBe(headers)
    expect((await manager.commit(session)).headers).toBe(headers)
  })
})

describe('a warning of the cookie', () => {
  const loopback =
    'kvsession: a proxy hides the real Host: let it pass that. In development Safari drops the Secure cookie: set cookie.secure: false'
  const production =
    'kvsession: NODE_ENV is production, and the cookie goes out without Secure: let the proxy pass the real Host, or set cookie.secure: true'
  const insecure =
    'kvsession: browsers refuse a Secure cookie over plain http. Serve https, let the proxy send X-Forwarded-Proto, or set cookie.secure: false, which shows tokens to the network'

  it.each([
    ['auto', { host: 'localhost', via: '1.1 x' }, [loopback]],
    ['auto', { host: 'localhost', 'x-forwarded-host': 'shop.example' }, []],
    ['auto', { host: '127.0.0.1:3000' }, [production]],
    ['auto', { host: 'shop.example' }, [insecure]],
    ['auto', { host: 'shop.example', via: '1.1 x' }, []],
    [false, { host: '127.0.0.1:3000' }, []],
    [true, { host: 'localhost', via: '1.1 x' }, []]
  ] as const)(
    'With cookie.secure %j the request %j prints in production: %j',
    async (secureOption, headers, expected) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      warn.mockClear()
      vi.stubEnv('NODE_ENV', 'production')
      try {
        const { manager } = createFixture({ cookie: { secure: secureOption } })
        for (let i = 0; i < 2; i++) {
          const session = await manager.open({ ...headers }, { encrypted: false })
          session.data.a = 1
          await manager.commit(session)
        }
        expect(warn.mock.calls.flat()).toEqual(expected)
      } finally {
        vi.unstubAllEnvs()
      }
    }
  )
})

describe('cookies of a commit', () => {
  it('The cookies of a commit are the cookie of the headers as data', async () => {
    const { manager } = createFixture({
      cookie: { path: '/a=b', domain: 'shop.example', sameSite: 'strict', priority: 'high', partitioned: true }
    })
    const session = await manager.open('')
    session.data.a = 1
    session.permanent = 90_000
    const { headers, cookies } = await manager.commit(session)
    const token = /=([\w-]{76});/.exec(setCookieOf(headers) ?? '')?.[1]
    expect(cookies).toEqual([
      {
        name: '__Secure-sid',
        value: token,
        attributes: {
          path: '/a=b',
          domain: 'shop.example',
          maxAge: 90,
          httpOnly: true,
          secure: true,
          partitioned: true,
          priority: 'high',
          sameSite: 'strict'
        }
      }
    ])
  })

  it('A commit has no cookies where its headers have none', async () => {
    const { manager } = createFixture()
    const session = await manager.open('')
    session.data
    const { headers, cookies } = await manager.commit(session)
    expect([names(headers), cookies]).toEqual([['Vary'], []])
  })
})
