import { describe, expect, it } from 'vitest'
import { createFixture, type Fixture, setCookieOf } from '../support/fixture.ts'

async function stored(options: Parameters<typeof createFixture>[0] = {}) {
  const fixture = createFixture(options)
  const tab = fixture.browser()
  await tab.request((session) => session.login('alice'))
  fixture.eventTypes()
  return { fixture, tab }
}

async function sessionsOf({ manager }: Fixture): Promise<number> {
  return (await manager.list({ userId: 'alice' })).length
}

describe('session.permanent = 0', () => {
  it('The commit ends a session with permanent = 0: it deletes the record and clears the cookie', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    session.permanent = 0
    expect([session.permanent, session.expiresAt, session.userId]).toEqual([0, fixture.now, 'alice'])
    expect(await sessionsOf(fixture)).toBe(1)
    const headers = await tab.commit(session)
    expect(setCookieOf(headers)).toContain('Max-Age=0')
    expect(await sessionsOf(fixture)).toBe(0)
    expect(fixture.eventTypes()).toContain('destroyed')
  })

  it('The commit ends the session even after a save, which stores only the data', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    session.data.a = 1
    session.permanent = 0
    expect(await session.save()).toBe(true)
    expect([session.permanent, await sessionsOf(fixture)]).toEqual([0, 1])
    expect(setCookieOf(await tab.commit(session))).toContain('Max-Age=0')
    expect(await sessionsOf(fixture)).toBe(0)
  })

  it('The commit of a failed request ends the session, even with commitOnError: false', async () => {
    const { fixture, tab } = await stored({ commitOnError: false })
    const session = await tab.open()
    session.permanent = 0
    await fixture.manager.commit(session, { failed: true })
    expect(await sessionsOf(fixture)).toBe(0)
  })

  it('The commit does not end the session if another lifetime is set before it', async () => {
    const { fixture, tab } = await stored()
    for (const lifetime of [5000, true, false]) {
      await tab.request((session) => {
        session.permanent = 0
        session.permanent = lifetime
      })
      expect([lifetime, await sessionsOf(fixture)]).toEqual([lifetime, 1])
    }
  })

  it('A new session with permanent = 0 is not stored and sets no cookie', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    const headers = await tab.request((session) => {
      session.data.a = 1
      session.permanent = 0
    })
    expect([setCookieOf(headers), fixture.eventTypes()]).toEqual([undefined, []])
  })

  it('permanent = 0 does not end the empty session that regenerate creates afterwards', async () => {
    const { tab } = await stored()
    await tab.request(async (session) => {
      session.permanent = 0
      await session.regenerate({ anonymous: true })
      session.data.a = 1
    })
    expect((await tab.open()).data).toEqual({ a: 1 })
  })
})
