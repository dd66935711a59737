import { describe, expect, it } from 'vitest'
import { createEncryption } from '../../src/record/encryption.ts'
import { createFixture } from '../support/fixture.ts'

const encryption = createEncryption({ secret: 'an encryption secret that is long enough' })

/** Browsers with one value each, and their storage keys. */
async function twoSessions(fixture: ReturnType<typeof createFixture>) {
  const [first, second] = [fixture.browser(), fixture.browser()]
  await first.request(({ data }) => Object.assign(data, { card: 'of the first' }))
  await second.request(({ data }) => Object.assign(data, { card: 'of the second' }))
  const keys = [`sessions.s.${(await first.open()).id}`, `sessions.s.${(await second.open()).id}`] as const
  return { first, second, keys }
}

describe('encryption at rest (G11)', () => {
  it('A dump of the store shows no payload, and the session reads as before', async () => {
    const fixture = createFixture({ encryption })
    const { first, keys } = await twoSessions(fixture)
    expect(await fixture.store.get(keys[0])).not.toMatch(/card|first/)
    expect((await first.open()).data).toEqual({ card: 'of the first' })
  })

  it('An unchanged session is not written again, and a touch does not encrypt', async () => {
    const fixture = createFixture({ encryption })
    const { first, keys } = await twoSessions(fixture)
    const payload = async (): Promise<string | undefined> => (await fixture.store.get(keys[0]))?.split('\n')[1]
    const before = await payload()
    const { calls } = await fixture.store.during(() => first.request(({ data }) => JSON.stringify(data)))
    expect(calls).toHaveLength(1)
    fixture.now += 60_000
    await first.request(() => {})
    expect(fixture.eventTypes()).toContain('touched')
    expect(await payload()).toBe(before)
  })

  it.each([
    ["another session's record under the thief's key", (_: string, other: string) => other],
    [
      "another session's payload",
      (stored: string, other: string) => `${stored.split('\n')[0]}\n${other.split('\n')[1]}`
    ],
    ['a payload in the clear', (stored: string) => `${stored.split('\n')[0]}\n{"card":"forged"}`],
    ['a forged user', (stored: string) => stored.replace('"g":0', '"g":0,"u":"admin"')],
    ['a forged lifetime', (stored: string) => stored.replace('"g":0', '"g":0,"p":true')]
  ])('A record in which a store writer has put %s gives a new empty session and a corrupt event', async (_, forge) => {
    const fixture = createFixture({ encryption })
    const { first, keys } = await twoSessions(fixture)
    const [stored = '', other = ''] = [await fixture.store.get(keys[0]), await fixture.store.get(keys[1])]
    await fixture.store.set(keys[0], forge(stored, other), fixture.now + 60_000)
    const session = await first.open()
    const { data } = session
    expect(data).toEqual({})
    expect(session.userId).toBe(undefined)
    expect(fixture.events.filter(({ type }) => type === 'rejected' || type === 'superseded').length).toBeGreaterThan(0)
  })

  it('A request never trusts a forged user or lifetime, even if it does not read the data', async () => {
    const fixture = createFixture({ encryption })
    const tab = fixture.browser()
    await tab.request((session) => session.login('alice'))
    const running = await tab.open()
    const key = `sessions.s.${running.id}`
    const stored = (await fixture.store.get(key)) ?? ''
    for (const forged of [stored.replace('"u":"alice"', '"u":"admin"'), stored.replace('"g":0', '"g":0,"p":true')]) {
      await fixture.store.set(key, forged, fixture.now + 60_000)
      const session = await tab.open()
      expect([session.userId, session.permanent, session.isNew]).toEqual([undefined, false, true])
      expect(fixture.events.at(-1)).toMatchObject({ type: 'rejected', reason: 'corrupt' })
    }
    expect(await running.reload()).toBe(false)
    expect(running.userId).toBe('alice')
  })

  it('Every operation works on encrypted records, with conflicts', async () => {
    const fixture = createFixture({ encryption })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const [one, two] = [await tab.open(), await tab.open(fixture.another())]
    one.data.b = 2
    two.data.c = 3
    await tab.commit(one)
    await tab.commit(two)
    await tab.request((session) => session.rotate())
    await tab.request((session) => session.regenerate())
    await tab.request((session) => session.login('alice'))
    await tab.request((session) => session.update((data) => Object.assign(data, { d: 4 })))
    const { id, data } = await tab.open()
    expect(data).toEqual({ a: 1, b: 2, c: 3, d: 4 })
    expect(await fixture.manager.update(id, (stored) => Object.assign(stored, { e: 5 }))).toBe(true)
    expect((await fixture.manager.find(id))?.data).toEqual({ a: 1, b: 2, c: 3, d: 4, e: 5 })
  })
})
