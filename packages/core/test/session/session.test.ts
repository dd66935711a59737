import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/index.ts'
import { createFixture, type Fixture, start } from '../support/fixture.ts'

const hour = 3_600_000

/** A stored session with `{ a: 1 }`. */
async function stored(options: Parameters<typeof createFixture>[0] = {}) {
  const fixture = createFixture(options)
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  return { fixture, tab }
}

const writes = async ({ store }: Fixture, task: () => Promise<unknown>): Promise<number> =>
  (await store.during(task)).calls.filter(({ operation }) => operation !== 'get').length

describe('a new session', () => {
  it('A new session shows that nothing is stored, and when it would end', async () => {
    const session = await createFixture().browser().open()
    expect(session.toJSON()).toEqual({ id: undefined, state: 'new', userId: undefined, createdAt: start })
    expect(session).toMatchObject({
      isNew: true,
      detached: false,
      loaded: true,
      userId: undefined,
      permanent: false,
      createdAt: start,
      lastSeenAt: start,
      expiresAt: start + hour
    })
    const { id, tokenId } = session
    expect([id, tokenId]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[\w-]{22}$/)])
    expect([session.id, session.tokenId]).toEqual([id, tokenId])
  })
})

describe('a stored session', () => {
  it('A stored session shows its user, and when it was created, last seen and will end', async () => {
    const { fixture, tab } = await stored()
    await tab.request((session) => session.login('alice'))
    fixture.now += 30 * 60_000
    await tab.request(() => {})
    fixture.now += 10_000
    const session = await tab.open()
    expect(session).toMatchObject({
      isNew: false,
      userId: 'alice',
      createdAt: start,
      lastSeenAt: start + 30 * 60_000,
      expiresAt: start + 30 * 60_000 + hour
    })
    const { id, createdAt } = session
    expect(session.toJSON()).toEqual({ id, state: 'live', userId: 'alice', createdAt })
  })

  it('A session whose secret was replaced is detached, and shows that when it is printed', async () => {
    const { tab } = await stored()
    const { cookie } = tab
    await tab.request((session) => session.regenerate())
    tab.cookie = cookie
    const session = await tab.open()
    expect([session.detached, session.toJSON().state, session.isNew]).toEqual(['superseded', 'superseded', false])
  })
})

describe('the data of a session', () => {
  it('The data may be replaced by another object, which is stored if its content differs', async () => {
    const { fixture, tab } = await stored()
    const assign = (data: object) => tab.request((session) => Reflect.set(session, 'data', data))
    expect(await writes(fixture, () => assign({ a: 1 }))).toBe(0)
    expect(await writes(fixture, () => assign({ b: 2 }))).toBe(1)
    expect((await tab.open()).data).toEqual({ b: 2 })
  })

  it('The data must be an object, and not an array', async () => {
    const session = await createFixture().browser().open()
    for (const value of [[1], null, 'x']) {
      expect(() => Reflect.set(session, 'data', value)).toThrow('session.data must be an object [ARGUMENT_INVALID]')
    }
  })
})

describe('the permanence of a session', () => {
  it('The permanence is true, false or a lifetime', async () => {
    const session = await createFixture().browser().open()
    for (const value of ['1h', -1, 1.5, undefined]) {
      expect(() => Reflect.set(session, 'permanent', value)).toThrow(
        'session.permanent must be true, false or a lifetime in milliseconds [ARGUMENT_INVALID]'
      )
    }
    for (const value of [true, 1, 5_000, 0, false]) {
      session.permanent = value
      expect(session.permanent).toBe(value)
    }
  })

  it('The permanence decides when the session ends, before it is stored and after', async () => {
    const { tab } = await stored()
    const set = async (permanent: boolean | number): Promise<readonly [number, number]> => {
      let expected = 0
      await tab.request((session) => {
        session.permanent = permanent
        expected = session.expiresAt
      })
      return [expected, (await tab.open()).expiresAt]
    }
    const day = 24 * hour
    expect(await set(true)).toEqual([start + 31 * day, start + 31 * day])
    expect(await set(5 * day)).toEqual([start + 5 * day, start + 5 * day])
    expect(await set(false)).toEqual([start + hour, start + hour])
  })

  it('The permanence costs a write when it changes, and a lifetime is counted from each setting', async () => {
    const { fixture, tab } = await stored()
    const set = (permanent: boolean | number) =>
      writes(fixture, () =>
        tab.request((session) => {
          session.permanent = permanent
        })
      )
    expect(await set(false)).toBe(0)
    expect(await set(true)).toBe(1)
    expect(await set(true)).toBe(0)
    expect(await set(5_000_000)).toBe(1)
    expect(await set(5_000_000)).toBe(1)
    expect(await set(false)).toBe(1)
  })
})

describe('a session of a lazy manager', () => {
  it('A lazy session cannot be read before it is loaded', async () => {
    const { fixture, tab } = await stored({ lazy: true })
    void fixture
    const session = await fixture.manager.open(tab.cookie)
    expect([session.loaded, session.detached]).toEqual([false, false])
    const reads: ((one: Session) => unknown)[] = [
      (one) => one.data,
      (one) => one.id,
      (one) => one.tokenId,
      (one) => one.isNew,
      (one) => one.userId,
      (one) => one.permanent,
      (one) => one.createdAt,
      (one) => one.lastSeenAt,
      (one) => one.expiresAt
    ]
    for (const read of reads) {
      expect(() => read(session)).toThrow(
        'The manager is lazy: await session.load() before you read the session [SESSION_NOT_LOADED]'
      )
    }
    expect(await session.load()).toBe(session)
    expect([session.loaded, session.data]).toEqual([true, { a: 1 }])
  })

  it('A lazy session is loaded by every operation that needs it', async () => {
    for (const act of [
      (session: Session) => session.update((data) => Object.assign(data, { b: 1 }) as unknown as undefined),
      (session: Session) => session.save(),
      (session: Session) => session.reload(),
      (session: Session) => session.take('a'),
      (session: Session) => session.rotate(),
      (session: Session) => session.regenerate(),
      (session: Session) => session.login('alice')
    ]) {
      const { fixture, tab } = await stored({ lazy: true })
      const session = await fixture.manager.open(tab.cookie)
      await act(session)
      expect([session.loaded, session.isNew]).toEqual([true, false])
    }
  })
})

describe('taking a value', () => {
  it('take() returns a value once, to one of several requests', async () => {
    const { tab } = await stored()
    const sessions = await Promise.all([tab.open(), tab.open(), tab.open()])
    const taken = await Promise.all(sessions.map((session) => session.take('a')))
    expect(taken.sort()).toEqual([1, undefined, undefined])
    expect((await tab.open()).data).toEqual({})
  })

  it('take() returns nothing for an inherited key, and writes nothing then', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    expect(await writes(fixture, async () => expect(await session.take('constructor')).toBe(undefined))).toBe(0)
    expect(session.data).toEqual({ a: 1 })
  })

  it('take() returns nothing from a session that has ended', async () => {
    const { tab } = await stored()
    const [session, other] = [await tab.open(), await tab.open()]
    await other.destroy()
    expect(await session.take('a')).toBe(undefined)
  })
})

describe('operations that only wait for the store', () => {
  it.each<[string, (session: Session) => Promise<unknown>]>([
    ['save', (session) => session.save()],
    ['reload', (session) => session.reload()],
    ['load', (session) => session.load()]
  ])('%s() makes the response vary with the cookie', async (_, act) => {
    const { tab } = await stored()
    const headers = await tab.request((session) => act(session))
    expect(headers).toEqual([['Vary', 'Cookie']])
  })

  it('update() takes a synchronous function, and changes nothing if it is not', async () => {
    const { tab } = await stored()
    const session = await tab.open()
    const later = (async (data: Record<string, unknown>) => {
      data.b = 2
    }) as unknown as (data: object) => void
    await expect(session.update(later)).rejects.toThrow(
      'update() takes a synchronous function: await first, then update [ARGUMENT_INVALID]'
    )
    for (const result of [null, 'string', {}, () => {}]) {
      expect(await session.update((() => result) as () => void)).toBe(true)
    }
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('A session of another copy of the package is refused', async () => {
    const { manager } = createFixture()
    for (const thing of [null, {}, 'session']) {
      await expect(async () => manager.commit(thing as never)).rejects.toThrow(
        'Not a session of this copy of @kvsession/core [ARGUMENT_INVALID]'
      )
    }
  })
})

it('A session with a schema has the types of its operations', async () => {
  const validate = (value: unknown): { value: Record<string, unknown> } => ({ value: { ...Object(value) } })
  const fixture = createFixture({ schema: { '~standard': { version: 1, vendor: 'test', validate } } })
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { once: 1 }))
  const session = await tab.open()
  expect(await session.update((data) => Object.assign(data, { n: 1 }))).toBe(true)
  expect([await session.save(), await session.reload(), await session.take('once')]).toEqual([true, true, 1])
})
