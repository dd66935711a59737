import { describe, expect, it } from 'vitest'
import { createEncryption } from '../../src/record/encryption.ts'
import { createWorld } from '../support/world.ts'

const encryption = createEncryption({ secret: 'an encryption secret that is long enough' })

/** Browsers with one value each, and their storage keys. */
async function twoSessions(world: ReturnType<typeof createWorld>) {
  const [first, second] = [world.browser(), world.browser()]
  await first.request(({ data }) => Object.assign(data, { card: 'of the first' }))
  await second.request(({ data }) => Object.assign(data, { card: 'of the second' }))
  const keys = [`sessions.s.${(await first.open()).id}`, `sessions.s.${(await second.open()).id}`] as const
  return { first, second, keys }
}

describe('encryption at rest (G11)', () => {
  it('A dump of the store shows no payload, and the session reads as before', async () => {
    const world = createWorld({ encryption })
    const { first, keys } = await twoSessions(world)
    expect(await world.store.get(keys[0])).not.toMatch(/card|first/)
    expect((await first.open()).data).toEqual({ card: 'of the first' })
  })

  it('An unchanged session is not written again, and a touch does not encrypt', async () => {
    const world = createWorld({ encryption })
    const { first, keys } = await twoSessions(world)
    const payload = async (): Promise<string | undefined> => (await world.store.get(keys[0]))?.split('\n')[1]
    const before = await payload()
    const { calls } = await world.store.during(() => first.request(({ data }) => JSON.stringify(data)))
    expect(calls).toHaveLength(1)
    world.now += 60_000
    await first.request(() => {})
    expect(world.eventTypes()).toContain('touched')
    expect(await payload()).toBe(before)
  })

  it.each([
    ["another session's text under the thief's key", (_: string, other: string) => other],
    ["another session's payload", (text: string, other: string) => `${text.split('\n')[0]}\n${other.split('\n')[1]}`],
    ['a payload in the clear', (text: string) => `${text.split('\n')[0]}\n{"card":"forged"}`],
    ['a forged user', (text: string) => text.replace('"g":0', '"g":0,"u":"admin"')],
    ['a forged lifetime', (text: string) => text.replace('"g":0', '"g":0,"p":true')]
  ])('A record in which a store writer has put %s gives a new empty session and a corrupt event', async (_, forge) => {
    const world = createWorld({ encryption })
    const { first, keys } = await twoSessions(world)
    const [text = '', other = ''] = [await world.store.get(keys[0]), await world.store.get(keys[1])]
    await world.store.set(keys[0], forge(text, other), world.now + 60_000)
    const session = await first.open()
    const { data } = session
    expect(data).toEqual({})
    expect(session.userId).toBe(undefined)
    expect(world.events.filter(({ type }) => type === 'rejected' || type === 'superseded').length).toBeGreaterThan(0)
  })

  it('A request never trusts a forged user or lifetime, even if it does not read the data', async () => {
    const world = createWorld({ encryption })
    const tab = world.browser()
    await tab.request((session) => session.login('alice'))
    const running = await tab.open()
    const key = `sessions.s.${running.id}`
    const text = (await world.store.get(key)) ?? ''
    for (const forged of [text.replace('"u":"alice"', '"u":"admin"'), text.replace('"g":0', '"g":0,"p":true')]) {
      await world.store.set(key, forged, world.now + 60_000)
      const session = await tab.open()
      expect([session.userId, session.permanent, session.isNew]).toEqual([undefined, false, true])
      expect(world.events.at(-1)).toMatchObject({ type: 'rejected', reason: 'corrupt' })
    }
    expect(await running.reload()).toBe(false)
    expect(running.userId).toBe('alice')
  })

  it('Every operation works on encrypted records, with conflicts', async () => {
    const world = createWorld({ encryption })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const [one, two] = [await tab.open(), await tab.open(world.another())]
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
    expect(await world.manager.update(id, (stored) => Object.assign(stored, { e: 5 }))).toBe(true)
    expect((await world.manager.find(id))?.data).toEqual({ a: 1, b: 2, c: 3, d: 4, e: 5 })
  })
})
