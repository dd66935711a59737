import { describe, expect, it, vi } from 'vitest'
import { createFixture, createGate, type Fixture, setCookieOf } from '../support/fixture.ts'

/** Logs a new browser in, in a process of its own. */
async function logIn(fixture: Fixture, userId: string): Promise<string> {
  const manager = fixture.another()
  const browser = fixture.browser()
  await browser.request((session) => session.login(userId), manager)
  return browser.cookie
}

/** Every record in the store whose metadata names the user, by id. */
async function recordsOf(fixture: Fixture, userId: string): Promise<string[]> {
  const ids: string[] = []
  for await (const key of fixture.store.keys?.('sessions.s.') ?? []) {
    const value = await fixture.store.get(key)
    if (value?.split('\n')[0]?.includes(`"u":"${userId}"`)) ids.push(key.slice('sessions.s.'.length))
  }
  return ids
}

describe('I9: the user index never misses a live session', () => {
  it("list() returns a user's sessions, most recently seen first, without token, secret or hash", async () => {
    const fixture = createFixture()
    const cookies = [await logIn(fixture, 'alice')]
    fixture.now += 1_000
    cookies.push(await logIn(fixture, 'alice'))
    await logIn(fixture, 'bob')
    const list = await fixture.manager.list({ userId: 'alice' })
    expect(list.map(({ lastSeenAt, userId }) => [lastSeenAt, userId])).toEqual([
      [fixture.now, 'alice'],
      [fixture.now - 1_000, 'alice']
    ])
    const json = JSON.stringify(list)
    for (const { id } of list) {
      const stored = await fixture.store.get(`sessions.s.${id}`)
      const hash = /"h":"([^"]+)"/.exec(stored ?? '')?.[1] ?? 'no hash'
      expect(json).not.toContain(hash)
    }
    for (const cookie of cookies) expect(json).not.toContain(cookie.split('=')[1])
  })

  it('50 logins of one user in 50 processes at once are all listed', async () => {
    const fixture = createFixture()
    await Promise.all(Array.from({ length: 50 }, () => logIn(fixture, 'alice')))
    expect(await fixture.manager.list({ userId: 'alice' })).toHaveLength(50)
  })

  it('A crash at any step of a login leaves no live session outside the index', async () => {
    for (let step = 1; step <= 5; step++) {
      const fixture = createFixture()
      const browser = fixture.browser()
      await browser.request(({ data }) => Object.assign(data, { cart: 1 }))
      let operations = 0
      fixture.store.break('hang-before', () => ++operations >= step + 1)
      void browser
        .request((session) => session.login('alice'), fixture.another({ storeTimeout: 15_000 }))
        .catch(() => {})
      for (let turn = 0; turn < 200; turn++) await Promise.resolve()
      fixture.store.break(undefined)
      const live = await recordsOf(fixture, 'alice')
      expect((await fixture.manager.list({ userId: 'alice' })).map(({ id }) => id)).toEqual(live)
      expect(await fixture.manager.revokeAll('alice')).toBe(live.length)
      expect(await recordsOf(fixture, 'alice')).toEqual([])
    }
  })

  it('revokeAll() ends every session of the user except the named ones, and none of other users', async () => {
    const fixture = createFixture()
    const mine = fixture.browser(await logIn(fixture, 'alice'))
    const others = [fixture.browser(await logIn(fixture, 'alice')), fixture.browser(await logIn(fixture, 'alice'))]
    const bob = fixture.browser(await logIn(fixture, 'bob'))
    const { id } = await mine.open()
    expect(await fixture.manager.revokeAll('alice', { except: id })).toBe(2)
    for (const other of others) expect((await other.open()).isNew).toBe(true)
    expect((await mine.open()).userId).toBe('alice')
    expect((await bob.open()).userId).toBe('bob')
    expect(await fixture.manager.list({ userId: 'alice' })).toHaveLength(1)
    expect(await fixture.manager.revokeAll('alice')).toBe(1)
    expect(await fixture.manager.revokeAll('alice')).toBe(0)
    expect(await fixture.manager.revokeAll('carol')).toBe(0)
  })

  it.each(['first login', 'login of an anonymous session'])('revokeAll() also stops a %s under way', async (kind) => {
    for (let step = 1; step <= 5; step++) {
      const fixture = createFixture()
      const browser = fixture.browser()
      if (kind !== 'first login') await browser.request(({ data }) => Object.assign(data, { cart: 1 }))
      const manager = fixture.another()
      const session = await browser.open(manager)
      const { gate, open } = createGate()
      let operations = 0
      let held = false
      fixture.store.break(() => {
        operations++
        if (operations !== step) return undefined
        held = true
        return { gate }
      })
      const login = session.login('alice').then(
        () => 'logged in',
        (error: unknown) => (error as { code: string }).code
      )
      await vi.waitUntil(() => held || operations >= 4)
      fixture.store.break(undefined)
      const listed = await fixture.manager.list({ userId: 'alice' })
      await fixture.manager.revokeAll('alice')
      open()
      const outcome = await login
      const live = await recordsOf(fixture, 'alice')
      expect((await fixture.manager.list({ userId: 'alice' })).map(({ id }) => id)).toEqual(live)
      // A login that had reserved its entry before revokeAll began does not survive it.
      if (step > 2) expect([outcome, live, listed.length]).toEqual([expect.anything(), [], expect.anything()])
    }
  })

  it.each(['first login', 'login of an anonymous session'])(
    'A %s that revokeAll has undone leaves no user and no cookie in its request',
    async (kind) => {
      const fixture = createFixture()
      const browser = fixture.browser()
      if (kind !== 'first login') await browser.request(({ data }) => Object.assign(data, { cart: 1 }))
      const manager = fixture.another()
      const session = await browser.open(manager)
      const { gate, open } = createGate()
      let indexWrites = 0
      // The second write of the index is the one after the record was written.
      fixture.store.break(({ operation, key }) =>
        operation === 'compareAndSet' && key.startsWith('sessions.u.') && ++indexWrites === 2 ? { gate } : undefined
      )
      const login = session.login('alice')
      const refused = expect(login).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
      await vi.waitUntil(() => indexWrites === 2)
      fixture.store.break(undefined)
      await fixture.manager.revokeAll('alice')
      open()
      await refused
      expect([session.userId, session.data]).toEqual([undefined, {}])
      expect(setCookieOf(manager.responseHeaders(session))).toBe(undefined)
    }
  )

  it('A listing prunes dead entries, but never the entry of a login under way', async () => {
    const fixture = createFixture()
    const dead = fixture.browser(await logIn(fixture, 'alice'))
    await dead.request((session) => session.destroy())
    const session = await fixture.another().open('')
    const { gate, open } = createGate()
    let seen = false
    fixture.store.break(({ operation, key }) => {
      if (operation !== 'compareAndSet' || !key.includes('.s.')) return undefined
      seen = true
      return { gate }
    })
    const login = session.login('alice')
    await vi.waitUntil(() => seen)
    fixture.store.break(undefined)
    expect(await fixture.manager.list({ userId: 'alice' })).toEqual([])
    open()
    await login
    expect(await fixture.manager.list({ userId: 'alice' })).toHaveLength(1)
    const [key] = fixture.store.calls.map((call) => call.key).filter((name) => name.includes('.u.'))
    expect(Object.keys(JSON.parse((await fixture.store.get(key ?? '')) ?? '{}').s)).toEqual([session.id])
  })

  it('An index does not grow with logouts', async () => {
    const fixture = createFixture()
    for (let i = 0; i < 300; i++) {
      const browser = fixture.browser(await logIn(fixture, 'alice'))
      await browser.request((session) => session.destroy())
    }
    const key = fixture.store.calls.find((call) => call.key.includes('.u.'))?.key ?? ''
    expect(Object.keys(JSON.parse((await fixture.store.get(key)) ?? '{}').s).length).toBeLessThan(60)
  })

  it('The entry outlives the record when the session becomes permanent later, or when limits grow', async () => {
    const fixture = createFixture()
    const browser = fixture.browser(await logIn(fixture, 'alice'))
    await browser.request((session) => {
      session.permanent = true
    })
    fixture.now += 30 * 86_400_000
    await logIn(fixture, 'alice')
    expect(await fixture.manager.list({ userId: 'alice' })).toHaveLength(2)
  })

  it('No key is left when everything has expired', async () => {
    const fixture = createFixture()
    await logIn(fixture, 'alice')
    await fixture.manager.revokeAll('alice')
    await logIn(fixture, 'bob')
    fixture.now += 86_400_000
    await fixture.manager.sweep()
    const keys: string[] = []
    for await (const key of fixture.store.keys?.('') ?? []) keys.push(key)
    expect(keys).toEqual([])
  })
})

describe('maxSessionsPerUser', () => {
  it("50 parallel logins with a limit of 3 leave 3 live sessions, and each login's own session survives its login", async () => {
    const fixture = createFixture({ maxSessionsPerUser: 3 })
    await Promise.all(Array.from({ length: 50 }, () => logIn(fixture, 'alice')))
    expect(await recordsOf(fixture, 'alice')).toHaveLength(3)
    expect(await fixture.manager.list({ userId: 'alice' })).toHaveLength(3)
  })

  it('A login beyond the limit evicts the oldest session, with an event', async () => {
    const fixture = createFixture({ maxSessionsPerUser: 2 })
    const browsers = []
    for (let i = 0; i < 3; i++) {
      browsers.push(fixture.browser(await logIn(fixture, 'alice')))
      fixture.now += 1_000
    }
    const states = await Promise.all(browsers.map(async (browser) => (await browser.open()).isNew))
    expect(states).toEqual([true, false, false])
    expect(fixture.events.filter(({ type }) => type === 'evicted')).toHaveLength(1)
  })

  it('Sessions that have ended do not count towards the limit', async () => {
    const fixture = createFixture({ maxSessionsPerUser: 2 })
    const first = fixture.browser(await logIn(fixture, 'alice'))
    fixture.now += 1_000
    const second = fixture.browser(await logIn(fixture, 'alice'))
    await second.request((session) => session.destroy())
    await logIn(fixture, 'alice')
    expect((await first.open()).isNew).toBe(false)
  })
})

describe('userIdFrom: logins made by a library that does not know kvsession', () => {
  const userIdFrom = (data: Record<string, unknown>): string | undefined =>
    (data.passport as { user?: string } | undefined)?.user

  it('A commit that changes the user is a login: the session is indexed, and the secret swapped', async () => {
    const { browser, manager } = createFixture({ userIdFrom })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { cart: 1 }))
    const planted = browser(tab.cookie)
    await tab.request(({ data }) => Object.assign(data, { passport: { user: 'alice' } }))
    expect((await planted.open()).detached).toBe('superseded')
    expect((await tab.open()).userId).toBe('alice')
    expect(await manager.list({ userId: 'alice' })).toHaveLength(1)
    expect(await manager.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('The secret is swapped once when the request has regenerated before, and the limits restart', async () => {
    const fixture = createFixture({ userIdFrom, idleTimeout: '20h' })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { cart: 1 }))
    fixture.now += 70_000_000
    await tab.request(async (session) => {
      await session.regenerate({ anonymous: true })
      session.data.passport = { user: 'alice' }
      await session.save()
    })
    const { createdAt, userId } = await tab.open()
    expect({ createdAt, userId }).toEqual({ createdAt: fixture.now, userId: 'alice' })
    expect(fixture.events.filter(({ type }) => type === 'loggedIn')).toMatchObject([{ userId: 'alice' }])
  })

  it('A change of data that removes the user is a logout: the old token opens nothing', async () => {
    const { browser } = createFixture({ userIdFrom })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { passport: { user: 'alice' } }))
    const old = browser(tab.cookie)
    await tab.request(({ data }) => {
      delete data.passport
    })
    expect((await tab.open()).userId).toBe(undefined)
    expect((await old.open()).detached).toBe('superseded')
  })

  it('Keys such as user, userId or passport have no effect without userIdFrom', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { user: 'x', userId: 'x', passport: { user: 'x' } }))
    expect((await tab.open()).userId).toBe(undefined)
  })

  it('An update without the client cannot change the user of the session', async () => {
    const { browser, manager } = createFixture({ userIdFrom })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { passport: { user: 'alice' } }))
    const { id } = await tab.open()
    const change = manager.update(id, (data) => Object.assign(data, { passport: { user: 'bob' } }))
    await expect(change).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })
})
