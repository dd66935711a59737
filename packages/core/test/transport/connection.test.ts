import { describe, expect, it, vi } from 'vitest'
import {
  createMemoryStore,
  createSessionManager,
  type RequestSource,
  type SessionManagerOptions
} from '../../src/index.ts'
import { createWorld, secret } from '../support/world.ts'

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
    ['a host that only begins like one', { host: 'localhost.evil.example' }, undefined, secure],
    ['no host at all', {}, undefined, secure],
    ['the host of http/2', { ':authority': 'localhost:3000' }, undefined, plain]
  ])('%s', async (_, headers, connection, expected) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect(await cookieFor(headers, connection)).toBe(expected)
  })

  it('a Request tells its own scheme and host, Headers their host, a bare string nothing', async () => {
    expect(await cookieFor(new Request('https://localhost/'))).toBe(secure)
    expect(await cookieFor(new Request('http://localhost:8080/x'))).toBe(plain)
    expect(await cookieFor(new Request('http://app.example/'), { encrypted: true })).toBe(secure)
    expect(await cookieFor(new Headers({ host: 'localhost' }))).toBe(plain)
    expect(await cookieFor(new Headers())).toBe(secure)
    expect(await cookieFor('')).toBe(secure)
    expect(await cookieFor(undefined)).toBe(secure)
  })

  it('the unprefixed name is read nowhere but on loopback over plain http', async () => {
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

describe('a cookie that the browser would refuse', () => {
  it('is sent all the same, with an event each time and one warning that says what to set', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    warn.mockClear()
    const { manager, events } = createWorld()
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

  it('is not suspected behind a proxy, over https, or where nobody said', async () => {
    const { manager, events } = createWorld()
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

  it('secure: false sends the unprefixed cookie everywhere', async () => {
    expect(await cookieFor({ host: 'example.com' }, { encrypted: false }, { cookie: { secure: false } })).toBe(plain)
  })
})
