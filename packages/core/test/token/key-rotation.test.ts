import { describe, expect, it } from 'vitest'
import { createFixture, secret, setCookieOf } from '../support/fixture.ts'

const [first, second, third] = [secret, `second ${secret}`, `third ${secret}`]

describe('key rotation', () => {
  it('A token of a retired key opens the session and is issued again under the newest key, without a write', async () => {
    const { browser, another, store } = createFixture()
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    const old = tab.cookie
    const rotated = another({ secret: [second, first] })
    const { calls, result } = await store.during(() => tab.request(() => {}, rotated))
    expect(calls.map(({ operation }) => operation)).toEqual(['get'])
    expect(setCookieOf(result)).toContain('__Host-sid=')
    expect(tab.cookie).not.toBe(old)
    expect(setCookieOf(await tab.request(() => {}, rotated))).toBe(undefined)
    expect((await tab.open(another({ secret: second }))).userId).toBe('alice')
    expect((await browser(old).open(another({ secret: second }))).isNew).toBe(true)
  })

  it('The reissued cookie of a permanent session keeps its expiry', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(async (session) => {
      session.permanent = true
      await session.login('alice')
    })
    fixture.now += 86_400_000
    const headers = await tab.request(() => {}, fixture.another({ secret: [second, first] }))
    expect(setCookieOf(headers)).toContain(`Max-Age=${30 * 86_400};`)
  })

  it('Three rotations under traffic log no user out', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    for (const ring of [
      [first],
      [first, second],
      [second, first],
      [second],
      [second, third],
      [third, second],
      [third]
    ]) {
      const manager = another({ secret: ring })
      await tab.request((session) => expect(session.userId).toBe('alice'), manager)
    }
  })

  it('A raised secretBits logs no user out, and lengthens the tokens made from now on', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    const longer = another({ secretBits: 256 })
    expect((await tab.open(longer)).userId).toBe('alice')
    await tab.request((session) => session.regenerate(), longer)
    expect(tab.cookie.length).toBeGreaterThan('__Host-sid='.length + 76)
    expect((await tab.open()).userId).toBe('alice')
  })
})
