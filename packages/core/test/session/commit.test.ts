import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/errors.ts'
import { createFixture, setCookieOf } from '../support/fixture.ts'

async function stored(options: Parameters<typeof createFixture>[0] = {}) {
  const fixture = createFixture(options)
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  fixture.eventTypes()
  return { fixture, tab }
}

describe('a commit of a session that has ended', () => {
  it('A change is reported lost once, however often it is committed, and does not fail a response that has begun', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    await session.destroy()
    session.data.late = 1
    await fixture.manager.commit(session)
    await fixture.manager.commit(session)
    expect(fixture.eventTypes().filter((type) => type === 'dropped')).toEqual(['dropped'])
    session.data.late = 2
    await fixture.manager.commit(session)
    expect(fixture.eventTypes()).toEqual(['dropped'])
  })

  it('Nothing is reported if nothing was changed', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    await session.destroy()
    fixture.eventTypes()
    await fixture.manager.commit(session)
    expect(fixture.eventTypes()).toEqual([])
  })
})

describe('a commit of a new session', () => {
  it('A first change after the headers fails, and an event has a hint', async () => {
    const { fixture } = await stored()
    const session = await fixture.manager.open('')
    await fixture.manager.commit(session)
    await fixture.manager.commit(session)
    fixture.eventTypes()
    session.data.a = 1
    await expect(fixture.manager.commit(session)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    expect(fixture.events).toContainEqual({
      type: 'cookieSkipped',
      reason: 'headers-sent',
      hint: 'store before the response starts'
    })
  })
})

describe('a commit of a request that failed', () => {
  it.each([
    [true, true, { a: 2 }],
    [true, undefined, { a: 2 }],
    [false, true, { a: 1 }],
    [false, false, { a: 2 }],
    [false, undefined, { a: 2 }]
  ] as const)(
    'With commitOnError: %s and failed: %s the stored data is %j',
    async (commitOnError, failed, expected) => {
      const { fixture, tab } = await stored({ commitOnError })
      const session = await tab.open()
      session.data.a = 2
      tab.receive((await fixture.manager.commit(session, failed === undefined ? {} : { failed })).headers)
      expect((await tab.open()).data).toEqual(expected)
    }
  )

  it('A touch and a lifetime are stored without the data', async () => {
    for (const permanent of [false, true]) {
      const { fixture, tab } = await stored({ commitOnError: false })
      fixture.now += 5 * 60_000
      const session = await tab.open()
      session.data.a = 2
      session.permanent = permanent
      tab.receive((await fixture.manager.commit(session, { failed: true })).headers)
      const after = await tab.open()
      expect([after.data, after.lastSeenAt, after.permanent]).toEqual([{ a: 1 }, fixture.now, permanent])
    }
  })
})

describe('a touch that is due', () => {
  it('A touch that comes too late for its session loses nothing, and nothing is reported lost', async () => {
    const { fixture, tab } = await stored()
    fixture.now += 5 * 60_000
    const session = await tab.open()
    await (await tab.open()).destroy()
    fixture.eventTypes()
    expect(setCookieOf((await fixture.manager.commit(session)).headers)).toBeUndefined()
    expect(fixture.eventTypes()).toEqual([])
    expect(session.toJSON().state).toBe('ended')
  })

  it('A touch that the engine refuses as too large does not fail the request, even without an event handler', async () => {
    const { fixture, tab } = await stored()
    fixture.now += 5 * 60_000
    const full = () => Promise.reject(new SessionError('RECORD_TOO_LARGE', 'the engine takes no more'))
    const silent = fixture.silent({ store: { ...fixture.store, compareAndSet: full } })
    const session = await tab.open(silent)
    expect((await silent.commit(session)).headers).toEqual([])
  })
})
