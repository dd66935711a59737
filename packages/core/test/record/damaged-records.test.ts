import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/index.ts'
import { createEncryption } from '../../src/record/encryption.ts'
import { createWorld, setCookieOf, type World } from '../support/world.ts'

const keyOf = ({ id }: Session): string => `sessions.s.${id}`

/** Replaces the payload of a stored session, as another program might. */
async function damage(world: World, session: Session, payload: string): Promise<void> {
  const text = (await world.store.get(keyOf(session))) ?? ''
  const line = text.slice(0, text.indexOf('\n')).replace(/"w":"[^"]*"/, '"w":"damaged-by-us"')
  await world.store.set(keyOf(session), `${line}\n${payload}`, world.now + 60_000)
}

describe('a payload that is damaged while a request has the session open', () => {
  it.each<[string, (session: Session) => Promise<unknown>]>([
    [
      'an update',
      (session) =>
        session.update((data) => {
          data.b = 1
        })
    ],
    [
      'a save',
      (session) => {
        session.data.b = 1
        return session.save()
      }
    ]
  ])('The change of %s is reported dropped, and the damaged payload is kept for inspection', async (_, act) => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    void session.data
    await damage(world, session, 'null')
    // Another request writes first, so that this one reads again.
    expect(await act(session)).toBe(false)
    expect(world.eventTypes()).toContain('dropped')
    expect(await world.store.get(keyOf(session))).toMatch(/\nnull$/)
  })

  it('An update of a payload that was damaged before is reported dropped, too', async () => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await damage(world, session, '[1]')
    const stored = await session.update((data) => {
      data.b = 1
    })
    expect(stored).toBe(false)
  })

  it('A regenerate that has to encrypt a damaged payload again gives up', async () => {
    const world = createWorld({ encryption: createEncryption({ secret: 'an encryption secret that is long enough' }) })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await damage(world, session, 'AAAA')
    await session.regenerate()
    expect(setCookieOf(await tab.commit(session))).toBe(undefined)
    expect(world.eventTypes()).toContain('dropped')
  })

  it('An update that has to decrypt a damaged payload gives up, and an administrator finds no session', async () => {
    const world = createWorld({ encryption: createEncryption({ secret: 'an encryption secret that is long enough' }) })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await damage(world, session, 'AAAA')
    const stored = await session.update((data) => {
      data.b = 1
    })
    expect(stored).toBe(false)
    expect(await world.manager.find(session.id)).toBe(undefined)
  })

  it('A reload of a session whose payload was damaged makes it a new session', async () => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    expect(session.data).toEqual({ a: 1 })
    await damage(world, session, 'null')
    expect(await session.reload()).toBe(false)
    expect([session.isNew, session.data]).toEqual([true, {}])
  })

  it('An administrator finds no session with a damaged payload, and can list the others', async () => {
    const world = createWorld()
    const [one, other] = [world.browser(), world.browser()]
    for (const tab of [one, other]) await tab.request((session) => session.login('alice'))
    const [broken, whole] = [await one.open(), await other.open()]
    await damage(world, broken, 'null')
    expect(await world.manager.find(broken.id)).toBe(undefined)
    expect(world.events.at(-1)).toEqual({ type: 'rejected', reason: 'corrupt', id: broken.id })
    expect((await world.manager.list({ userId: 'alice' })).map(({ id }) => id)).toEqual([whole.id])
    const all: string[] = []
    for await (const { id } of world.manager.list()) all.push(id)
    expect(all).toEqual([whole.id])
  })

  it("A record restored from an older copy, with another start than the token's, opens nothing", async () => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    const text = (await world.store.get(keyOf(session))) ?? ''
    await world.store.set(keyOf(session), text.replace(`"c":${world.now}`, `"c":${world.now - 1}`), world.now + 60_000)
    expect((await tab.open()).isNew).toBe(true)
    expect(world.events.at(-1)).toEqual({ type: 'rejected', reason: 'corrupt', id: session.id })
  })

  it.each(['x', '[]', '{"v":1,"e":0,"s":{"a":null}}', '7', 'null'])(
    'An index whose value is %s is refused, and not changed',
    async (text) => {
      const world = createWorld()
      await world.browser().request((session) => session.login('alice'))
      const key = world.store.calls.find((call) => call.key.includes('.u.'))?.key ?? ''
      await world.store.set(key, text, world.now + 60_000)
      await expect(world.manager.revokeAll('alice')).rejects.toMatchObject({ code: 'STORE_MISBEHAVED' })
      expect(await world.store.get(key)).toBe(text)
    }
  )
})

describe('a payload with a number that no write could keep', () => {
  it('A payload with a number that cannot be written again is corrupt: the visitor gets a new session', async () => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await damage(world, session, '{"a":1e999}')
    const next = await tab.open()
    expect(next.data).toEqual({})
    next.data.b = 2
    await tab.commit(next)
    expect((await tab.open()).data).toEqual({ b: 2 })
    expect(world.eventTypes()).toContain('rejected')
  })
})
