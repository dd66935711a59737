import {
  createMemoryStore,
  createSessionManager,
  type SessionManager,
  type SessionManagerOptions
} from '@kvsession/core'
import { describe, expect, it } from 'vitest'
import { createTestClock, mintCookie, mintToken } from '../src/app.ts'

interface Data {
  cart?: string[]
  passport?: { user: string }
}

function createManager(options: Partial<SessionManagerOptions<Data>> = {}): SessionManager<Data> {
  return createSessionManager<Data>({
    store: createMemoryStore(options.clock && { clock: options.clock }),
    secret: 'a secret for tests that is long enough',
    ...options
  })
}

describe('mintCookie()', () => {
  it.each([
    ['http://localhost', 'auto', 'sid', false],
    ['http://127.0.0.1:3000', 'auto', 'sid', false],
    ['https://localhost', 'auto', '__Host-sid', true],
    ['https://shop.example', 'auto', '__Host-sid', true],
    ['http://localhost', true, '__Host-sid', true],
    ['https://shop.example', false, 'sid', false]
  ] as const)(
    'mintCookie() makes a cookie that opens a session at %s with secure: %s',
    async (url, secure, name, isSecure) => {
      const manager = createManager({ cookie: { secure } })
      const cookie = await mintCookie(manager, { url, userId: 'alice', data: { cart: ['tea'] } })
      expect([cookie.name, cookie.attributes.secure === true]).toEqual([name, isSecure])
      const session = await manager.open(new Request(url, { headers: { cookie: cookie.header } }))
      expect([session.userId, session.data]).toEqual(['alice', { cart: ['tea'] }])
    }
  )

  it('mintCookie() makes a session without a user, or with the user that userIdFrom names', async () => {
    const manager = createManager({ userIdFrom: ({ passport }) => passport?.user })
    for (const [data, userId] of [
      [{ cart: ['tea'] }, undefined],
      [{ passport: { user: 'alice' } }, 'alice']
    ] as const) {
      const { header } = await mintCookie<Data>(manager, { data: structuredClone(data) as Data })
      const session = await manager.open({ cookie: header, host: 'localhost' })
      expect([session.userId, session.data]).toEqual([userId, data])
    }
  })

  it('mintCookie() gives the cookie as the storage state of a browser', async () => {
    const clock = createTestClock(1_700_000_000_000)
    const manager = createManager({ clock, cookie: { domain: 'shop.example', path: '/app', sameSite: 'strict' } })
    const { name, value, storageState } = await mintCookie(manager, {
      url: 'https://www.shop.example',
      userId: 'alice',
      permanent: 60_000
    })
    expect(storageState).toEqual({
      cookies: [
        {
          name,
          value,
          domain: '.shop.example',
          path: '/app',
          expires: 1_700_000_060,
          httpOnly: true,
          secure: true,
          sameSite: 'Strict'
        }
      ],
      origins: []
    })
    const local = await mintCookie(createManager(), { userId: 'alice' })
    expect(local.storageState.cookies[0]).toMatchObject({ domain: 'localhost', path: '/', expires: -1, secure: false })
  })

  it('mintCookie() works with a lazy manager', async () => {
    const manager = createManager({ lazy: true })
    const { header } = await mintCookie(manager, { userId: 'alice' })
    const session = await manager.open({ cookie: header, host: 'localhost' })
    expect((await session.load()).userId).toBe('alice')
  })

  it('mintCookie() refuses a session that stores nothing', async () => {
    await expect(mintCookie(createManager(), {})).rejects.toThrow('needs a userId or data')
  })
})

describe('mintToken()', () => {
  it('mintToken() makes a bearer token that opens a session', async () => {
    const manager = createManager({ transport: 'bearer' })
    const { token, header } = await mintToken(manager, { userId: 'alice', data: { cart: ['tea'] } })
    expect(header).toBe(`Bearer ${token}`)
    const session = await manager.open({ authorization: header })
    expect([session.userId, session.data]).toEqual(['alice', { cart: ['tea'] }])
  })

  it('An error names the function for the other transport', async () => {
    await expect(mintToken(createManager(), { userId: 'alice' })).rejects.toThrow('mintCookie() is for cookies')
    await expect(mintCookie(createManager({ transport: 'bearer' }), { userId: 'alice' })).rejects.toThrow(
      'mintToken() is for bearer tokens'
    )
    await expect(mintToken(createManager({ transport: 'bearer' }), {})).rejects.toThrow('needs a userId or data')
  })
})
