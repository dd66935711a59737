import { describe, expect, it } from 'vitest'
import type { SessionManagerOptions } from '../../src/index.ts'
import { decodeRecord, type RecordMetadata } from '../../src/record/record.ts'
import { createFixture, createGate, type Fixture, setCookieOf } from '../support/fixture.ts'

const hour = 3_600_000

async function metadataOf({ store }: Fixture, key: string): Promise<RecordMetadata> {
  const record = decodeRecord((await store.get(key)) ?? '')
  if (typeof record === 'string') throw new TypeError(record)
  return record.metadata
}

async function stored(options: Parameters<typeof createFixture>[0] = {}) {
  const fixture = createFixture(options)
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  const { id } = await tab.open()
  fixture.eventTypes()
  return { fixture, tab, id, key: `sessions.s.${id}` }
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
    const { fixture, tab, key } = await stored(options)
    fixture.now += 20 * 60_000
    const headers = await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect([(await metadataOf(fixture, key)).lastSeenAt, setCookieOf(headers)]).toEqual([fixture.now, undefined])
  })

  it('A request that only reads touches a session whose data a schema checks', async () => {
    const { fixture, tab, key } = await stored({ schema: numbers })
    fixture.now += 20 * 60_000
    await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect((await metadataOf(fixture, key)).lastSeenAt).toBe(fixture.now)
  })

  it('A request that only reads and saves has nothing to store, and makes no store call', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    const { result, calls } = await fixture.store.during(() => session.save())
    expect([result, calls]).toEqual([true, []])
  })

  it('A touch stores no data', async () => {
    const { fixture, tab, id, key } = await stored()
    const before = await fixture.store.get(key)
    fixture.now += 20 * 60_000
    await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect(fixture.events.slice(-1)).toEqual([{ type: 'touched', id }])
    expect((await fixture.store.get(key))?.split('\n')[1]).toBe(before?.split('\n')[1])
  })
})

describe('a session that expires while a request uses it', () => {
  it('An expired session is not written any more, although its value is still the one that was read', async () => {
    const { fixture, tab, id, key } = await stored()
    const session = await tab.open()
    const value = (await fixture.store.get(key)) ?? ''
    fixture.now += 3 * 3_600_000
    // As a store with a slow clock would still hold it.
    await fixture.store.set(key, value, fixture.now + 1_000_000)
    session.data.a = 2
    await fixture.manager.commit(session)
    expect(fixture.events.slice(-1)).toEqual([{ type: 'dropped', id, reason: 'gone' }])
    expect(await fixture.store.get(key)).toBe(value)
  })
})

describe('a request with a replaced secret', () => {
  const naming: Partial<SessionManagerOptions> = {
    userIdFrom: ({ user }) => (typeof user === 'string' ? user : undefined)
  }

  it('A superseded request stores data for the same user', async () => {
    const { fixture, tab } = await stored(naming)
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    session.data.b = 2
    await fixture.manager.commit(session)
    expect((await tab.open()).data).toEqual({ a: 1, b: 2 })
  })

  it('A superseded request stores data if the data names the same user as before', async () => {
    const { fixture, tab } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    session.data.b = 2
    await fixture.manager.commit(session)
    const { data, userId } = await tab.open()
    expect([data, userId]).toEqual([{ a: 1, user: 'alice', b: 2 }, 'alice'])
  })

  it('A superseded request that only reads loses nothing, and raises no event', async () => {
    const { fixture, tab } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    fixture.now += 60_000
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    fixture.eventTypes()
    await fixture.manager.commit(session)
    expect([fixture.eventTypes(), session.detached]).toEqual([[], false])
  })

  it('A superseded request moves neither lastSeenAt nor the end of the session', async () => {
    const { fixture, tab, key } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    const { lastSeenAt } = await metadataOf(fixture, key)
    fixture.now += 30_000
    session.data.b = 2
    session.permanent = true
    await fixture.manager.commit(session)
    const after = await metadataOf(fixture, key)
    expect([after.lastSeenAt, after.permanent, (await tab.open()).data]).toEqual([
      lastSeenAt,
      undefined,
      { a: 1, b: 2 }
    ])
  })

  it('A superseded request stores nothing if the data was emptied on purpose', async () => {
    const { fixture, tab, id } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate({ anonymous: true }))
    session.data.b = 2
    await fixture.manager.commit(session)
    expect(fixture.events).toContainEqual({ type: 'dropped', id, reason: 'superseded' })
    expect((await tab.open()).data).toEqual({})
  })

  it('A superseded request does no upkeep: a due touch is left to the current secret', async () => {
    const { fixture, tab, key } = await stored()
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    const before = await fixture.store.get(key)
    fixture.now += 5 * 60_000
    fixture.eventTypes()
    await fixture.manager.commit(session)
    expect([await fixture.store.get(key), fixture.eventTypes()]).toEqual([before, []])
  })

  it('A superseded request cannot change the user of the session', async () => {
    const { fixture, tab, id } = await stored(naming)
    const session = await tab.open()
    await tab.request((other) => other.regenerate())
    session.data.user = 'mallory'
    await fixture.manager.commit(session)
    expect(fixture.events).toContainEqual({ type: 'dropped', id, reason: 'superseded' })
    const { data, userId } = await tab.open()
    expect([data, userId]).toEqual([{ a: 1 }, undefined])
  })
})

describe('a rotation', () => {
  it('The old secret works until the new one is used, whatever is stored by the same request and by the old one', async () => {
    const { fixture, tab, key } = await stored()
    const late = await tab.open()
    const session = await tab.open()
    await session.rotate()
    session.data.b = 2
    await tab.commit(session)
    expect(await metadataOf(fixture, key)).toMatchObject({ aliasHash: expect.any(String) })
    expect((await metadataOf(fixture, key)).aliasUntil).toBeUndefined()
    late.data.c = 3
    await fixture.manager.commit(late)
    expect((await metadataOf(fixture, key)).aliasUntil).toBeUndefined()
    await tab.request(({ data }) => Object.assign(data, { d: 4 }))
    expect(await metadataOf(fixture, key)).toMatchObject({ aliasUntil: fixture.now + 30_000 })
  })

  it('A request with the new secret that only reads shows that the new secret has arrived', async () => {
    const { fixture, tab, key } = await stored()
    await tab.request((session) => session.rotate())
    expect((await metadataOf(fixture, key)).aliasUntil).toBeUndefined()
    await tab.request(({ data }) => expect(data).toEqual({ a: 1 }))
    expect(await metadataOf(fixture, key)).toMatchObject({ aliasUntil: fixture.now + 30_000 })
  })

  it('Only the current secret may rotate; any working secret may regenerate', async () => {
    const { fixture, tab } = await stored()
    const old = tab.cookie
    await tab.request((session) => session.rotate())
    fixture.eventTypes()
    const late = await fixture.manager.open(old)
    await late.rotate()
    expect(fixture.eventTypes()).toEqual(['loaded'])
    await late.regenerate()
    expect(fixture.eventTypes()).toEqual(['regenerated'])
    tab.receive((await fixture.manager.commit(late)).headers)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('A rotation succeeds although another process has written something else first', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    await tab.request(({ data }) => Object.assign(data, { b: 2 }), fixture.another())
    fixture.eventTypes()
    await session.rotate()
    expect(fixture.eventTypes()).toEqual(['rotated'])
    expect(setCookieOf((await fixture.manager.commit(session)).headers)).toBeDefined()
  })
})

describe('data that names a user', () => {
  const naming: Partial<SessionManagerOptions> = {
    userIdFrom: ({ user }) => (typeof user === 'string' ? user : undefined)
  }

  it('Data that names a user restarts the session, and other data does not', async () => {
    const { fixture, tab, key } = await stored(naming)
    const [start, before] = [fixture.now, tab.cookie]
    fixture.now += hour / 2
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const named = await metadataOf(fixture, key)
    expect([named.createdAt, named.authenticatedAt, named.userId, tab.cookie === before]).toEqual([
      start + hour / 2,
      fixture.now,
      'alice',
      false
    ])
    fixture.now += hour / 2
    await tab.request(({ data }) => void delete data.user)
    const { createdAt, authenticatedAt, userId } = await metadataOf(fixture, key)
    expect([createdAt, authenticatedAt, userId]).toEqual([named.createdAt, named.authenticatedAt, undefined])
  })

  it('Removing the user removes the index entry, in one swap', async () => {
    const { fixture, tab, key } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    expect((await metadataOf(fixture, key)).indexedUntil).toBeGreaterThan(fixture.now)
    fixture.eventTypes()
    await tab.request(async (session) => {
      await session.regenerate()
      delete session.data.user
    })
    expect(fixture.eventTypes()).toEqual(['loaded', 'regenerated', 'saved'])
    const { userId, indexedUntil } = await metadataOf(fixture, key)
    expect([userId, indexedUntil]).toEqual([undefined, undefined])
  })

  it('An update of data that was not read can remove the user', async () => {
    const { fixture, tab, key } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const before = tab.cookie
    await tab.request((session) => session.update((data) => void delete data.user))
    expect([(await metadataOf(fixture, key)).userId, tab.cookie === before]).toEqual([undefined, false])
  })

  it('A user is kept when a schema resets the data, until the data names another one', async () => {
    const { fixture, tab, key } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice', a: 'one' }))
    const strict = fixture.another({ ...naming, schema: numbers })
    await tab.request(({ data }) => Object.assign(data, { a: 2 }), strict)
    expect((await metadataOf(fixture, key)).userId).toBe('alice')
    await tab.request(({ data }) => Object.assign(data, { user: 'bob' }), strict)
    expect((await metadataOf(fixture, key)).userId).toBe('bob')
  })

  it('The session is not restarted if the same request has swapped the secret already', async () => {
    const { fixture, tab, key } = await stored(naming)
    await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
    const { createdAt, authenticatedAt } = await metadataOf(fixture, key)
    fixture.now += hour / 2
    await tab.request(async (session) => {
      await session.regenerate()
      delete session.data.user
    })
    expect(await metadataOf(fixture, key)).toMatchObject({ createdAt, authenticatedAt })
    await tab.request(async (session) => {
      await session.regenerate()
      session.data.user = 'alice'
    })
    expect(await metadataOf(fixture, key)).toMatchObject({ createdAt: fixture.now, authenticatedAt: fixture.now })
  })
})

describe('a user’s session', () => {
  it("A change of a user's data costs one write, and none of the index", async () => {
    const { fixture, tab } = await stored()
    await tab.request((session) => session.login('alice'))
    const { calls } = await fixture.store.during(() => tab.request(({ data }) => Object.assign(data, { b: 2 })))
    expect(calls.map(({ operation }) => operation)).toEqual(['get', 'compareAndSet'])
  })

  it('The write of a login is stored alone, although others wait with it', async () => {
    const { fixture, tab, key } = await stored()
    const [first, a, entering] = [await tab.open(), await tab.open(), await tab.open()]
    const { gate, open } = createGate()
    let held = false
    fixture.store.break(() => {
      if (held) return undefined
      held = true
      return { gate }
    })
    const { calls } = await fixture.store.during(async () => {
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
