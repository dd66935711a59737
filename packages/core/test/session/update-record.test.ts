import { describe, expect, it } from 'vitest'
import type { SessionManagerOptions } from '../../src/index.ts'
import { decodeRecord, type RecordMetadata } from '../../src/record/record.ts'
import { createGate, createWorld, setCookieOf, type World } from '../support/world.ts'

const hour = 3_600_000

async function metadataOf({ store }: World, key: string): Promise<RecordMetadata> {
  const record = decodeRecord((await store.get(key)) ?? '')
  if (typeof record === 'string') throw new TypeError(record)
  return record.metadata
}

async function stored(options: Parameters<typeof createWorld>[0] = {}) {
  const world = createWorld(options)
  const tab = world.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  const { id } = await tab.open()
  world.eventTypes()
  return { world, tab, id, key: `sessions.s.${id}` }
}

/** Accepts data whose `a` is a number or absent. */
const numbers: NonNullable<SessionManagerOptions['schema']> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const { a = 0 } = Object(value)
      return typeof a === 'number' && typeof value === 'object'
        ? { value: Object(value) }
        : { issues: [{ message: 'no' }] }
    }
  }
}

describe('a request that only reads', () => {
  it.each([
    ['ends with the browser', {}],
    ['is permanent', { permanent: true }]
  ])('A request that only reads touches a session that %s, without a cookie', async (_, options) => {
    const { world, tab, key } = await stored(options)
    world.now += 20 * 60_000
    const headers = await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect([(await metadataOf(world, key)).lastSeenAt, setCookieOf(headers)]).toEqual([world.now, undefined])
  })

  it('A request that only reads touches a session whose data a schema checks', async () => {
    const { world, tab, key } = await stored({ schema: numbers })
    world.now += 20 * 60_000
    await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect((await metadataOf(world, key)).lastSeenAt).toBe(world.now)
  })

  it('A request that only reads and saves has nothing to store, and makes no store call', async () => {
    const { world, tab } = await stored()
    const session = await tab.open()
    const { result, calls } = await world.store.during(() => session.save())
    expect([result, calls]).toEqual([true, []])
  })

  it('A touch stores no data', async () => {
    const { world, tab, id, key } = await stored()
    const before = await world.store.get(key)
    world.now += 20 * 60_000
    await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect(world.events.slice(-1)).toEqual([{ type: 'touched', id }])
    expect((await world.store.get(key))?.split('\n')[1]).toBe(before?.split('\n')[1])
  })
})

describe('a session that expires while a request uses it', () => {
  it('An expired session is not written any more, although its value is still the one that was read', async () => {
    const { world, tab, id, key } = await stored()
    const session = await tab.open()
    const text = (await world.store.get(key)) ?? ''
    world.now += 3 * 3_600_000
    // As a store with a slow clock would still hold it.
    await world.store.set(key, text, world.now + 1_000_000)
    session.data.a = 2
    await world.manager.commit(session)
    expect(world.events.slice(-1)).toEqual([{ type: 'dropped', id, reason: 'gone' }])
    expect(await world.store.get(key)).toBe(text)
  })
})

describe('a request with a replaced secret', () => {
  const naming: Partial<SessionManagerOptions> = {
    userIdFrom: ({ user }) => (typeof user === 'string' ? user : undefined)
  }

  it('A superseded request stores data for the same user', async () => {
    const { world, tab } = await stored(naming)
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    session.data.b = 2
    await world.manager.commit(session)
    expect((await tab.open()).data).toEqual({ a: 1, b: 2 })
  })

  it('A superseded request stores data if the data names the same user as before', async () => {
    const { world, tab } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    session.data.b = 2
    await world.manager.commit(session)
    const { data, userId } = await tab.open()
    expect([data, userId]).toEqual([{ a: 1, user: 'alice', b: 2 }, 'alice'])
  })

  it('A superseded request that only reads loses nothing, and raises no event', async () => {
    const { world, tab } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    world.now += 60_000
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    world.eventTypes()
    await world.manager.commit(session)
    expect([world.eventTypes(), session.detached]).toEqual([[], false])
  })

  it('A superseded request moves neither lastSeenAt nor the end of the session', async () => {
    const { world, tab, key } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    const { lastSeenAt } = await metadataOf(world, key)
    world.now += 30_000
    session.data.b = 2
    session.permanent = true
    await world.manager.commit(session)
    const after = await metadataOf(world, key)
    expect([after.lastSeenAt, after.permanent, (await tab.open()).data]).toEqual([
      lastSeenAt,
      undefined,
      { a: 1, b: 2 }
    ])
  })

  it('A superseded request stores nothing if the data was emptied on purpose', async () => {
    const { world, tab, id } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate({ anonymous: true }))
    session.data.b = 2
    await world.manager.commit(session)
    expect(world.events).toContainEqual({ type: 'dropped', id, reason: 'superseded' })
    expect((await tab.open()).data).toEqual({})
  })

  it('A superseded request does no upkeep: a due touch is left to the current secret', async () => {
    const { world, tab, key } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    const before = await world.store.get(key)
    world.now += 5 * 60_000
    world.eventTypes()
    await world.manager.commit(session)
    expect([await world.store.get(key), world.eventTypes()]).toEqual([before, []])
  })

  it('A superseded request cannot change the user of the session', async () => {
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

describe('a rotation', () => {
  it('The old secret works until the new one is used, whatever is stored by the same request and by the old one', async () => {
    const { world, tab, key } = await stored()
    const late = await tab.open()
    const session = await tab.open()
    await session.rotate()
    session.data.b = 2
    await tab.commit(session)
    expect(await metadataOf(world, key)).toMatchObject({ aliasHash: expect.any(String) })
    expect((await metadataOf(world, key)).aliasUntil).toBeUndefined()
    late.data.c = 3
    await world.manager.commit(late)
    expect((await metadataOf(world, key)).aliasUntil).toBeUndefined()
    await tab.request(({ data }) => Object.assign(data, { d: 4 }))
    expect(await metadataOf(world, key)).toMatchObject({ aliasUntil: world.now + 30_000 })
  })

  it('A request with the new secret that only reads shows that the new secret has arrived', async () => {
    const { world, tab, key } = await stored()
    await tab.request((session) => session.rotate())
    expect((await metadataOf(world, key)).aliasUntil).toBeUndefined()
    await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect(await metadataOf(world, key)).toMatchObject({ aliasUntil: world.now + 30_000 })
  })

  it('Only the current secret may rotate; any working secret may regenerate', async () => {
    const { world, tab } = await stored()
    const old = tab.cookie
    await tab.request((session) => session.rotate())
    world.eventTypes()
    const late = await world.manager.open(old)
    await late.rotate()
    expect(world.eventTypes()).toEqual(['loaded'])
    await late.regenerate()
    expect(world.eventTypes()).toEqual(['regenerated'])
    tab.receive((await world.manager.commit(late)).headers)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('A rotation succeeds although another process has written something else first', async () => {
    const { world, tab } = await stored()
    const session = await tab.open()
    await tab.request(({ data }) => Object.assign(data, { b: 2 }), world.another())
    world.eventTypes()
    await session.rotate()
    expect(world.eventTypes()).toEqual(['rotated'])
    expect(setCookieOf((await world.manager.commit(session)).headers)).toBeDefined()
  })
})

describe('data that names a user', () => {
  const naming: Partial<SessionManagerOptions> = {
    userIdFrom: ({ user }) => (typeof user === 'string' ? user : undefined)
  }

  it('Data that names a user restarts the session, and other data does not', async () => {
    const { world, tab, key } = await stored(naming)
    const [start, before] = [world.now, tab.cookie]
    world.now += hour / 2
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const named = await metadataOf(world, key)
    expect([named.createdAt, named.authenticatedAt, named.userId, tab.cookie === before]).toEqual([
      start + hour / 2,
      world.now,
      'alice',
      false
    ])
    world.now += hour / 2
    await tab.request(({ data }) => void delete data.user)
    const { createdAt, authenticatedAt, userId } = await metadataOf(world, key)
    expect([createdAt, authenticatedAt, userId]).toEqual([named.createdAt, named.authenticatedAt, undefined])
  })

  it('Removing the user removes the index entry, in one swap', async () => {
    const { world, tab, key } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    expect((await metadataOf(world, key)).indexedUntil).toBeGreaterThan(world.now)
    world.eventTypes()
    await tab.request(async (session) => {
      await session.regenerate()
      delete session.data.user
    })
    expect(world.eventTypes()).toEqual(['loaded', 'regenerated', 'saved'])
    const { userId, indexedUntil } = await metadataOf(world, key)
    expect([userId, indexedUntil]).toEqual([undefined, undefined])
  })

  it('An update of data that was not read can remove the user', async () => {
    const { world, tab, key } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const before = tab.cookie
    await tab.request((session) => session.update((data) => void delete data.user))
    expect([(await metadataOf(world, key)).userId, tab.cookie === before]).toEqual([undefined, false])
  })

  it('A user is kept when a schema resets the data, until the data names another one', async () => {
    const { world, tab, key } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice', a: 'one' }))
    const strict = world.another({ ...naming, schema: numbers })
    await tab.request(({ data }) => Object.assign(data, { a: 2 }), strict)
    expect((await metadataOf(world, key)).userId).toBe('alice')
    await tab.request(({ data }) => Object.assign(data, { user: 'bob' }), strict)
    expect((await metadataOf(world, key)).userId).toBe('bob')
  })

  it('The session is not restarted if the same request has swapped the secret already', async () => {
    const { world, tab, key } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const { createdAt, authenticatedAt } = await metadataOf(world, key)
    world.now += hour / 2
    await tab.request(async (session) => {
      await session.regenerate()
      delete session.data.user
    })
    expect(await metadataOf(world, key)).toMatchObject({ createdAt, authenticatedAt })
    await tab.request(async (session) => {
      await session.regenerate()
      session.data.user = 'alice'
    })
    expect(await metadataOf(world, key)).toMatchObject({ createdAt: world.now, authenticatedAt: world.now })
  })
})

describe('a user’s session', () => {
  it("A change of a user's data costs one write, and none of the index", async () => {
    const { world, tab } = await stored()
    await tab.request((session) => session.login('alice'))
    const { calls } = await world.store.during(() => tab.request(({ data }) => Object.assign(data, { b: 2 })))
    expect(calls.map(({ operation }) => operation)).toEqual(['get', 'compareAndSet'])
  })

  it('The write of a login is stored alone, although others wait with it', async () => {
    const { world, tab, key } = await stored()
    const [first, a, entering] = [await tab.open(), await tab.open(), await tab.open()]
    const { gate, open } = createGate()
    let held = false
    world.store.break(() => {
      if (held) return undefined
      held = true
      return { gate }
    })
    const { calls } = await world.store.during(async () => {
      const all = [
        first.update((data) => void Object.assign(data, { x: 1 })),
        a.update((data) => void Object.assign(data, { y: 1 })),
        entering.login('alice')
      ]
      await new Promise(setImmediate)
      open()
      await Promise.all<unknown>(all)
    })
    const writes = calls.filter((call) => call.operation === 'compareAndSet' && call.key === key)
    expect(writes).toHaveLength(3)
  })
})
