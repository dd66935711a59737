import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/index.ts'
import { createFixture, setCookieOf, start } from '../support/fixture.ts'

const forever = Number.MAX_SAFE_INTEGER

/** A store that ignores every expiry, as an engine with a broken clock would. */
function createForgetfulStore(): ReturnType<typeof createMemoryStore> {
  const inner = createMemoryStore({ clock: { now: () => 0 } })
  return {
    ...inner,
    compareAndSet: async (key, expected, value) => (await inner.compareAndSet?.(key, expected, value, forever)) ?? false
  }
}

describe('I8: timeouts do not depend on the store', () => {
  it('An idle session ends after exactly one hour, regardless of the store', async () => {
    const fixture = createFixture({}, createForgetfulStore())
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    fixture.now = start + 3_599_999
    expect((await tab.open()).isNew).toBe(false)
    fixture.now = start + 3_600_000
    expect((await tab.open()).isNew).toBe(true)
    expect(fixture.events.at(-1)).toMatchObject({ type: 'expired', limit: 'idle' })
  })

  it.each(['nothing', 'rotate', 'regenerate'] as const)(
    'A session in use ends at its absolute timeout, with %s in between',
    async (verb) => {
      const fixture = createFixture({ absoluteTimeout: '24h' }, createForgetfulStore())
      const tab = fixture.browser()
      await tab.request(({ data }) => Object.assign(data, { a: 1 }))
      for (let quarter = 1; quarter < 96; quarter++) {
        fixture.now = start + quarter * 900_000
        await tab.request((session) => (verb === 'nothing' ? undefined : session[verb]()))
      }
      fixture.now = start + 86_399_999
      expect((await tab.open()).isNew).toBe(false)
      fixture.now = start + 86_400_000
      expect((await tab.open()).isNew).toBe(true)
      expect(fixture.events.at(-1)).toMatchObject({ type: 'expired', limit: 'absolute' })
    }
  )

  it('A login restarts the absolute timeout', async () => {
    const fixture = createFixture({ idleTimeout: '24h' })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    fixture.now = start + 86_000_000
    await tab.request((session) => session.login('alice'))
    fixture.now = start + 86_400_001
    expect((await tab.open()).userId).toBe('alice')
  })

  it('A token that is older than every possible lifetime costs no read', async () => {
    const fixture = createFixture({}, createForgetfulStore())
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    fixture.now = start + 31 * 86_400_000
    const { calls, result } = await fixture.store.during(() => tab.open())
    expect(calls).toEqual([])
    expect(result.isNew).toBe(true)
    expect(fixture.events.at(-1)).toEqual({ type: 'rejected', reason: 'lifetime' })
  })

  it('A change of the configuration applies to existing sessions', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    fixture.now += 600_000
    expect((await tab.open(fixture.another({ idleTimeout: '10m' }))).isNew).toBe(true)
    expect((await tab.open(fixture.another({ idleTimeout: '11m' }))).isNew).toBe(false)
  })

  it('A permanent session has a persistent cookie, and a lifetime in place of both timeouts', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    const headers = await tab.request(async (session) => {
      session.permanent = true
      await session.login('alice')
    })
    expect(setCookieOf(headers)).toContain(`Max-Age=${31 * 86_400}`)
    fixture.now = start + 31 * 86_400_000 - 1
    expect(await tab.open()).toMatchObject({ permanent: true, userId: 'alice' })
    fixture.now = start + 31 * 86_400_000
    expect((await tab.open()).isNew).toBe(true)
  })

  it("A session's own lifetime counts from when it was set, and is capped by maxLifetime", async () => {
    const fixture = createFixture({ maxLifetime: '2d' })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    fixture.now = start + 1_800_000
    const headers = await tab.request((session) => {
      session.permanent = 600_000
    })
    expect(setCookieOf(headers)).toContain('Max-Age=600')
    fixture.now += 599_999
    expect((await tab.open()).permanent).toBe(600_000)
    await tab.request((session) => {
      session.permanent = 90 * 86_400_000
      expect(session.expiresAt).toBe(start + 2 * 86_400_000)
    })
    expect((await tab.open()).expiresAt).toBe(start + 2 * 86_400_000)
  })

  it('When only the lifetime changes, the cookie is sent with the new expiry, or as a browser-session cookie again', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const on = await tab.request((session) => {
      session.permanent = true
    })
    const off = await tab.request((session) => {
      session.permanent = false
    })
    expect(setCookieOf(on)).toContain('Max-Age=')
    expect(setCookieOf(off)).not.toContain('Max-Age=')
    expect(setCookieOf(off)).toContain('sid=')
  })

  it('A clock that jumps expires sessions, and has no other effect', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    fixture.now -= 3_600_000
    expect((await tab.open()).isNew).toBe(true)
    fixture.now += 3_600_000
    expect((await tab.open()).isNew).toBe(false)
    fixture.now += 365 * 86_400_000
    expect((await tab.open()).isNew).toBe(true)
    await tab.request(({ data }) => Object.assign(data, { b: 1 }))
    expect((await tab.open()).data).toEqual({ b: 1 })
  })
})
