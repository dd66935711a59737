import { describe, expect, it } from 'vitest'
import { createWorld, setCookieOf } from '../support/world.ts'

describe('I4: a read never writes data', () => {
  it('a reading request costs one get', async () => {
    const { browser, store } = createWorld()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { deep: { list: [1, 2] } }))
    const { calls } = await store.during(() => tab.request(({ data }) => JSON.stringify(data)))
    expect(calls.map(({ operation }) => operation)).toEqual(['get'])
  })

  it('a changed value that was changed back is not written', async () => {
    const { browser, store } = createWorld()
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

  it('moves last seen once per touch interval, without touching what others wrote', async () => {
    const world = createWorld({ touchInterval: '1m' })
    const tab = world.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    world.now += 59_999
    expect((await world.store.during(() => tab.request(() => {}))).calls).toHaveLength(1)
    world.now += 1
    const reader = await tab.open()
    expect(reader.data).toEqual({ a: 1 })
    await tab.request(({ data }) => Object.assign(data, { b: 2 }))
    await tab.commit(reader)
    expect(await tab.open()).toMatchObject({ data: { a: 1, b: 2 }, lastSeenAt: world.now })
  })

  it('a touch sends no cookie to a browser session', async () => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    world.now += 60_000
    expect(setCookieOf(await tab.request(() => {}))).toBe(undefined)
    expect(world.eventTypes()).toContain('touched')
  })

  it('a failed touch is an event, not an error', async () => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    world.now += 60_000
    world.store.break('error-before', ({ operation }) => operation === 'compareAndSet')
    await tab.request(() => {})
    expect(world.eventTypes()).toContain('storeError')
    world.store.break(undefined)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })
})

describe('I5: nothing for visitors who store nothing', () => {
  it('makes no record, no cookie and no store operation for a cookieless visitor who only reads', async () => {
    const { browser, store } = createWorld()
    const { calls, result } = await store.during(() =>
      browser().request(({ data, userId, isNew }) => [data, userId, isNew])
    )
    expect(calls).toEqual([])
    expect(result).toEqual([['Vary', 'Cookie']])
  })

  it('says nothing at all when the session was not looked at', async () => {
    const { browser } = createWorld()
    expect(await browser().request(() => {})).toEqual([])
  })

  it('takes keys that were deleted again for never written', async () => {
    const { browser, store } = createWorld()
    const { calls } = await store.during(() =>
      browser().request(({ data }) => {
        data.a = 1
        delete data.a
      })
    )
    expect(calls).toEqual([])
  })

  it.each(['regenerate', 'rotate', 'destroy', 'save', 'reload'] as const)(
    '%s of a visitor without data stores nothing',
    async (verb) => {
      const { browser, store } = createWorld()
      const { calls, result } = await store.during(() => browser().request((session) => session[verb]()))
      expect(calls).toEqual([])
      expect(setCookieOf(result)).toBe(undefined)
    }
  )

  it('creates record and cookie with the first write, in one operation', async () => {
    const { browser, store } = createWorld()
    const { calls, result } = await store.during(() => browser().request(({ data }) => Object.assign(data, { a: 1 })))
    expect(calls.map(({ operation }) => operation)).toEqual(['compareAndSet'])
    expect(setCookieOf(result)).toMatch(/^__Host-sid=[A-Za-z0-9_-]{76}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  })

  it('never overwrites a record whose id it happened to draw', async () => {
    const world = createWorld()
    const victim = world.browser()
    await victim.request(({ data }) => Object.assign(data, { mine: true }))
    const { id } = await victim.open()
    const taken = Uint8Array.from(id.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    let draws = 0
    const unlucky = world.another({
      randomBytes: (length) =>
        length === 16 && draws++ === 0 ? taken.slice() : crypto.getRandomValues(new Uint8Array(length))
    })
    const other = world.browser()
    await other.request(({ data }) => Object.assign(data, { other: true }), unlucky)
    expect((await victim.open()).data).toEqual({ mine: true })
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
    [
      'login',
      (session) => session.login('alice'),
      ['get', 'get', 'compareAndSet', 'compareAndSet', 'compareAndSet']
    ]
  ] satisfies [
    string,
    (session: Awaited<ReturnType<ReturnType<ReturnType<typeof createWorld>['browser']>['open']>>) => unknown,
    string[]
  ][])('%s', async (_, handle, expected) => {
    const { browser, store } = createWorld()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const { calls } = await store.during(() => tab.request(handle))
    expect(calls.map(({ operation }) => operation)).toEqual(expected)
  })

  it('lazy: a route that never looks costs nothing, one that loads costs one get', async () => {
    const { browser, store } = createWorld({ lazy: true })
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

  it('lazy: destroy works from the token, looked at or not', async () => {
    const { browser } = createWorld({ lazy: true })
    const tab = browser()
    await tab.request(async (session) => Object.assign((await session.load()).data, { a: 1 }))
    const { cookie } = tab
    await tab.request((session) => session.destroy())
    expect((await (await browser(cookie).open()).load()).isNew).toBe(true)
  })
})
