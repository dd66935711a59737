import { describe, expect, it } from 'vitest'
import { createFixture } from '../support/fixture.ts'

const minute = 60_000

/** A socket opens the session of its handshake and never commits: no cookie can follow. */
describe('a session that a socket keeps open', () => {
  it('save() and update() store without a rotation, which is left to a request with a response', async () => {
    const fixture = createFixture({ rotateAfter: '10m' })
    const tab = fixture.browser()
    await tab.request((session) => session.login('alice'))
    const held = await tab.open()
    for (const store of [() => held.save(), () => held.update((data) => (data.seen = true))]) {
      fixture.now += 11 * minute
      expect(await store()).toBe(true)
    }
    expect(fixture.eventTypes()).not.toContain('rotated')
    await tab.request(() => {})
    expect(fixture.eventTypes()).toContain('rotated')
    expect((await tab.open()).userId).toBe('alice')
  })

  it('A session has ended for good once reload() has found that', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(async (session) => {
      await session.login('alice')
      session.data.cart = ['book']
    })
    const held = await tab.open()
    expect(held.data).toEqual({ cart: ['book'] })
    await fixture.manager.revokeAll('alice')
    expect(await held.reload()).toBe(false)
    expect([held.userId, held.data]).toEqual([undefined, {}])
    expect(await held.save()).toBe(false)
  })

  it('A session shows nothing of its user once reload() has found a newer secret', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request((session) => session.login('alice'))
    const held = await tab.open()
    await tab.request((session) => session.regenerate())
    expect(await held.reload()).toBe(false)
    expect([held.detached, held.userId, held.data]).toEqual(['superseded', undefined, {}])
  })
})
