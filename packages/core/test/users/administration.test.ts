import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../src/index.ts'
import { checkActor, checkIds, checkUserId, isSessionId } from '../../src/users/administration.ts'
import { createWorld, type World } from '../support/world.ts'

const nobody = 'f'.repeat(32)

/** A fixture with one stored session. */
async function withSession(options: Parameters<typeof createWorld>[0] = {}): Promise<World & { readonly id: string }> {
  const world = createWorld(options)
  const tab = world.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  const { id } = await tab.open()
  return Object.assign(world, { id })
}

/** The value under the key cannot be read any more. */
async function damage({ store, now }: World, id: string): Promise<void> {
  const key = `sessions.s.${id}`
  const text = await store.get(key)
  if (text === undefined) throw new Error('nothing stored')
  await store.set(key, text.slice(0, text.indexOf('\n') + 1).concat('[1'), now + 1_000_000)
}

const since = ({ events }: World, from: number): SessionEvent[] => events.slice(from)

describe('a session seen without its client', () => {
  it('find() returns nothing if nothing is stored, without an event', async () => {
    const world = createWorld()
    expect(await world.manager.find(nobody)).toBe(undefined)
    expect(await world.manager.revoke(nobody)).toBe(false)
    expect(world.events).toEqual([])
  })

  it('find() returns nothing for an object that only converts to an id, without a store call', async () => {
    const world = await withSession()
    const calls = world.store.calls.length
    const disguised: unknown = [world.id]
    expect(await Reflect.apply(world.manager.find, world.manager, [disguised])).toBe(undefined)
    expect(world.store.calls.slice(calls)).toEqual([])
  })

  it.each([
    ['x'.repeat(32), false],
    [`a${nobody}`, false],
    [`${nobody}a`, false],
    [nobody, true],
    [7, false]
  ])('A session id is 32 hex characters and nothing else: %j', async (id, expected) => {
    expect(isSessionId(id)).toBe(expected)
    const world = createWorld()
    const change = (): never => expect.fail('there is nothing to change')
    expect(await Reflect.apply(world.manager.update, world.manager, [id, change])).toBe(false)
    expect(world.store.calls.length).toBe(expected ? 1 : 0)
  })

  it('A session is listed only under a key that ends in an id', async () => {
    const world = await withSession()
    const value = (await world.store.get(`sessions.s.${world.id}`)) ?? ''
    await world.store.set(`sessions.s.${world.id}x`, value, world.now + 1_000_000)
    const ids: string[] = []
    for await (const { id } of world.manager.list()) ids.push(id)
    expect(ids).toEqual([world.id])
  })

  it('The info contains the permanence and its length', async () => {
    const { browser, manager } = createWorld()
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
    const { browser, manager } = createWorld()
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
    const world = await withSession()
    await damage(world, world.id)
    const before = world.events.length
    expect(await world.manager.find(world.id)).toBe(undefined)
    expect(since(world, before)).toEqual([{ type: 'rejected', reason: 'corrupt', id: world.id }])
    expect(await world.silent().find(world.id)).toBe(undefined)
  })
})

describe('an update without the client', () => {
  it('update() changes nothing if the session is absent or cannot be read, and does not call the function', async () => {
    const world = await withSession()
    await damage(world, world.id)
    for (const id of [nobody, world.id]) {
      expect(await world.manager.update(id, () => expect.fail('there is nothing to change'))).toBe(false)
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
    const world = await withSession()
    const before = world.events.length
    expect(await world.manager.revoke(world.id)).toBe(true)
    expect(await world.manager.revoke(world.id)).toBe(false)
    expect(since(world, before)).toEqual([{ type: 'destroyed', id: world.id, by: 'revoke' }])
  })

  it('revoke() ends the session of any user if none is named, and needs no event handler', async () => {
    const { browser, silent } = createWorld()
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
  ])('The user id %j is refused with the hint "%s"', (userId, cure) => {
    expect(() => checkUserId(userId)).toThrow(
      `A user id is a well-formed string of 1 to 512 characters${cure} [ARGUMENT_INVALID]`
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
