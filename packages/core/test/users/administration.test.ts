import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../src/index.ts'
import { checkActor, checkIds, checkUserId, isSessionId } from '../../src/users/administration.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

const unknownId = 'f'.repeat(32)

/** A fixture with one stored session. */
async function withSession(
  options: Parameters<typeof createFixture>[0] = {}
): Promise<Fixture & { readonly id: string }> {
  const fixture = createFixture(options)
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  const { id } = await tab.open()
  return Object.assign(fixture, { id })
}

/** The value under the key cannot be read any more. */
async function damage({ store, now }: Fixture, id: string): Promise<void> {
  const key = `sessions.s.${id}`
  const stored = await store.get(key)
  if (stored === undefined) throw new Error('nothing stored')
  await store.set(key, stored.slice(0, stored.indexOf('\n') + 1).concat('[1'), now + 1_000_000)
}

const since = ({ events }: Fixture, from: number): SessionEvent[] => events.slice(from)

describe('a session seen without its client', () => {
  it('find() returns nothing if nothing is stored, without an event', async () => {
    const fixture = createFixture()
    expect(await fixture.manager.find(unknownId)).toBe(undefined)
    expect(await fixture.manager.revoke(unknownId)).toBe(false)
    expect(fixture.events).toEqual([])
  })

  it('find() returns nothing for an object that only converts to an id, without a store call', async () => {
    const fixture = await withSession()
    const calls = fixture.store.calls.length
    const disguised: unknown = [fixture.id]
    expect(await Reflect.apply(fixture.manager.find, fixture.manager, [disguised])).toBe(undefined)
    expect(fixture.store.calls.slice(calls)).toEqual([])
  })

  it.each([
    ['x'.repeat(32), false],
    [`a${unknownId}`, false],
    [`${unknownId}a`, false],
    [unknownId, true],
    [7, false]
  ])('A session id is 32 hex characters and nothing else: %j', async (id, expected) => {
    expect(isSessionId(id)).toBe(expected)
    const fixture = createFixture()
    const change = (): never => expect.fail('there is nothing to change')
    expect(await Reflect.apply(fixture.manager.update, fixture.manager, [id, change])).toBe(false)
    expect(fixture.store.calls.length).toBe(expected ? 1 : 0)
  })

  it('A session is listed only under a key that ends in an id', async () => {
    const fixture = await withSession()
    const value = (await fixture.store.get(`sessions.s.${fixture.id}`)) ?? ''
    await fixture.store.set(`sessions.s.${fixture.id}x`, value, fixture.now + 1_000_000)
    const ids: string[] = []
    for await (const { id } of fixture.manager.list()) ids.push(id)
    expect(ids).toEqual([fixture.id])
  })

  it('The info contains the permanence and its length', async () => {
    const { browser, manager } = createFixture()
    const permanence = async (permanent: boolean | number): Promise<boolean | number | undefined> => {
      const tab = browser()
      await tab.request((session) => {
        session.data.a = 1
        session.permanent = permanent
      })
      return (await manager.find((await tab.open()).id))?.permanent
    }
    expect(await permanence(false)).toBe(false)
    expect(await permanence(true)).toBe(true)
    expect(await permanence(7 * 86_400_000)).toBe(7 * 86_400_000)
  })

  it('The info has another tokenId than a session that a socket keeps open, once another request has swapped the secret', async () => {
    const { browser, manager } = createFixture()
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    const held = await tab.open()
    expect((await manager.find(held.id))?.tokenId).toBe(held.tokenId)
    await tab.request((session) => session.rotate())
    expect(await manager.find(held.id)).toMatchObject({
      userId: 'alice',
      tokenId: expect.not.stringMatching(held.tokenId)
    })
  })

  it('A session whose data cannot be read is not found, with or without an event handler', async () => {
    const fixture = await withSession()
    await damage(fixture, fixture.id)
    const before = fixture.events.length
    expect(await fixture.manager.find(fixture.id)).toBe(undefined)
    expect(since(fixture, before)).toEqual([{ type: 'rejected', reason: 'corrupt', id: fixture.id }])
    expect(await fixture.silent().find(fixture.id)).toBe(undefined)
  })
})

describe('an update without the client', () => {
  it('update() changes nothing if the session is absent or cannot be read, and does not call the function', async () => {
    const fixture = await withSession()
    await damage(fixture, fixture.id)
    for (const id of [unknownId, fixture.id]) {
      expect(await fixture.manager.update(id, () => expect.fail('there is nothing to change'))).toBe(false)
    }
  })

  it('update() cannot change the user of a session', async () => {
    const { manager, id } = await withSession({
      userIdFrom: ({ user }) => (typeof user === 'string' ? user : undefined)
    })
    const change = manager.update(id, (data) => Object.assign(data, { user: 'alice' }))
    await expect(change).rejects.toThrow('only a login can')
  })
})

describe('a revocation', () => {
  it('A revocation is reported once, and only if there was a session', async () => {
    const fixture = await withSession()
    const before = fixture.events.length
    expect(await fixture.manager.revoke(fixture.id)).toBe(true)
    expect(await fixture.manager.revoke(fixture.id)).toBe(false)
    expect(since(fixture, before)).toEqual([{ type: 'destroyed', id: fixture.id, by: 'revoke' }])
  })

  it('revoke() ends the session of any user if none is named, and needs no event handler', async () => {
    const { browser, silent } = createFixture()
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    expect(await silent().revoke((await tab.open()).id)).toBe(true)
  })
})

describe('an argument of an administrative call', () => {
  it.each([
    ['', ''],
    [undefined, ''],
    ['x'.repeat(513), ''],
    ['\ud800', ''],
    [7, '; pass String(id)']
  ])('The user id %j is refused with the hint "%s"', (userId, hint) => {
    expect(() => checkUserId(userId)).toThrow(
      `A user id is a well-formed string of 1 to 512 characters${hint} [ARGUMENT_INVALID]`
    )
  })

  it('An actor is undefined or a string', () => {
    expect([checkActor('cli'), checkActor(undefined)]).toEqual(['cli', undefined])
    expect(() => checkActor(7)).toThrow('by must be a string [ARGUMENT_INVALID]')
  })

  it('The exceptions are ids', () => {
    expect([...checkIds('a'), ...checkIds(['b', 'c'])]).toEqual(['a', 'b', 'c'])
    for (const ids of [undefined, 7, ['a', 7]]) {
      expect(() => checkIds(ids)).toThrow('except must be an id or an array of ids [ARGUMENT_INVALID]')
    }
  })
})
