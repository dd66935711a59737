import { expect, it } from 'vitest'
import { systemClock } from '../src/clock.ts'
import { createFixture, start } from './support/fixture.ts'

it('A clock with fractions of a millisecond is rounded, and the session is found by the next request', async () => {
  const time = { now: start + 0.75 }
  const fixture = createFixture({ clock: { now: () => time.now } })
  const tab = fixture.browser()
  await tab.request(async (session) => {
    session.permanent = 3_600_000
    await session.login('alice')
  })
  time.now += 60_000.5
  await tab.request((session) => session.rotate())
  const session = await tab.open()
  expect([session.userId, session.createdAt, session.lastSeenAt]).toEqual(['alice', start, start + 60_001])
  expect(fixture.eventTypes()).not.toContain('rejected')
})

it('The system clock returns the time, and sleeps', async () => {
  const before = Date.now()
  expect(systemClock.now()).toBeGreaterThanOrEqual(before)
  const sleeping = systemClock.sleep(0)
  expect(sleeping).toBeInstanceOf(Promise)
  await sleeping
})
