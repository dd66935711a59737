import { describe, expect, it } from 'vitest'
import { createWorld } from './support/world.ts'

async function stored(options: Parameters<typeof createWorld>[0] = {}) {
  const world = createWorld(options)
  const tab = world.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  const { id } = await tab.open()
  world.eventTypes()
  return { world, tab, id, key: `sessions.s.${id}` }
}

describe('a request that only looked', () => {
  it('touches, and stores no data', async () => {
    const { world, tab, id, key } = await stored()
    const before = await world.store.get(key)
    world.now += 20 * 60_000
    await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect(world.events.slice(-1)).toEqual([{ type: 'touched', id }])
    expect((await world.store.get(key))?.split('\n')[1]).toBe(before?.split('\n')[1])
  })
})

describe('a session whose time runs out while a request has it', () => {
  it('is not written any more, though its text is still the one that was read', async () => {
    const { world, tab, id, key } = await stored()
    const session = await tab.open()
    const text = (await world.store.get(key)) ?? ''
    world.now += 3 * 3_600_000
    // As a store would still hold it whose clock is behind.
    await world.store.set(key, text, world.now + 1_000_000)
    session.data.a = 2
    await world.manager.commit(session)
    expect(world.events.slice(-1)).toEqual([{ type: 'dropped', id, reason: 'gone' }])
    expect(await world.store.get(key)).toBe(text)
  })
})

describe('the holder of a secret that was replaced', () => {
  const naming = { userIdFrom: ({ user }: { user?: string }) => user }

  it('stores what others may share', async () => {
    const { world, tab } = await stored(naming)
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    session.data.b = 2
    await world.manager.commit(session)
    expect((await tab.open()).data).toEqual({ a: 1, b: 2 })
  })

  it('makes it nobody else’s session', async () => {
    const { world, tab, id } = await stored(naming)
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    session.data.user = 'mallory'
    await world.manager.commit(session)
    expect(world.events).toContainEqual({ type: 'dropped', id, reason: 'superseded' })
    const { data, userId } = await tab.open()
    expect([data, userId]).toEqual([{ a: 1 }, undefined])
  })
})
