import { describe, expect, it } from 'vitest'
import { createFixture, setCookieOf } from '../support/fixture.ts'

describe('I3: regenerate leaves exactly one valid token', () => {
  it.each(['regenerate', 'login'] as const)('After %s the old token gets an empty detached session', async (swap) => {
    const { browser, store } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const old = browser(tab.cookie)
    await tab.request((session) => (swap === 'login' ? session.login('alice') : session.regenerate()))
    const session = await old.open()
    expect(session).toMatchObject({ detached: 'superseded', userId: undefined, data: {} })
    session.data.intruder = true
    const { calls, result } = await store.during(() => old.commit(session))
    expect(calls).toEqual([])
    expect(setCookieOf(result)).toBe(undefined)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('After the grace window the old token opens nothing, and its use is reported', async () => {
    const fixture = createFixture({ graceWindow: '30s' })
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const old = fixture.browser(tab.cookie)
    await tab.request((session) => session.regenerate())
    fixture.now += 30_000
    expect(await old.open()).toMatchObject({ isNew: true, detached: false })
    expect(fixture.events.at(-1)).toMatchObject({ type: 'superseded', withinGrace: false })
  })

  it('Only one of two concurrent regenerates succeeds, and only its request sends a cookie', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const managers = [another(), another()]
    const sessions = await Promise.all(managers.map((manager) => manager.open(tab.cookie)))
    await Promise.all(sessions.map((session) => session.regenerate()))
    const answers = await Promise.all(
      sessions.map(async (session, index) => setCookieOf((await managers[index]?.commit(session))?.headers ?? []))
    )
    const sent = answers.filter((cookie) => cookie !== undefined)
    expect(sent).toHaveLength(1)
    expect((await browser(sent[0]?.split(';')[0]).open()).data).toEqual({ a: 1 })
  })

  it('regenerate() keeps the data and the start of the session, and sends one cookie however often it is called', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const { createdAt } = await tab.open()
    fixture.now += 1_000
    const headers = await tab.request(async (session) => {
      for (let i = 0; i < 3; i++) await session.regenerate()
    })
    expect(headers.filter(([name]) => name === 'Set-Cookie')).toHaveLength(1)
    expect(await tab.open()).toMatchObject({ data: { a: 1 }, createdAt })
  })

  it('regenerate() with anonymous: true drops data, user and permanence together with the old token', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request(async (session) => {
      session.permanent = true
      session.data.a = 1
      await session.login('alice')
    })
    const headers = await tab.request((session) => session.regenerate({ anonymous: true }))
    expect(setCookieOf(headers)).not.toContain('Max-Age')
    expect(await tab.open()).toMatchObject({ data: {}, userId: undefined, permanent: false })
  })

  it('After rotate() the old token works until the new one was first used, plus the grace window', async () => {
    const fixture = createFixture({ graceWindow: '30s', idleTimeout: '2h' })
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const old = fixture.browser(tab.cookie)
    await tab.request((session) => session.rotate())
    fixture.now += 3_600_000
    expect((await old.open()).data).toEqual({ a: 1 })
    await tab.request(() => {})
    fixture.now += 29_999
    expect((await old.open()).data).toEqual({ a: 1 })
    fixture.now += 1
    expect((await old.open()).isNew).toBe(true)
  })

  it('A request with the replaced token of a rotation can write, but neither rotates again nor sends a cookie', async () => {
    const fixture = createFixture({ rotateAfter: '10m' })
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const old = fixture.browser(tab.cookie)
    fixture.now += 600_000
    await tab.request(() => {})
    expect(tab.cookie).not.toBe(old.cookie)
    fixture.now += 600_000
    const headers = await old.request(async (session) => {
      await session.rotate()
      session.data.b = 2
    })
    expect(setCookieOf(headers)).toBe(undefined)
    expect((await tab.open()).data).toEqual({ a: 1, b: 2 })
  })

  it('50 parallel requests at the moment of a rotation get one new token, and no user is logged out', async () => {
    const fixture = createFixture({ rotateAfter: '10m' })
    const tab = fixture.browser()
    await tab.request((session) => session.login('alice'))
    fixture.now += 600_000
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const manager = fixture.another()
        const session = await manager.open(tab.cookie)
        return { user: session.userId, cookie: setCookieOf((await manager.commit(session)).headers) }
      })
    )
    expect(answers.every(({ user }) => user === 'alice')).toBe(true)
    expect(answers.filter(({ cookie }) => cookie !== undefined)).toHaveLength(1)
    expect((await tab.open()).userId).toBe('alice')
  })

  it('A login ends the alias of a rotation at once', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const old = browser(tab.cookie)
    await tab.request((session) => session.rotate())
    await tab.request((session) => session.login('alice'))
    expect(await old.open()).toMatchObject({ detached: 'superseded', data: {} })
  })

  it('A token that was planted before a login opens nothing after it', async () => {
    const { browser } = createFixture()
    const attacker = browser()
    await attacker.request((session) => Object.assign(session.data, { planted: true }))
    const owner = browser(attacker.cookie)
    await owner.request((session) => session.login('owner'))
    expect((await attacker.open()).userId).toBe(undefined)
    expect((await owner.open()).userId).toBe('owner')
  })
})

describe('G3: a superseded request stops, a login always succeeds', () => {
  it('A login on a superseded token makes a new session with empty data', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { cart: 1 }))
    const [first, second] = [await tab.open(), await tab.open()]
    await first.login('alice')
    second.permanent = true
    await second.login('alice')
    await tab.commit(first)
    await tab.commit(second)
    const { id, userId, data, permanent } = await tab.open()
    expect({ userId, data, permanent }).toEqual({ userId: 'alice', data: {}, permanent: true })
    expect(id).not.toBe(first.id)
  })

  it('A login on a session that was superseded when the request came in makes a new one, too', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { cart: 1 }))
    const other = browser(tab.cookie)
    await tab.request((session) => session.login('alice'))
    await other.request((session) => session.login('bob'))
    expect(await other.open()).toMatchObject({ userId: 'bob', data: {} })
    expect(await tab.open()).toMatchObject({ userId: 'alice', data: { cart: 1 } })
  })

  it('A login on a session that was ended meanwhile makes a new one', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { cart: 1 }))
    const late = await tab.open()
    await tab.request((session) => session.destroy())
    await late.login('alice')
    await tab.commit(late)
    expect(await tab.open()).toMatchObject({ userId: 'alice', data: {} })
  })

  it('A login on a session that an outage has detached throws', async () => {
    const { browser, store } = createFixture({ onStoreUnavailable: 'anonymous' })
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { cart: 1 }))
    store.break('error-before')
    const session = await tab.open()
    expect(session.detached).toBe('unavailable')
    await expect(session.login('alice')).rejects.toMatchObject({ code: 'LOGIN_UNAVAILABLE', status: 503 })
  })
})

describe('G4: two users never share data', () => {
  it('A login keeps all data of an anonymous visitor, none of it, or the named keys', async () => {
    for (const [keepData, expected] of [
      [undefined, { cart: 1, draft: 2 }],
      [true, { cart: 1, draft: 2 }],
      [false, {}],
      [['cart'], { cart: 1 }]
    ] as const) {
      const { browser } = createFixture()
      const tab = browser()
      await tab.request((session) => Object.assign(session.data, { cart: 1 }))
      await tab.request((session) => {
        session.data.draft = 2
        return session.login('alice', keepData === undefined ? {} : { keepData })
      })
      expect((await tab.open()).data).toEqual(expected)
    }
  })

  it('A repeated login of the same user keeps the data, and a login never keeps that of another user', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    await tab.request((session) => Object.assign(session.data, { private: 'of alice' }))
    await tab.request((session) => session.login('alice'))
    expect((await tab.open()).data).toEqual({ private: 'of alice' })
    await tab.request((session) => session.login('bob', { keepData: true }))
    expect((await tab.open()).data).toEqual({})
  })
})

describe('G9: nothing that matters for security is bound to the id', () => {
  it('tokenId changes with the secret, id does not', async () => {
    const { browser, manager } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const before = await tab.open()
    await tab.request((session) => session.login('alice'))
    const after = await tab.open()
    expect(after.id).toBe(before.id)
    expect(after.tokenId).not.toBe(before.tokenId)
    expect((await manager.find(after.id))?.tokenId).toBe(after.tokenId)
  })
})
