import { describe, expect, it } from 'vitest'
import { type Browser, createFixture, type Fixture, setCookieOf, start } from '../support/fixture.ts'

const [second, hour, day] = [1_000, 3_600_000, 86_400_000]

function maxAgeOf(headers: Parameters<typeof setCookieOf>[0]): number | undefined {
  const [, seconds] = /Max-Age=(\d+)/.exec(setCookieOf(headers) ?? '') ?? []
  return seconds === undefined ? undefined : Number(seconds)
}

async function createVisitor(fixture: Fixture): Promise<Browser> {
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  return tab
}

/** Whether the session is live `wait` milliseconds later. The check is a use, as any request. */
async function isLiveAfter(fixture: Fixture, tab: Browser, wait: number): Promise<boolean> {
  fixture.now += wait
  const session = await tab.open()
  await tab.commit(session)
  return !session.isNew
}

describe('a lifetime of one session above maxLifetime', () => {
  it('A lifetime above maxLifetime is read back as maxLifetime at once', async () => {
    const fixture = createFixture({ maxLifetime: '40d' })
    const tab = await createVisitor(fixture)
    const session = await tab.open()
    session.permanent = 400 * day
    expect([session.permanent, session.expiresAt]).toEqual([40 * day, start + 40 * day])
    expect(maxAgeOf(await tab.commit(session))).toBe((40 * day) / second)
    expect((await tab.open()).permanent).toBe(40 * day)
  })
})

describe('the option permanent', () => {
  it.each([
    ['7d', 7 * day],
    [true, 31 * day],
    ['60d', 60 * day]
  ] as const)(
    'The option permanent: %s makes the cookie of every new session persistent, with that lifetime',
    async (permanent, lifetime) => {
      const fixture = createFixture({ permanent })
      const tab = fixture.browser()
      const session = await tab.open()
      expect([session.permanent, session.expiresAt]).toEqual([permanent === true ? true : lifetime, start + lifetime])
      session.data.a = 1
      expect(maxAgeOf(await tab.commit(session))).toBe(lifetime / second)
      expect(await isLiveAfter(fixture, tab, lifetime - 1)).toBe(true)
      expect(await isLiveAfter(fixture, tab, 1)).toBe(false)
    }
  )

  it('The option applies to the session of a login, and to the new one after regenerate', async () => {
    const fixture = createFixture({ permanent: '7d' })
    const tab = fixture.browser()
    expect(maxAgeOf(await tab.request((session) => session.login('alice')))).toBe((7 * day) / second)
    const restarted = await tab.request(async (session) => {
      session.permanent = false
      await session.save()
      await session.regenerate({ anonymous: true })
    })
    expect(maxAgeOf(restarted)).toBe((7 * day) / second)
  })

  it('The option does not change existing sessions, or those that a handler made otherwise', async () => {
    const fixture = createFixture()
    const tab = await createVisitor(fixture)
    const next = fixture.another({ permanent: '7d' })
    expect((await tab.open(next)).permanent).toBe(false)
    expect(maxAgeOf(await tab.request((session) => session.regenerate(), next))).toBe(undefined)
    const other = fixture.browser()
    const headers = await other.request((session) => {
      session.permanent = false
      session.data.a = 1
    }, next)
    expect([setCookieOf(headers) === undefined, maxAgeOf(headers)]).toEqual([false, undefined])
  })

  it('The option stores nothing for a visitor without data', async () => {
    const fixture = createFixture({ permanent: true })
    expect(await fixture.browser().request(() => {})).toEqual([])
  })
})

describe('the option rolling', () => {
  const options = { permanent: '7d', rolling: true } as const

  it('With rolling a permanent lifetime counts from the last use, and the cookie is sent again', async () => {
    const fixture = createFixture(options)
    const tab = await createVisitor(fixture)
    fixture.now += 6 * day
    expect(maxAgeOf(await tab.request(() => {}))).toBe((7 * day) / second)
    fixture.now += 6 * day
    expect((await tab.open()).expiresAt).toBe(start + 13 * day)
    expect(await isLiveAfter(fixture, tab, day)).toBe(false)
  })

  it('With rolling the cookie is sent with a write, and with a touch that is due, but not with every response', async () => {
    const fixture = createFixture(options)
    const tab = await createVisitor(fixture)
    fixture.now += 59_999
    expect(await tab.request(() => {})).toEqual([])
    expect(maxAgeOf(await tab.request(({ data }) => Object.assign(data, { a: 2 })))).toBe((7 * day) / second)
    fixture.now += 60_000
    expect(maxAgeOf(await tab.request(() => {}))).toBe((7 * day) / second)
  })

  it('Rolling never extends a session past maxLifetime', async () => {
    const fixture = createFixture({ ...options, maxLifetime: '10d' })
    const tab = await createVisitor(fixture)
    fixture.now += 6 * day
    expect(maxAgeOf(await tab.request(() => {}))).toBe((4 * day) / second)
    expect(await isLiveAfter(fixture, tab, 4 * day - 1)).toBe(true)
    expect(await isLiveAfter(fixture, tab, 1)).toBe(false)
  })

  it('Rolling keeps a session in use whose own lifetime is shorter than touchInterval', async () => {
    const fixture = createFixture(options)
    const tab = fixture.browser()
    await tab.request((session) => {
      session.permanent = 30_000
      session.data.a = 1
    })
    for (let i = 0; i < 10; i++) expect(await isLiveAfter(fixture, tab, 20_000)).toBe(true)
    expect(await isLiveAfter(fixture, tab, 30_000)).toBe(false)
  })

  it('Rolling keeps the session of a user in the index for as long as it may be extended', async () => {
    const fixture = createFixture(options)
    const tab = fixture.browser()
    await tab.request((session) => session.login('alice'))
    for (let i = 0; i < 5; i++) expect(await isLiveAfter(fixture, tab, 5 * day)).toBe(true)
    expect(await fixture.manager.revokeAll('alice')).toBe(1)
    expect(await isLiveAfter(fixture, tab, 0)).toBe(false)
  })
})

describe('the option anonymousTimeout', () => {
  it.each([
    ['shorter', '10m', 600_000],
    ['longer', '12h', 12 * hour]
  ] as const)(
    'The anonymousTimeout is the idle timeout of sessions without a user, also if it is %s',
    async (_, anonymousTimeout, limit) => {
      const fixture = createFixture({ anonymousTimeout })
      const tab = await createVisitor(fixture)
      expect((await tab.open()).expiresAt).toBe(start + limit)
      expect(await isLiveAfter(fixture, tab, limit - 1)).toBe(true)
      await tab.request((session) => session.login('alice'))
      expect((await tab.open()).expiresAt).toBe(fixture.now + hour)
      const other = await createVisitor(fixture)
      expect(await isLiveAfter(fixture, other, limit)).toBe(false)
    }
  )

  it('The anonymousTimeout also ends a permanent session without a user, and its cookie is kept up to date', async () => {
    const fixture = createFixture({ permanent: '7d', anonymousTimeout: '1h' })
    const tab = await createVisitor(fixture)
    fixture.now += hour - 1
    expect(maxAgeOf(await tab.request(() => {}))).toBe(hour / second)
    expect(maxAgeOf(await tab.request((session) => session.login('alice')))).toBe((7 * day) / second)
    expect(await isLiveAfter(fixture, tab, 6 * day)).toBe(true)
    const other = await createVisitor(fixture)
    expect(await isLiveAfter(fixture, other, hour)).toBe(false)
  })
})

describe('session.permanent = 0', () => {
  it('The commit ends the session, and clears the cookie', async () => {
    const fixture = createFixture()
    const tab = await createVisitor(fixture)
    const session = await tab.open()
    session.permanent = 0
    session.data.a = 2
    expect([session.permanent, session.expiresAt]).toEqual([0, start])
    expect(setCookieOf(await tab.commit(session))).toContain('Max-Age=0')
    expect(fixture.eventTypes().slice(-1)).toEqual(['destroyed'])
  })

  it('A new session with permanent = 0 is not stored', async () => {
    const fixture = createFixture()
    const { calls } = await fixture.store.during(() =>
      fixture.browser().request((session) => {
        session.data.a = 1
        session.permanent = 0
      })
    )
    expect(calls).toEqual([])
  })

  it('A permanent of 0 stays after a save and a login of the same request', async () => {
    const fixture = createFixture()
    const tab = await createVisitor(fixture)
    const headers = await tab.request(async (session) => {
      session.permanent = 0
      await session.save()
      await session.login('alice')
    })
    expect(setCookieOf(headers)).toContain('Max-Age=0')
    expect(await fixture.manager.list({ userId: 'alice' })).toEqual([])
  })
})
