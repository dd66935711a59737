import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/index.ts'
import { createEncryption } from '../../src/record/encryption.ts'
import { createFixture, type Fixture, setCookieOf } from '../support/fixture.ts'

const keyOf = ({ id }: Session): string => `sessions.s.${id}`

/** Replaces the payload of a stored session, as another program might. */
async function damage(fixture: Fixture, session: Session, payload: string): Promise<void> {
  const stored = (await fixture.store.get(keyOf(session))) ?? ''
  const line = stored.slice(0, stored.indexOf('\n')).replace(/"w":"[^"]*"/, '"w":"damaged-by-us"')
  await fixture.store.set(keyOf(session), `${line}\n${payload}`, fixture.now + 60_000)
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
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    void session.data
    await damage(fixture, session, 'null')
    // Another request writes first, so that this one reads again.
    expect(await act(session)).toBe(false)
    expect(fixture.eventTypes()).toContain('dropped')
    expect(await fixture.store.get(keyOf(session))).toMatch(/\nnull$/)
  })

  it('An update of a payload that was damaged before is reported dropped, too', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await damage(fixture, session, '[1]')
    const stored = await session.update((data) => {
      data.b = 1
    })
    expect(stored).toBe(false)
  })

  it('A regenerate that has to encrypt a damaged payload again gives up', async () => {
    const fixture = createFixture({
      encryption: createEncryption({ secret: 'an encryption secret that is long enough' })
    })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await damage(fixture, session, 'AAAA')
    await session.regenerate()
    expect(setCookieOf(await tab.commit(session))).toBe(undefined)
    expect(fixture.eventTypes()).toContain('dropped')
  })

  it('An update that has to decrypt a damaged payload gives up, and an administrator finds no session', async () => {
    const fixture = createFixture({
      encryption: createEncryption({ secret: 'an encryption secret that is long enough' })
    })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await damage(fixture, session, 'AAAA')
    const stored = await session.update((data) => {
      data.b = 1
    })
    expect(stored).toBe(false)
    expect(await fixture.manager.find(session.id)).toBe(undefined)
  })

  it('A reload of a session whose payload was damaged makes it a new session', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    expect(session.data).toEqual({ a: 1 })
    await damage(fixture, session, 'null')
    expect(await session.reload()).toBe(false)
    expect([session.isNew, session.data]).toEqual([true, {}])
  })

  it('An administrator finds no session with a damaged payload, and can list the others', async () => {
    const fixture = createFixture()
    const [one, other] = [fixture.browser(), fixture.browser()]
    for (const tab of [one, other]) await tab.request((session) => session.login('alice'))
    const [broken, whole] = [await one.open(), await other.open()]
    await damage(fixture, broken, 'null')
    expect(await fixture.manager.find(broken.id)).toBe(undefined)
    expect(fixture.events.at(-1)).toEqual({ type: 'rejected', reason: 'corrupt', id: broken.id })
    expect((await fixture.manager.list({ userId: 'alice' })).map(({ id }) => id)).toEqual([whole.id])
    const all: string[] = []
    for await (const { id } of fixture.manager.list()) all.push(id)
    expect(all).toEqual([whole.id])
  })

  it("A record restored from an older copy, with another start than the token's, opens nothing", async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    const stored = (await fixture.store.get(keyOf(session))) ?? ''
    await fixture.store.set(
      keyOf(session),
      stored.replace(`"c":${fixture.now}`, `"c":${fixture.now - 1}`),
      fixture.now + 60_000
    )
    expect((await tab.open()).isNew).toBe(true)
    expect(fixture.events.at(-1)).toEqual({ type: 'rejected', reason: 'corrupt', id: session.id })
  })

  it.each(['x', '[]', '{"v":1,"e":0,"s":{"a":null}}', '7', 'null'])(
    'An index whose value is %s is refused, and not changed',
    async (stored) => {
      const fixture = createFixture()
      await fixture.browser().request((session) => session.login('alice'))
      const key = fixture.store.calls.find((call) => call.key.includes('.u.'))?.key ?? ''
      await fixture.store.set(key, stored, fixture.now + 60_000)
      await expect(fixture.manager.revokeAll('alice')).rejects.toMatchObject({ code: 'STORE_MISBEHAVED' })
      expect(await fixture.store.get(key)).toBe(stored)
    }
  )
})

describe('a payload with a number that no write could keep', () => {
  it('A payload with a number that cannot be written again is corrupt: the visitor gets a new session', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await damage(fixture, session, '{"a":1e999}')
    const next = await tab.open()
    expect(next.data).toEqual({})
    next.data.b = 2
    await tab.commit(next)
    expect((await tab.open()).data).toEqual({ b: 2 })
    expect(fixture.eventTypes()).toContain('rejected')
  })
})
