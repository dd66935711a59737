import { describe, expect, it } from 'vitest'
import { createFixture, setCookieOf } from '../support/fixture.ts'

describe('after the headers were returned', () => {
  it('Data that names another user is not stored after the headers, because the secret could not change', async () => {
    const fixture = createFixture({ userIdFrom: ({ user }) => (typeof user === 'string' ? user : undefined) })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const session = await tab.open()
    await tab.commit(session)
    session.data.user = 'bob'
    await expect(tab.commit(session)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    expect((await tab.open()).userId).toBe('alice')
  })

  it('A first save after the headers fails, because its cookie could not be sent', async () => {
    const tab = createFixture().browser()
    const session = await tab.open()
    await tab.commit(session)
    session.data.a = 1
    await expect(session.save()).rejects.toMatchObject({ code: 'HEADERS_SENT' })
  })

  it('destroy() after the headers still ends the session, and reports that the cookie stays', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await tab.commit(session)
    await session.destroy()
    expect(fixture.events.at(-1)).toMatchObject({ type: 'cookieSkipped', reason: 'headers-sent' })
    expect((await tab.open()).isNew).toBe(true)
    const stranger = await fixture.browser().open()
    await fixture.manager.commit(stranger)
    const before = fixture.events.length
    await stranger.destroy()
    expect(fixture.events).toHaveLength(before)
  })
})

describe('operations that come too late', () => {
  it('A save of an ended session is dropped, with the reason', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    const stale = tab.cookie
    await session.destroy()
    session.data.b = 1
    expect(await session.save()).toBe(false)
    expect(fixture.events.at(-1)).toEqual({ type: 'dropped', id: session.id, reason: 'gone' })

    const other = fixture.browser()
    await other.request(({ data }) => Object.assign(data, { a: 1 }))
    const before = other.cookie
    await other.request((one) => one.regenerate())
    const detached = await fixture.browser(before).open()
    detached.data.b = 1
    expect(await detached.save()).toBe(false)
    expect(fixture.events.at(-1)).toMatchObject({ type: 'dropped', reason: 'detached' })
    expect((await fixture.browser(stale).open()).isNew).toBe(true)
  })

  it('reload() finds that the session has ended, or was superseded', async () => {
    const fixture = createFixture()
    for (const [end, detached] of [
      ['destroy', false],
      ['regenerate', 'superseded']
    ] as const) {
      const tab = fixture.browser()
      await tab.request(({ data }) => Object.assign(data, { a: 1 }))
      const session = await tab.open()
      await (await tab.open())[end]()
      expect(await session.reload()).toBe(false)
      expect(session.detached).toBe(detached)
      expect(await session.reload()).toBe(false)
    }
  })

  it('reload() loads a session that a lazy manager has not loaded, and data that was never accessed', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const lazy = await tab.open(fixture.another({ lazy: true }))
    expect(lazy.loaded).toBe(false)
    expect(await lazy.reload()).toBe(true)
    expect([lazy.loaded, lazy.data]).toEqual([true, { a: 1 }])
    const unseen = await tab.open()
    expect(await unseen.reload()).toBe(true)
    expect(unseen.data).toEqual({ a: 1 })
    expect(await (await fixture.browser().open()).reload()).toBe(false)
  })

  it('regenerate() does nothing while the store is unavailable', async () => {
    const fixture = createFixture({ onStoreUnavailable: 'anonymous' })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    fixture.store.break('error-before')
    const session = await tab.open()
    await session.regenerate()
    expect(session.detached).toBe('unavailable')
    expect(setCookieOf(await tab.commit(session))).toBe(undefined)
  })
})

describe('the data of a visitor that a login keeps by name', () => {
  it.each([
    ['of a new session', false, { cart: 1 }],
    ['of a stored session whose data was not accessed', true, { cart: 1 }]
  ])('The login keeps the named keys %s', async (_, stored, expected) => {
    const tab = createFixture().browser()
    const fill = { cart: 1, secret: 2 }
    if (stored) await tab.request(({ data }) => Object.assign(data, fill))
    await tab.request(async (session) => {
      if (!stored) Object.assign(session.data, fill)
      await session.login('alice', { keepData: ['cart', 'absent'] })
    })
    expect((await tab.open()).data).toEqual(expected)
  })
})

describe('a lifetime of the session’s own', () => {
  it('A lifetime that is set at the start of the session counts from there', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request((session) => {
      session.data.a = 1
      session.permanent = 7_200_000
    })
    const session = await tab.open()
    expect([session.permanent, session.expiresAt]).toEqual([7_200_000, fixture.now + 7_200_000])
    expect((await fixture.browser().open()).lastSeenAt).toBe(fixture.now)
  })
})

describe('two tokens of one session in one request', () => {
  it('Two tokens of one session are looked up once, and the newer one counts', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const older = tab.cookie
    await tab.request((session) => session.regenerate())
    const { calls, result } = await fixture.store.during(() => fixture.browser(`${older}; ${tab.cookie}`).open())
    expect([calls.length, result.data]).toEqual([1, { a: 1 }])
  })

  it('The tokens may come in two header lines', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await fixture.manager.open({ cookie: ['theme=dark', tab.cookie] })
    expect(session.data).toEqual({ a: 1 })
  })
})
