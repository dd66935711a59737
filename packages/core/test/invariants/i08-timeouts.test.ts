import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/index.ts'
import { createWorld, setCookieOf, start } from '../support/world.ts'

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
    const world = createWorld({}, createForgetfulStore())
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    world.now = start + 3_599_999
    expect((await tab.open()).isNew).toBe(false)
    world.now = start + 3_600_000
    expect((await tab.open()).isNew).toBe(true)
    expect(world.events.at(-1)).toMatchObject({ type: 'expired', limit: 'idle' })
  })

  it.each(['nothing', 'rotate', 'regenerate'] as const)(
    'A session in use ends at its absolute timeout, with %s in between',
    async (verb) => {
      const world = createWorld({ absoluteTimeout: '24h' }, createForgetfulStore())
      const tab = world.browser()
      await tab.request(({ data }) => Object.assign(data, { a: 1 }))
      for (let quarter = 1; quarter < 96; quarter++) {
        world.now = start + quarter * 900_000
        await tab.request((session) => (verb === 'nothing' ? undefined : session[verb]()))
      }
      world.now = start + 86_399_999
      expect((await tab.open()).isNew).toBe(false)
      world.now = start + 86_400_000
      expect((await tab.open()).isNew).toBe(true)
      expect(world.events.at(-1)).toMatchObject({ type: 'expired', limit: 'absolute' })
    }
  )

  it('A login restarts the absolute timeout', async () => {
    const world = createWorld({ idleTimeout: '24h' })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    world.now = start + 86_000_000
    await tab.request((session) => session.login('alice'))
    world.now = start + 86_400_001
    expect((await tab.open()).userId).toBe('alice')
  })

  it('A token that is older than every possible lifetime costs no read', async () => {
    const world = createWorld({}, createForgetfulStore())
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    world.now = start + 31 * 86_400_000
    const { calls, result } = await world.store.during(() => tab.open())
    expect(calls).toEqual([])
    expect(result.isNew).toBe(true)
    expect(world.events.at(-1)).toEqual({ type: 'rejected', reason: 'lifetime' })
  })

  it('A change of the configuration applies to existing sessions', async () => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    world.now += 600_000
    expect((await tab.open(world.another({ idleTimeout: '10m' }))).isNew).toBe(true)
    expect((await tab.open(world.another({ idleTimeout: '11m' }))).isNew).toBe(false)
  })

  it('A permanent session has a persistent cookie, and a lifetime in place of both timeouts', async () => {
    const world = createWorld()
    const tab = world.browser()
    const headers = await tab.request(async (session) => {
      session.permanent = true
      await session.login('alice')
    })
    expect(setCookieOf(headers)).toContain(`Max-Age=${31 * 86_400}`)
    world.now = start + 31 * 86_400_000 - 1
    expect(await tab.open()).toMatchObject({ permanent: true, userId: 'alice' })
    world.now = start + 31 * 86_400_000
    expect((await tab.open()).isNew).toBe(true)
  })

  it("A session's own lifetime counts from when it was set, and is capped by maxLifetime", async () => {
    const world = createWorld({ maxLifetime: '2d' })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    world.now = start + 1_800_000
    const headers = await tab.request((session) => {
      session.permanent = 600_000
    })
    expect(setCookieOf(headers)).toContain('Max-Age=600')
    world.now += 599_999
    expect((await tab.open()).permanent).toBe(600_000)
    await tab.request((session) => {
      session.permanent = 90 * 86_400_000
      expect(session.expiresAt).toBe(start + 2 * 86_400_000)
    })
    expect((await tab.open()).expiresAt).toBe(start + 2 * 86_400_000)
  })

  it('When only the lifetime changes, the cookie is sent with the new expiry, or as a browser-session cookie again', async () => {
    const { browser } = createWorld()
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
    const world = createWorld()
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    world.now -= 3_600_000
    expect((await tab.open()).isNew).toBe(true)
    world.now += 3_600_000
    expect((await tab.open()).isNew).toBe(false)
    world.now += 365 * 86_400_000
    expect((await tab.open()).isNew).toBe(true)
    await tab.request(({ data }) => Object.assign(data, { b: 1 }))
    expect((await tab.open()).data).toEqual({ b: 1 })
  })
})
