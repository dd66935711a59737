import { describe, expect, it } from 'vitest'
import { createFixture, setCookieOf } from '../support/fixture.ts'

describe('I2: destroyed stays destroyed', () => {
  const operations = {
    commit: (session) => {
      session.data.late = true
    },
    save: async (session) => {
      session.data.late = true
      expect(await session.save()).toBe(false)
    },
    update: async (session) => {
      expect(await session.update((data) => Object.assign(data, { late: true }))).toBe(false)
    },
    regenerate: (session) => session.regenerate(),
    rotate: (session) => session.rotate(),
    reload: async (session) => expect(await session.reload()).toBe(false),
    take: async (session) => expect(await session.take('a')).toBe(undefined),
    permanent: (session) => {
      session.permanent = true
    }
  } satisfies Record<
    string,
    (session: Awaited<ReturnType<ReturnType<ReturnType<typeof createFixture>['browser']>['open']>>) => unknown
  >

  it.each(Object.entries(operations))(
    'A destroyed session is not restored by a late %s, in this process or another',
    async (_, operation) => {
      for (const elsewhere of [false, true]) {
        const { browser, another, manager, store } = createFixture()
        const tab = browser()
        await tab.request((session) => Object.assign(session.data, { a: 1 }))
        const { cookie } = tab
        const late = await tab.open()
        await tab.request((session) => session.destroy(), elsewhere ? another() : manager)
        await operation(late)
        expect(setCookieOf(await tab.commit(late))).toBe(undefined)
        expect((await browser(cookie).open()).isNew).toBe(true)
        const keys: string[] = []
        for await (const key of store.keys?.('') ?? []) keys.push(key)
        expect(keys).toEqual([])
      }
    }
  )

  it('A destroyed session is not restored by a late touch', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    fixture.now += 120_000
    const { cookie } = tab
    const late = await tab.open()
    await tab.request((session) => session.destroy())
    expect(await tab.commit(late)).toEqual([])
    expect((await fixture.browser(cookie).open()).isNew).toBe(true)
  })

  it('An expired session is not restored by a commit that began before', async () => {
    const fixture = createFixture({ idleTimeout: 10_000, touchInterval: 1_000 })
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const late = await tab.open()
    late.data.late = true
    fixture.now += 10_000
    expect(setCookieOf(await tab.commit(late))).toBe(undefined)
    expect((await tab.open()).isNew).toBe(true)
    expect(fixture.eventTypes()).toContain('dropped')
  })

  it('Only the request that destroyed the session clears the cookie, with the same attributes', async () => {
    const { browser } = createFixture({ cookie: { partitioned: true } })
    const tab = browser()
    const set = setCookieOf(await tab.request((session) => Object.assign(session.data, { a: 1 })))
    const late = await tab.open()
    late.data.late = true
    const clear = setCookieOf(await tab.request((session) => session.destroy()))
    const attributes = (line = ''): string[] =>
      line
        .split('; ')
        .slice(1)
        .filter((part) => !/^(Max-Age|Expires)=/.test(part))
        .sort()
    expect(clear).toMatch(/^__Host-sid=;.*Max-Age=0;/)
    expect(attributes(clear)).toEqual(attributes(set))
    expect(setCookieOf(await tab.commit(late))).toBe(undefined)
  })

  it('A superseded token may still destroy the session within its grace window', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const old = browser(tab.cookie)
    await tab.request((session) => session.regenerate())
    await old.request((session) => session.destroy())
    expect((await tab.open()).isNew).toBe(true)
  })

  it('destroy() fails, and the cookie stays, when the store cannot confirm the deletion', async () => {
    const { browser, store, manager } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const session = await tab.open()
    store.break('error-before', ({ operation }) => operation === 'delete')
    await expect(session.destroy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(setCookieOf(manager.responseHeaders(session))).toBe(undefined)
    store.break(undefined)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('A deletion whose confirmation was lost counts as done', async () => {
    const { browser, store } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const session = await tab.open()
    store.break('error-after', ({ operation }) => operation === 'delete')
    await session.destroy()
    store.break(undefined)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('destroy() costs no store operation, and creates nothing, for a visitor without a record', async () => {
    const { browser, store } = createFixture()
    const { calls, result } = await store.during(() => browser().request((session) => session.destroy()))
    expect(calls).toEqual([])
    expect(setCookieOf(result)).toBe(undefined)
  })
})
