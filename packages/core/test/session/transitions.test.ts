import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/index.ts'
import { type Browser, createFixture, setCookieOf } from '../support/fixture.ts'

async function stored(options: Parameters<typeof createFixture>[0] = {}) {
  const fixture = createFixture(options)
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1, b: 2 }))
  return { fixture, tab }
}

/** A session that another request has ended after it was opened. */
async function ended({ open }: Browser): Promise<Session> {
  const [session, other] = [await open(), await open()]
  await other.destroy()
  return session
}

describe('login', () => {
  it.each([
    ['keeps the data of a visitor by default', undefined, { a: 1, b: 2 }],
    ['drops it with keepData: false', false, {}],
    ['keeps the named keys', ['b', 'c'], { b: 2 }]
  ] as const)('A login %s, stored or not', async (_, keepData, expected) => {
    const options = keepData === undefined ? {} : { keepData }
    const { fixture, tab } = await stored()
    const visitor = fixture.browser()
    await visitor.request(async (session) => {
      Object.assign(session.data, { a: 1, b: 2 })
      await session.login('alice', options)
    })
    await tab.request((session) => session.login('alice', options))
    for (const browser of [visitor, tab]) {
      const { data, userId } = await browser.open()
      expect([data, userId]).toEqual([expected, 'alice'])
    }
  })

  it('A login makes a new session if the one of the request has ended, and keeps only its lifetime', async () => {
    const { tab } = await stored()
    const session = await ended(tab)
    session.data.c = 3
    session.permanent = true
    const { id } = session
    await session.login('alice')
    expect(session).toMatchObject({ userId: 'alice', permanent: true, isNew: false })
    expect(session.data).toEqual({})
    expect(session.id).not.toBe(id)
  })

  it('A login without a user id is refused before any store call', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    const { calls } = await fixture.store.during(async () => {
      for (const user of ['', 'x'.repeat(513), '\ud800', 7, null]) {
        await expect(session.login(user as string)).rejects.toThrow(
          /^A user id is a well-formed string of 1 to 512 characters(; pass String\(id\))? \[ARGUMENT_INVALID\]$/
        )
      }
    })
    expect(calls).toEqual([])
    await session.login('x'.repeat(512))
    expect(session.userId).toHaveLength(512)
  })

  it('A login fails if the store could not be read for the request', async () => {
    const { fixture, tab } = await stored({ onStoreUnavailable: 'anonymous' })
    fixture.store.break('error-before')
    const session = await tab.open()
    await expect(session.login('alice')).rejects.toThrow(
      'The store could not be read for this request: no login is possible now [LOGIN_UNAVAILABLE]'
    )
  })

  it('A login reads the store again if that has failed at first', async () => {
    const { fixture, tab } = await stored({ onStoreUnavailable: 'anonymous' })
    fixture.store.break('error-before')
    const session = await tab.open()
    fixture.store.break(undefined)
    await session.login('alice')
    expect(session).toMatchObject({ userId: 'alice', detached: false, data: { a: 1, b: 2 } })
  })

  it('A login after destroy, or after another request has superseded the session, keeps nothing of it', async () => {
    for (const end of ['destroyed', 'superseded'] as const) {
      const { tab } = await stored()
      const session = await tab.open()
      const { id } = session
      if (end === 'destroyed') await session.destroy()
      else {
        await tab.request((other) => other.regenerate())
        await session.reload()
      }
      session.data.late = 1
      session.permanent = true
      await session.login('alice')
      expect(session).toMatchObject({ userId: 'alice', permanent: true, detached: false })
      expect(session.data).toEqual({})
      expect(session.id).not.toBe(id)
    }
  })
})

describe('a new secret', () => {
  it.each(['login', 'regenerate', 'rotate'] as const)(
    '%s() is refused after the headers, in every state',
    async (verb) => {
      const { fixture, tab } = await stored({ lazy: true })
      for (const cookie of ['', tab.cookie]) {
        const session = await fixture.manager.open(cookie)
        await fixture.manager.commit(session)
        const { calls } = await fixture.store.during(async () => {
          await expect(session[verb]('alice' as never)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
        })
        expect(calls).toEqual([])
      }
    }
  )

  it('A swap does nothing while the store is unavailable, and the session stays as it is', async () => {
    const { fixture, tab } = await stored({ onStoreUnavailable: 'anonymous' })
    fixture.store.break('error-before')
    for (const anonymous of [false, true]) {
      const session = await tab.open()
      await session.regenerate({ anonymous })
      expect([session.detached, session.isNew]).toEqual(['unavailable', false])
    }
  })

  it('A swap that came too late is reported as lost', async () => {
    const { fixture, tab } = await stored()
    const session = await ended(tab)
    fixture.eventTypes()
    await session.rotate()
    expect(fixture.eventTypes()).toEqual(['dropped'])
    expect(session.toJSON().state).toBe('ended')
  })

  it.each(['login', 'regenerate', 'rotate'] as const)('%s() must be called before the headers', async (verb) => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    await fixture.manager.commit(session)
    const { calls } = await fixture.store.during(async () => {
      await expect(session[verb]('alice' as never)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    })
    expect(calls).toEqual([])
  })

  it('regenerate() of a session that is not stored changes the id; anonymous also drops the data', async () => {
    for (const anonymous of [false, true]) {
      const session = await createFixture().browser().open()
      session.data.a = 1
      const { id } = session
      await session.regenerate({ anonymous })
      expect([session.id === id, session.data]).toEqual([false, anonymous ? {} : { a: 1 }])
    }
  })

  it('regenerate() of a session that has ended does nothing; anonymous starts a new session', async () => {
    for (const anonymous of [false, true]) {
      const { fixture, tab } = await stored()
      const session = await ended(tab)
      const { id } = session
      await session.regenerate({ anonymous })
      expect(session.isNew).toBe(anonymous)
      expect(session.id === id).toBe(!anonymous)
      expect(fixture.eventTypes()).toContain('dropped')
    }
  })

  it('A swap of a superseded session makes no further store call', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    expect(await session.reload()).toBe(false)
    for (const verb of ['regenerate', 'rotate'] as const) {
      const { calls } = await fixture.store.during(() => session[verb]())
      expect([calls, session.detached]).toEqual([[], 'superseded'])
    }
  })

  it('A swap keeps the lifetime that was set for a session that is not stored, and the end of a stored one', async () => {
    const { fixture, tab } = await stored()
    const visitor = fixture.browser()
    await visitor.request(async (session) => {
      session.permanent = true
      await session.regenerate()
      session.data.a = 1
    })
    expect((await visitor.open()).permanent).toBe(true)
    await tab.request(async (session) => {
      session.permanent = 0
      await session.regenerate()
    })
    expect(tab.cookie).toBe('')
  })

  it('rotate() does nothing if nothing is stored', async () => {
    const { manager, store } = createFixture()
    const session = await manager.open('')
    const { calls } = await store.during(() => session.rotate())
    expect([calls, session.isNew]).toEqual([[], true])
  })

  it('regenerate() with anonymous removes the user and the data', async () => {
    const { tab } = await stored()
    await tab.request((session) => session.login('alice'))
    await tab.request((session) => session.regenerate({ anonymous: true }))
    const { userId, data } = await tab.open()
    expect([userId, data]).toEqual([undefined, {}])
  })
})

describe('destroy', () => {
  it('destroy() clears the cookie that the request had, genuine or not, and no other', async () => {
    const { tab, fixture } = await stored()
    for (const [cookie, cleared] of [
      [tab.cookie, true],
      [`${tab.cookie}x`, true],
      ['', false]
    ] as const) {
      const session = await fixture.manager.open(cookie)
      await session.destroy()
      const line = setCookieOf((await fixture.manager.commit(session)).headers)
      expect(line?.includes('Max-Age=0') ?? false).toBe(cleared)
    }
  })

  it('destroy() reports that the cookie stays after the headers', async () => {
    const { tab, fixture } = await stored()
    for (const [cookie, reported] of [
      [tab.cookie, 1],
      ['', 0]
    ] as const) {
      const session = await fixture.manager.open(cookie)
      await fixture.manager.commit(session)
      const { length } = fixture.events
      await session.destroy()
      const skipped = fixture.events.slice(length).filter(({ type }) => type === 'cookieSkipped')
      expect(skipped).toHaveLength(reported)
      if (reported > 0) {
        const hint = 'destroy() before the response starts, so that its cookie can be cleared'
        expect(skipped).toEqual([{ type: 'cookieSkipped', reason: 'headers-sent', hint }])
      }
    }
  })

  it('destroy() after the headers needs no event handler', async () => {
    const { fixture, tab } = await stored()
    const manager = fixture.silent()
    const session = await tab.open(manager)
    await manager.commit(session)
    await session.destroy()
    expect(session.toJSON().state).toBe('ended')
  })

  it('destroy() also reports a cookie that the same response has set', async () => {
    const { fixture } = await stored()
    const session = await fixture.manager.open('')
    session.data.a = 1
    await fixture.manager.commit(session)
    await session.destroy()
    expect(fixture.eventTypes()).toEqual(expect.arrayContaining(['destroyed', 'cookieSkipped']))
  })

  it('destroy() also ends a session that another request has superseded', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    await session.reload()
    await session.destroy()
    expect(await fixture.store.get(`sessions.s.${session.id}`)).toBe(undefined)
  })

  it('destroy() of a session that has ended already makes no further store call', async () => {
    const { fixture, tab } = await stored()
    const { cookie } = tab
    await tab.request((session) => session.destroy())
    const session = await fixture.manager.open(cookie)
    const { calls } = await fixture.store.during(() => session.destroy())
    expect(calls).toEqual([])
  })

  it('destroy() ends a session once', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    await session.destroy()
    fixture.eventTypes()
    const { calls } = await fixture.store.during(() => session.destroy())
    expect([calls, fixture.eventTypes()]).toEqual([[], []])
  })

  it('After destroy() the session is empty and stores nothing', async () => {
    const { tab } = await stored()
    const session = await tab.open()
    expect(session.data).toEqual({ a: 1, b: 2 })
    await session.destroy()
    expect(session).toMatchObject({ userId: undefined, isNew: false, detached: false })
    expect(session.data).toEqual({})
    session.data.late = true
    expect([await session.save(), await session.reload()]).toEqual([false, false])
    expect((await tab.open()).isNew).toBe(true)
  })

  it('destroy() fails if the store cannot be read, whatever follows', async () => {
    const { fixture, tab } = await stored({ onStoreUnavailable: 'anonymous' })
    fixture.store.break('error-before')
    const session = await tab.open()
    await expect(session.destroy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

describe('save and update', () => {
  it('A new session is stored only if it has data', async () => {
    const { manager, store } = createFixture()
    const session = await manager.open('')
    const { calls } = await store.during(async () => expect(await session.save()).toBe(true))
    expect(calls).toEqual([])
    const data = session.data
    expect(await session.update((draft) => Object.assign(draft, { a: 1 }) as unknown as undefined)).toBe(true)
    expect([session.data === data, data, session.isNew]).toEqual([true, { a: 1 }, false])
  })

  it('An update of a new session continues from its data', async () => {
    const session = await createFixture().browser().open()
    session.data.count = 1
    await session.update((data) => {
      data.count = Number(data.count) + 1
    })
    expect(session.data).toEqual({ count: 2 })
  })

  it('Lost data is reported while the store is unavailable, and without an event handler nothing fails', async () => {
    const { fixture, tab } = await stored({ onStoreUnavailable: 'anonymous' })
    fixture.store.break('error-before')
    const session = await tab.open()
    expect(await session.save()).toBe(false)
    expect(fixture.events.at(-1)).toEqual({ type: 'dropped', id: '', reason: 'detached' })
    expect(await (await fixture.silent({ onStoreUnavailable: 'anonymous' }).open(tab.cookie)).save()).toBe(false)
  })

  it('An update of a new session that fails changes nothing', async () => {
    const session = await createFixture().browser().open()
    session.data.a = 1
    const update = session.update((data) => {
      data.a = 2
      throw new Error('no')
    })
    await expect(update).rejects.toThrow('no')
    expect(session.data).toEqual({ a: 1 })
  })

  it('save() and update() return false when the session has ended', async () => {
    const { fixture, tab } = await stored()
    const session = await ended(tab)
    session.data.c = 3
    fixture.eventTypes()
    expect(await session.save()).toBe(false)
    expect(fixture.events.at(-1)).toEqual({ type: 'dropped', id: session.id, reason: 'gone' })
    expect(await session.save()).toBe(false)
    expect(fixture.events.at(-1)).toEqual({ type: 'dropped', id: session.id, reason: 'gone' })
  })
})

describe('reload', () => {
  it('reload() updates the same object to the stored data', async () => {
    const { tab, fixture } = await stored()
    const session = await tab.open()
    const { data } = session
    data.mine = 1
    await fixture.manager.update(session.id, (fresh) => Object.assign(fresh, { b: 3 }))
    expect(await session.reload()).toBe(true)
    expect([session.data === data, data]).toEqual([true, { a: 1, b: 3 }])
  })

  it('reload() finds a superseded session, and reports nothing as lost', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    const { length } = fixture.events
    expect(await session.reload()).toBe(false)
    expect(fixture.events.slice(length)).toEqual([{ type: 'superseded', id: session.id, withinGrace: true }])
    expect([session.isNew, session.toJSON().state]).toEqual([false, 'superseded'])
    expect(await session.save()).toBe(false)
    expect(fixture.events.at(-1)).toEqual({ type: 'dropped', id: session.id, reason: 'detached' })
  })

  it('reload() finds a session that has ended, and reports nothing as lost', async () => {
    const { fixture, tab } = await stored()
    const session = await ended(tab)
    const { length } = fixture.events
    expect(await session.reload()).toBe(false)
    expect(fixture.events.slice(length)).toEqual([])
    expect([session.isNew, session.detached, session.toJSON().state]).toEqual([false, false, 'ended'])
  })

  it('reload() of an ended session needs no event handler', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open(fixture.silent())
    await tab.request((other) => other.regenerate())
    expect([await session.reload(), session.detached]).toEqual([false, 'superseded'])
  })

  it('reload() returns false for a session that has ended, even if nothing was loaded yet', async () => {
    const { fixture, tab } = await stored({ lazy: true })
    const { cookie } = tab
    const session = await fixture.manager.open(cookie)
    await fixture.store.delete(`sessions.s.${(await (await tab.open()).load()).id}`)
    expect(await session.reload()).toBe(false)
  })

  it('reload() reads the store again if that has failed at first', async () => {
    const { fixture, tab } = await stored({ onStoreUnavailable: 'anonymous' })
    fixture.store.break('error-before')
    const session = await tab.open()
    fixture.store.break(undefined)
    expect([await session.reload(), session.data]).toEqual([true, { a: 1, b: 2 }])
  })

  it('reload() keeps the standing of the current secret, and that of a rotated one', async () => {
    for (const rotated of [true, false]) {
      const { fixture, tab } = await stored()
      const session = await tab.open()
      if (rotated) await tab.request((other) => other.rotate())
      expect(await session.reload()).toBe(true)
      session.permanent = true
      const { headers } = await fixture.manager.commit(session)
      expect(setCookieOf(headers) === undefined).toBe(rotated)
    }
  })

  it('reload() of data that cannot be read leaves a new session with data of its own', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    const { data } = session
    const key = `sessions.s.${session.id}`
    const value = (await fixture.store.get(key)) ?? ''
    await fixture.store.set(key, `${value.split('\n')[0]}\n[`, fixture.now + 1e7)
    expect([await session.reload(), session.isNew, data, session.data]).toEqual([false, true, {}, {}])
    expect(session.data).not.toBe(data)
  })

  it('reload() does nothing for a new session', async () => {
    const { manager, store } = createFixture()
    const session = await manager.open('')
    const { calls } = await store.during(async () => expect(await session.reload()).toBe(false))
    expect(calls).toEqual([])
  })
})

// The cookie that was not used stayed in the browser, and still opened its session.
describe('a logout of a request with several tokens', () => {
  async function visitors(count: number) {
    const fixture = createFixture({ rotateAfter: '1d', graceWindow: '1m' })
    const tabs = Array.from({ length: count }, () => fixture.browser())
    for (const tab of tabs) await tab.request((session) => session.login('alice'))
    return { fixture, tabs }
  }

  const isLive = async (tab: Browser): Promise<boolean> => (await tab.open()).userId !== undefined

  it('The logout ends each session that one of the tokens opens, and reports each', async () => {
    const { fixture, tabs } = await visitors(5)
    const ids = await Promise.all(tabs.map(async (tab) => (await tab.open()).id))
    const session = await fixture.manager.open(
      tabs
        .slice(0, 4)
        .map(({ cookie }) => cookie)
        .join('; ')
    )
    const { length } = fixture.events
    await session.destroy()
    expect(await Promise.all(tabs.map(isLive))).toEqual([false, false, false, false, true])
    const reported = fixture.events.slice(length).filter(({ type }) => type === 'destroyed')
    expect(reported).toEqual(ids.slice(0, 4).map((id) => ({ type: 'destroyed', id, userId: 'alice', by: 'request' })))
  })

  it('An old token ends what it would end alone: within its grace window, and while rotate lets it work', async () => {
    for (const [swap, later, expected] of [
      ['regenerate', 0, false],
      ['regenerate', 61_000, true],
      ['rotate', 0, false]
    ] as const) {
      const { fixture, tabs } = await visitors(2)
      const [first, second] = tabs
      if (!first || !second) throw new TypeError()
      const old = second.cookie
      await second.request((session) => session[swap]())
      fixture.now += later
      const session = await fixture.manager.open(`${first.cookie}; ${old}`)
      await session.destroy()
      expect([swap, later, await isLive(second)]).toEqual([swap, later, expected])
    }
  })

  it('A token whose session has ended ends nothing, and each other token costs one read', async () => {
    const { fixture, tabs } = await visitors(3)
    const [first, second, third] = tabs
    if (!first || !second || !third) throw new TypeError()
    const ended = third.cookie
    await third.request((session) => session.destroy())
    const session = await fixture.manager.open(`${first.cookie}; ${second.cookie}; ${ended}`)
    const { calls } = await fixture.store.during(() => session.destroy())
    expect(calls.map(({ operation }) => operation)).toEqual(['delete', 'get', 'delete', 'get'])
  })

  it('The logout fails when one session cannot be ended, and can be repeated', async () => {
    const { fixture, tabs } = await visitors(2)
    const session = await fixture.manager.open(tabs.map(({ cookie }) => cookie).join('; '))
    const { get } = fixture.store
    fixture.store.get = () => Promise.reject(new Error('refused'))
    await expect(session.destroy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    fixture.store.get = get
    expect(await isLive(tabs[1] ?? fixture.browser())).toBe(true)
    await session.destroy()
    expect(await isLive(tabs[1] ?? fixture.browser())).toBe(false)
  })
})
