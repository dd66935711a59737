import { describe, expect, it } from 'vitest'
import { createFixture } from '../support/fixture.ts'

const maxRecordBytes = 2_000

/** A session whose data has exactly the maximum size. */
async function fullSession(options: Parameters<typeof createFixture>[0] = {}) {
  const fixture = createFixture({ maxRecordBytes, ...options })
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { note: 'x'.repeat(maxRecordBytes - '{"note":""}'.length) }))
  return { fixture, tab }
}

describe('a session whose data has the maximum size', () => {
  it('A session of maximum size is read, touched and rotated', async () => {
    const { fixture, tab } = await fullSession({ rotateAfter: '10m' })
    const before = tab.cookie
    fixture.now += 11 * 60_000
    await tab.request(({ data }) => data.note)
    expect(tab.cookie).not.toBe(before)
    fixture.now += 2 * 60_000
    await tab.request(() => {})
    expect((await tab.open()).isNew).toBe(false)
  })

  it('A session of maximum size allows a login, so an attacker who plants one cannot lock the user out', async () => {
    const { tab } = await fullSession()
    await tab.request((session) => session.login('a user with a long name'.padEnd(512, '\u20ac')))
    expect((await tab.open()).userId).toHaveLength(512)
  })

  it('A session of maximum size refuses more data, and the error names the largest keys', async () => {
    const { tab } = await fullSession()
    const storing = tab.request(({ data }) => Object.assign(data, { more: 1 }))
    await expect(storing).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringContaining('note (')
    })
    expect((await tab.open()).data).not.toHaveProperty('more')
  })

  it('A touch that the store refuses as too large raises an event and does not fail the request', async () => {
    const { fixture, tab } = await fullSession()
    fixture.now += 2 * 60_000
    const { SessionError } = await import('../../src/index.ts')
    const narrow = fixture.another({
      store: {
        ...fixture.store,
        compareAndSet: () => Promise.reject(new SessionError('RECORD_TOO_LARGE', 'the engine takes no more'))
      }
    })
    fixture.eventTypes()
    await tab.request(({ data }) => data.note, narrow)
    expect(fixture.events.at(-1)).toMatchObject({ type: 'storeError', operation: 'upkeep', code: 'RECORD_TOO_LARGE' })
  })
})

describe('the sessions of one user', () => {
  it('A user has at most 100 sessions by default; one more login ends the oldest', async () => {
    const fixture = createFixture()
    const tabs = Array.from({ length: 101 }, () => fixture.browser())
    for (const tab of tabs) await tab.request((session) => session.login('alice'))
    expect(await fixture.manager.list({ userId: 'alice' })).toHaveLength(100)
    expect((await tabs[0]?.open())?.isNew).toBe(true)
    expect((await tabs[1]?.open())?.userId).toBe('alice')
  })

  it('The number of sessions of a user is unlimited with maxSessionsPerUser: false', async () => {
    const fixture = createFixture({ maxSessionsPerUser: false })
    for (let i = 0; i < 120; i++) await fixture.browser().request((session) => session.login('alice'))
    expect(await fixture.manager.list({ userId: 'alice' })).toHaveLength(120)
  })
})
