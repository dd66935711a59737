import { describe, expect, it, vi } from 'vitest'
import {
  createMemoryStore,
  createSessionManager,
  type RequestSource,
  type SessionManagerOptions
} from '../../src/index.ts'
import { createFixture, secret } from '../support/fixture.ts'

async function cookieFor(
  source: RequestSource,
  connection?: { host?: string; encrypted?: boolean },
  options: Partial<SessionManagerOptions> = {}
): Promise<string> {
  const manager = createSessionManager({ store: createMemoryStore(), secret, ...options })
  const session = await manager.open(source, connection)
  session.data.a = 1
  const { headers } = await manager.commit(session)
  return headers.find(([name]) => name === 'Set-Cookie')?.[1].replace(/=[A-Za-z0-9_-]{76}/, '=T') ?? 'none'
}

const secure = '__Host-sid=T; Path=/; HttpOnly; Secure; SameSite=Lax'
const plain = 'sid=T; Path=/; HttpOnly; SameSite=Lax'

describe("secure: 'auto'", () => {
  it.each([
    ['a public host over http', { host: 'example.com' }, { encrypted: false }, secure],
    ['a public host over https', { host: 'example.com' }, { encrypted: true }, secure],
    ['localhost over http', { host: 'localhost:3000' }, { encrypted: false }, plain],
    ['a loopback address', { host: '127.0.0.1:3000' }, undefined, plain],
    ['an IPv6 loopback address', { host: '[::1]:3000' }, undefined, plain],
    ['localhost over https', { host: 'localhost:3000' }, { encrypted: true }, secure],
    ['localhost behind a proxy', { host: 'localhost', 'x-forwarded-proto': 'https' }, undefined, secure],
    ['localhost behind any proxy', { host: 'localhost', via: '1.1 proxy' }, undefined, secure],
    ['a host that only begins like a loopback host', { host: 'localhost.evil.example' }, undefined, secure],
    ['no host at all', {}, undefined, secure],
    ['the host of http/2', { ':authority': 'localhost:3000' }, undefined, plain],
    ['a page of this machine', { host: 'localhost:3000', origin: 'http://localhost:5173' }, undefined, plain],
    ['a page of nowhere', { host: 'localhost:3000', origin: 'null' }, undefined, plain],
    ['a page of an app', { host: 'localhost:3000', origin: 'capacitor://app' }, undefined, plain],
    ['a public page that posts', { host: '127.0.0.1:3000', origin: 'https://shop.example' }, undefined, secure],
    ['a public page that links', { host: '127.0.0.1:3000', referer: 'https://shop.example/cart' }, undefined, secure],
    [
      'a public page that calls the host its own',
      { host: 'localhost:3000', referer: 'https://shop.example/', 'sec-fetch-site': 'same-origin' },
      undefined,
      secure
    ],
    [
      'the return from a login provider',
      { host: 'localhost:3000', origin: 'https://login.example', 'sec-fetch-site': 'cross-site' },
      undefined,
      plain
    ]
  ])('The cookie fits the host and the connection: %s', async (_, headers, connection, expected) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect(await cookieFor(headers, connection)).toBe(expected)
  })

  it('A Request has its own scheme and host, Headers have a host, and a string has neither', async () => {
    expect(await cookieFor(new Request('https://localhost/'))).toBe(secure)
    expect(await cookieFor(new Request('http://localhost:8080/x'))).toBe(plain)
    expect(await cookieFor(new Request('http://app.example/'), { encrypted: true })).toBe(secure)
    expect(await cookieFor(new Headers({ host: 'localhost' }))).toBe(plain)
    expect(await cookieFor(new Headers())).toBe(secure)
    expect(await cookieFor('')).toBe(secure)
    expect(await cookieFor(undefined)).toBe(secure)
  })

  it('The unprefixed name is read only on loopback over plain http', async () => {
    const manager = createSessionManager({ store: createMemoryStore(), secret })
    const session = await manager.open({ host: 'localhost' })
    session.data.a = 1
    const { headers } = await manager.commit(session)
    const cookie = headers[0]?.[1].split(';')[0] ?? ''
    expect((await manager.open({ host: 'localhost', cookie })).isNew).toBe(false)
    for (const elsewhere of [{ host: 'example.com' }, { host: 'localhost', forwarded: 'for=1.2.3.4' }, {}]) {
      expect((await manager.open({ ...elsewhere, cookie })).isNew).toBe(true)
    }
    expect((await manager.open({ host: 'localhost', cookie }, { encrypted: true })).isNew).toBe(true)
  })
})

/** Headers that `next dev` adds to the requests that it forwards. */
const nextDev = {
  host: 'localhost:3000',
  'x-forwarded-for': '::1',
  'x-forwarded-host': 'localhost:3000',
  'x-forwarded-port': '3000',
  'x-forwarded-proto': 'http'
}

describe('a development server that forwards', () => {
  it.each([
    ['by IPv6', {}],
    ['by IPv4', { 'x-forwarded-for': '127.0.0.1' }],
    ['by IPv4 in IPv6', { 'x-forwarded-for': '::ffff:127.0.0.1' }],
    ['without the address and the port', { 'x-forwarded-for': undefined, 'x-forwarded-port': undefined }]
  ])('The forwarded request counts as one of this machine: %s', async (_, more) => {
    expect(await cookieFor({ ...nextDev, ...more }, { encrypted: false })).toBe(plain)
  })

  it.each([
    ['a visitor from elsewhere', { 'x-forwarded-for': '203.0.113.7' }],
    ['a chain of proxies', { 'x-forwarded-for': '203.0.113.7, 127.0.0.1' }],
    ['another host', { 'x-forwarded-host': 'shop.example' }],
    ['encryption', { 'x-forwarded-proto': 'https' }],
    ['no host', { 'x-forwarded-host': undefined }],
    ['no scheme', { 'x-forwarded-proto': undefined }],
    ['another proxy behind it', { via: '1.1 proxy' }],
    ['the address of a client', { 'x-real-ip': '127.0.0.1' }],
    ['its own host', { host: 'shop.example' }]
  ])('The server is a proxy when it reports %s', async (_, more) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect(await cookieFor({ ...nextDev, ...more }, { encrypted: false })).toBe(secure)
  })
})

describe('a proxy that leaves no trace', () => {
  it('A hidden proxy is noticed by a page that calls its own host loopback, and from then on nothing counts as development', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const manager = createSessionManager({ store: createMemoryStore(), secret })
    const names = async (headers: Record<string, string>): Promise<string | undefined> => {
      const session = await manager.open({ host: '127.0.0.1:3000', ...headers })
      session.data.a = 1
      return (await manager.commit(session)).headers[0]?.[1].split('=')[0]
    }
    expect(await names({})).toBe('sid')
    // A request that no browser sends proves nothing: a test, or an attacker who wants to end the development mode.
    expect(await names({ origin: 'https://shop.example' })).toBe('__Host-sid')
    expect(await names({})).toBe('sid')
    await manager.open({
      host: '127.0.0.1:3000',
      referer: 'https://shop.example/',
      'sec-fetch-site': 'same-origin'
    })
    expect(await names({})).toBe('__Host-sid')
  })
})

describe('warnings, each printed once', () => {
  async function warnings(
    headers: Record<string, string>,
    cookie: SessionManagerOptions['cookie'] = {}
  ): Promise<unknown[]> {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    warn.mockClear()
    const manager = createSessionManager({ store: createMemoryStore(), secret, cookie })
    for (let i = 0; i < 3; i++) {
      const session = await manager.open(headers, { encrypted: false })
      session.data.a = 1
      await manager.commit(session)
    }
    return warn.mock.calls.flat()
  }

  it('A warning says that Safari drops the Secure cookie of a loopback host behind a proxy', async () => {
    for (const trace of [{ 'x-real-ip': '127.0.0.1' }, { via: '1.1 x' }, { origin: 'https://shop.example' }]) {
      expect(await warnings({ host: 'localhost:3000', ...trace })).toEqual([
        expect.stringMatching(/real Host.*Safari.*cookie\.secure: false/)
      ])
    }
  })

  it('No warning is printed if the visitor is known to be elsewhere, or encrypted, or if the option decides', async () => {
    expect(await warnings({ host: '127.0.0.1:3000', 'x-forwarded-host': 'shop.example' })).toEqual([])
    expect(await warnings({ host: '127.0.0.1:3000', 'x-forwarded-proto': 'https' })).toEqual([])
    expect(await warnings({ host: 'localhost', via: '1.1 x' }, { secure: true })).toEqual([])
    expect(await warnings({ host: 'localhost', via: '1.1 x' }, { secure: false })).toEqual([])
    expect(await warnings({ host: 'localhost:3000' })).toEqual([])
    expect(await warnings(nextDev)).toEqual([])
  })

  it('A warning says under NODE_ENV=production that the cookie is not Secure', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    try {
      expect(await warnings({ host: '127.0.0.1:3000' })).toEqual([
        expect.stringMatching(/NODE_ENV.*without Secure.*Host.*cookie\.secure: true/)
      ])
      expect(await warnings({ host: '127.0.0.1:3000' }, { secure: false })).toEqual([])
      expect(await warnings({ host: 'shop.example', via: '1.1 x' })).toEqual([])
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('A runtime that refuses to read the environment, as Deno does without a permission, gets its cookie without a warning', async () => {
    vi.stubGlobal('process', {
      get env(): never {
        throw new Error('NotCapable')
      }
    })
    try {
      expect(await warnings({ host: '127.0.0.1:3000' })).toEqual([])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('a cookie that the browser would refuse', () => {
  it('The cookie is sent nevertheless, with an event each time and one warning that says what to set', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    warn.mockClear()
    const { manager, events } = createFixture()
    for (let i = 0; i < 3; i++) {
      const session = await manager.open({ host: 'example.com' }, { encrypted: false })
      session.data.a = 1
      const { headers } = await manager.commit(session)
      expect(headers[0]?.[1]).toContain('Secure')
    }
    expect(events.filter(({ type }) => type === 'cookieSkipped')).toHaveLength(3)
    expect(warn.mock.calls).toHaveLength(1)
    expect(String(warn.mock.calls[0])).toMatch(/X-Forwarded-Proto.*cookie\.secure/)
  })

  it('The cookie raises no event behind a proxy, over https, or on a connection of unknown kind', async () => {
    const { manager, events } = createFixture()
    for (const [headers, connection] of [
      [{ host: 'example.com', 'x-forwarded-proto': 'https' }, { encrypted: false }],
      [{ host: 'example.com' }, { encrypted: true }],
      [{ host: 'example.com' }, undefined]
    ] as const) {
      const session = await manager.open(headers, connection)
      session.data.a = 1
      await manager.commit(session)
    }
    expect(events.some(({ type }) => type === 'cookieSkipped')).toBe(false)
  })

  it('With secure: false the unprefixed cookie is sent everywhere', async () => {
    expect(await cookieFor({ host: 'example.com' }, { encrypted: false }, { cookie: { secure: false } })).toBe(plain)
  })
})
