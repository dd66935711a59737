import { describe, expect, it } from 'vitest'
import { createFixture, setCookieOf } from '../support/fixture.ts'

describe('I4: a read never writes data', () => {
  it('A request that only reads costs one get', async () => {
    const { browser, store } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { deep: { list: [1, 2] } }))
    const { calls } = await store.during(() => tab.request(({ data }) => JSON.stringify(data)))
    expect(calls.map(({ operation }) => operation)).toEqual(['get'])
  })

  it('A value that is changed and changed back is not written', async () => {
    const { browser, store } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const { calls } = await store.during(() =>
      tab.request(({ data }) => {
        data.a = 2
        data.a = 1
      })
    )
    expect(calls).toHaveLength(1)
  })

  it('lastSeenAt moves once per touch interval, without a change to the data of other writes', async () => {
    const fixture = createFixture({ touchInterval: '1m' })
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    fixture.now += 59_999
    expect((await fixture.store.during(() => tab.request(() => {}))).calls).toHaveLength(1)
    fixture.now += 1
    const reader = await tab.open()
    expect(reader.data).toEqual({ a: 1 })
    await tab.request(({ data }) => Object.assign(data, { b: 2 }))
    await tab.commit(reader)
    expect(await tab.open()).toMatchObject({ data: { a: 1, b: 2 }, lastSeenAt: fixture.now })
  })

  it('A touch sends no cookie to a browser session', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    fixture.now += 60_000
    expect(setCookieOf(await tab.request(() => {}))).toBe(undefined)
    expect(fixture.eventTypes()).toContain('touched')
  })

  it('A failed touch is an event, not an error', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    fixture.now += 60_000
    fixture.store.break('error-before', ({ operation }) => operation === 'compareAndSet')
    await tab.request(() => {})
    expect(fixture.eventTypes()).toContain('storeError')
    fixture.store.break(undefined)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })
})

describe('I5: nothing is stored for visitors without data', () => {
  it('A visitor without a cookie who only reads gets no record, no cookie and no store operation', async () => {
    const { browser, store } = createFixture()
    const { calls, result } = await store.during(() =>
      browser().request(({ data, userId, isNew }) => [data, userId, isNew])
    )
    expect(calls).toEqual([])
    expect(result).toEqual([['Vary', 'Cookie']])
  })

  it('A response to a request that did not use the session has no header', async () => {
    const { browser } = createFixture()
    expect(await browser().request(() => {})).toEqual([])
  })

  it('Keys that were deleted again count as never written', async () => {
    const { browser, store } = createFixture()
    const { calls } = await store.during(() =>
      browser().request(({ data }) => {
        data.a = 1
        delete data.a
      })
    )
    expect(calls).toEqual([])
  })

  it.each(['regenerate', 'rotate', 'destroy', 'save', 'reload'] as const)(
    '%s() of a visitor without data stores nothing',
    async (verb) => {
      const { browser, store } = createFixture()
      const { calls, result } = await store.during(() => browser().request((session) => session[verb]()))
      expect(calls).toEqual([])
      expect(setCookieOf(result)).toBe(undefined)
    }
  )

  it('The first write creates record and cookie in one operation', async () => {
    const { browser, store } = createFixture()
    const { calls, result } = await store.during(() => browser().request(({ data }) => Object.assign(data, { a: 1 })))
    expect(calls.map(({ operation }) => operation)).toEqual(['compareAndSet'])
    expect(setCookieOf(result)).toMatch(/^__Host-sid=[A-Za-z0-9_-]{76}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  })

  it('A new session never overwrites a record whose id it has drawn by chance', async () => {
    const fixture = createFixture()
    const owner = fixture.browser()
    await owner.request(({ data }) => Object.assign(data, { mine: true }))
    const { id } = await owner.open()
    const taken = Uint8Array.from(id.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    let draws = 0
    const unlucky = fixture.another({
      randomBytes: (length) =>
        length === 16 && draws++ === 0 ? taken.slice() : crypto.getRandomValues(new Uint8Array(length))
    })
    const other = fixture.browser()
    await other.request(({ data }) => Object.assign(data, { other: true }), unlucky)
    expect((await owner.open()).data).toEqual({ mine: true })
    expect((await other.open()).data).toEqual({ other: true })
  })
})

describe('cost of each kind of request, in store operations', () => {
  it.each([
    ['untouched', () => {}, ['get']],
    ['read', (session) => session.data, ['get']],
    ['write', (session) => Object.assign(session.data, { b: 2 }), ['get', 'compareAndSet']],
    [
      'save, then nothing more',
      async (session) => {
        session.data.b = 2
        await session.save()
      },
      ['get', 'compareAndSet']
    ],
    ['regenerate', (session) => session.regenerate(), ['get', 'compareAndSet']],
    ['rotate', (session) => session.rotate(), ['get', 'compareAndSet']],
    ['destroy', (session) => session.destroy(), ['get', 'delete']],
    ['update', (session) => session.update((data) => Object.assign(data, { c: 3 })), ['get', 'compareAndSet']],
    ['login', (session) => session.login('alice'), ['get', 'get', 'compareAndSet', 'compareAndSet', 'compareAndSet']]
  ] satisfies [
    string,
    (session: Awaited<ReturnType<ReturnType<ReturnType<typeof createFixture>['browser']>['open']>>) => unknown,
    string[]
  ][])('A request has its documented cost: %s', async (_, handle, expected) => {
    const { browser, store } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const { calls } = await store.during(() => tab.request(handle))
    expect(calls.map(({ operation }) => operation)).toEqual(expected)
  })

  it('A lazy route that never uses the session costs nothing, and one that loads it costs one get', async () => {
    const { browser, store } = createFixture({ lazy: true })
    const tab = browser()
    await tab.request(async (session) => {
      await session.load()
      session.data.a = 1
    })
    expect((await store.during(() => tab.request(() => {}))).calls).toEqual([])
    const { calls } = await store.during(() => tab.request(async (session) => (await session.load()).data))
    expect(calls.map(({ operation }) => operation)).toEqual(['get'])
    await expect(tab.open().then((session) => session.data)).rejects.toMatchObject({ code: 'SESSION_NOT_LOADED' })
  })

  it('destroy() of a lazy session works from the token, whether or not the session was loaded', async () => {
    const { browser } = createFixture({ lazy: true })
    const tab = browser()
    await tab.request(async (session) => Object.assign((await session.load()).data, { a: 1 }))
    const { cookie } = tab
    await tab.request((session) => session.destroy())
    expect((await (await browser(cookie).open()).load()).isNew).toBe(true)
  })
})
