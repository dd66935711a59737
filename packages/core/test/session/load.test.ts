import { describe, expect, it } from 'vitest'
import type { SessionEvent, SessionManager } from '../../src/index.ts'
import { recordToEnd } from '../../src/session/load.ts'
import { internalsOf } from '../../src/session/session.ts'
import { type Browser, createFixture, type Fixture, setCookieOf } from '../support/fixture.ts'

const keyOf = (id: string): string => `sessions.s.${id}`

async function visitors(count: number, options: Parameters<typeof createFixture>[0] = {}) {
  const fixture = createFixture(options)
  const tabs: Browser[] = []
  for (let i = 0; i < count; i++) {
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { i }))
    tabs.push(tab)
  }
  return { fixture, tabs, cookies: tabs.map(({ cookie }) => cookie) }
}

/** The events of one opening, and the number of its reads. */
async function opening(fixture: Fixture, cookie: string, manager: SessionManager = fixture.manager) {
  const { length } = fixture.events
  const { result, calls } = await fixture.store.during(() => manager.open(cookie))
  const events: SessionEvent[] = fixture.events.slice(length)
  return { session: result, events, reads: calls.length }
}

const junk = (count: number): string[] => Array.from({ length: count }, (_, i) => `__Host-sid=junk${i}`)

describe('a request with several cookies of the name', () => {
  it('The genuine cookie is used, and the others raise no event', async () => {
    const { fixture, cookies } = await visitors(1)
    const { session, events } = await opening(fixture, [...junk(15), ...cookies].join('; '))
    expect([session.data, events.map(({ type }) => type)]).toEqual([{ i: 0 }, ['loaded']])
  })

  it('If none is genuine, one event gives the reason for the first one', async () => {
    const { fixture } = await visitors(0)
    const { events, reads } = await opening(fixture, junk(16).join('; '))
    expect([events, reads]).toEqual([[{ type: 'rejected', reason: 'malformed' }], 0])
  })

  it('At most sixteen cookies are verified', async () => {
    const { fixture, cookies } = await visitors(1)
    const { session, events } = await opening(fixture, [...junk(16), ...cookies].join('; '))
    expect([session.isNew, events]).toEqual([true, [{ type: 'rejected', reason: 'too-many-cookies' }]])
  })

  it('Equal cookies count once', async () => {
    const { fixture, cookies } = await visitors(1)
    const { session, events, reads } = await opening(fixture, [...Array(20).fill(cookies[0]), ...junk(10)].join('; '))
    expect([session.data, events.map(({ type }) => type), reads]).toEqual([{ i: 0 }, ['loaded'], 1])
  })

  it('At most four genuine cookies are looked up, and an event reports more', async () => {
    const { fixture, cookies } = await visitors(5)
    const four = await opening(fixture, cookies.slice(0, 4).join('; '))
    expect([four.reads, four.events.map((event) => Reflect.get(event, 'reason') ?? event.type)]).toEqual([
      4,
      ['ambiguous', 'ambiguous', 'ambiguous', 'loaded']
    ])
    const five = await opening(fixture, cookies.join('; '))
    expect([five.reads, five.events[0]]).toEqual([4, { type: 'rejected', reason: 'too-many-cookies' }])
    expect(five.session.data).toEqual({ i: 0 })
  })

  it('A session with two tokens in a request is read once', async () => {
    const { fixture, tabs } = await visitors(1)
    const [tab] = tabs
    if (!tab) throw new TypeError()
    const before = tab.cookie
    await tab.request((session) => session.regenerate())
    const { session, events, reads } = await opening(fixture, `${before}; ${tab.cookie}`)
    expect([session.data, reads, events.map(({ type }) => type)]).toEqual([{ i: 0 }, 1, ['superseded', 'loaded']])
  })
})

describe('the record under a genuine token', () => {
  const put = (fixture: Fixture, id: string, stored: string) => fixture.store.set(keyOf(id), stored, fixture.now + 1e7)

  async function storedVisitor(options: Parameters<typeof createFixture>[0] = {}) {
    const { fixture, tabs, cookies } = await visitors(1, options)
    const cookie = cookies[0] ?? ''
    const id = (await tabs[0]?.open())?.id ?? ''
    const stored = (await fixture.store.get(keyOf(id))) ?? ''
    return { fixture, cookie, id, stored }
  }

  it.each<[string, (stored: string) => string, object]>([
    ['a tombstone, which is unknown', () => '{"v":1,"w":"w","x":1}\n', { type: 'rejected', reason: 'unknown' }],
    ['junk, which is corrupt', () => 'junk', { type: 'rejected', reason: 'corrupt' }],
    [
      'a record of more than twice the limit, which is corrupt',
      (stored) => stored + ' '.repeat(2 * 65_536),
      { type: 'rejected', reason: 'corrupt' }
    ],
    ['a later version, which has its own reason', () => '{"v":2}\n', { type: 'rejected', reason: 'future-version' }],
    [
      'a record with another start, which is an older copy',
      (stored) => stored.replace(/"c":\d+/, (all) => `${all.slice(0, -1)}7`),
      { type: 'rejected', reason: 'corrupt' }
    ]
  ])('One event reports %s', async (_, change, event) => {
    const { fixture, cookie, id, stored } = await storedVisitor()
    await put(fixture, id, change(stored))
    const { session, events } = await opening(fixture, cookie)
    expect([session.isNew, events]).toEqual([true, [{ ...event, id }]])
    const silent = await fixture.silent().open(cookie)
    expect(silent.isNew).toBe(true)
  })

  it('An expired record raises one event, and no other', async () => {
    const { fixture, cookie, id, stored } = await storedVisitor()
    fixture.now += 3 * 3_600_000
    await put(fixture, id, stored)
    const { session, events } = await opening(fixture, cookie)
    expect([session.isNew, events]).toEqual([true, [{ type: 'expired', id, limit: 'idle' }]])
  })

  it('An unreadable store fails the request, unless the policy allows an anonymous session', async () => {
    const { fixture, cookie } = await storedVisitor()
    fixture.store.break('error-before')
    await expect(fixture.manager.open(cookie)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const session = await fixture.another({ onStoreUnavailable: 'anonymous' }).open(cookie)
    expect([session.detached, session.isNew, session.data]).toEqual(['unavailable', false, {}])
  })

  describe('the record, with a schema', () => {
    const schema = (validate: (value: unknown) => object) => ({
      schema: { '~standard': { version: 1 as const, vendor: 'test', validate: validate as never } }
    })
    const isEmpty = (value: unknown): boolean => Object.keys(Object(value)).length === 0
    const refusing = schema((value) => (isEmpty(value) ? { value } : { issues: [{ message: 'no' }] }))

    it('Data that fits is used as the schema returns it', async () => {
      const { fixture, cookie } = await storedVisitor()
      const manager = fixture.another(schema((value) => ({ value: { ...Object(value), checked: true } })))
      const { session, events } = await opening(fixture, cookie, manager)
      expect([session.data, events.map(({ type }) => type)]).toEqual([{ i: 0, checked: true }, ['loaded']])
    })

    it('Data that does not fit is rejected, reset or repaired', async () => {
      const { fixture, cookie, id } = await storedVisitor()
      for (const [onSchemaMismatch, data, types] of [
        [undefined, {}, ['dataReset', 'loaded']],
        ['reject', {}, ['rejected']],
        ['reset', {}, ['dataReset', 'loaded']],
        [(old: unknown) => ({ was: old }), { was: { i: 0 } }, ['dataReset', 'loaded']],
        [() => undefined, {}, ['rejected']]
      ] as const) {
        const options = { ...refusing, ...(onSchemaMismatch === undefined ? {} : { onSchemaMismatch }) }
        const { session, events } = await opening(fixture, cookie, fixture.another(options as never))
        expect([session.data, events.map(({ type }) => type)]).toEqual([data, types])
        const rejected = { type: 'rejected', reason: 'schema', id }
        const reset = { type: 'dataReset', id, userId: undefined, path: 'data' }
        expect(events[0]).toEqual(types[0] === 'rejected' ? rejected : reset)
        expect((await fixture.silent(options as never).open(cookie)).data).toEqual(data)
      }
    })

    it('Data that cannot be read is corrupt before it is validated', async () => {
      const { fixture, cookie, id, stored } = await storedVisitor()
      await put(fixture, id, `${stored.split('\n')[0]}\n[`)
      const manager = fixture.another(schema((value) => (isEmpty(value) ? { value } : expect.fail('checked'))))
      const { session, events } = await opening(fixture, cookie, manager)
      expect([session.isNew, events]).toEqual([true, [{ type: 'rejected', reason: 'corrupt', id }]])
      expect(
        (await fixture.silent(schema((value) => (isEmpty(value) ? { value } : expect.fail('checked')))).open(cookie))
          .isNew
      ).toBe(true)
    })

    it('A schema whose result is no object is refused', async () => {
      const { fixture, cookie } = await storedVisitor()
      const manager = fixture.another(schema(() => ({ value: 'string' })))
      await expect(manager.open(cookie)).rejects.toThrow('schema must describe an object [OPTION_INVALID]')
    })
  })
})

describe('the name of the cookie', () => {
  it('The plain name is used only if the policy says so', async () => {
    const { manager, another } = createFixture()
    const nameOn = async (through: SessionManager, host: string): Promise<string | undefined> => {
      const session = await through.open({ host })
      session.data.a = 1
      return (await through.commit(session)).headers[0]?.[1].split('=')[0]
    }
    const [always, neverSecure] = [another({ cookie: { secure: true } }), another({ cookie: { secure: false } })]
    expect([await nameOn(manager, 'localhost'), await nameOn(manager, 'example.com')]).toEqual(['sid', '__Host-sid'])
    expect([await nameOn(always, 'localhost'), await nameOn(neverSecure, 'example.com')]).toEqual(['__Host-sid', 'sid'])
  })
})

describe('a request with a cookie of our name that is not genuine', () => {
  it('The cookie is cleared when the request ends its session', async () => {
    const { manager } = createFixture()
    for (const [cookie, cleared] of [
      ['__Host-sid=junk', true],
      ['other=1', false],
      ['', false]
    ] as const) {
      const session = await manager.open(cookie)
      await session.destroy()
      expect(setCookieOf((await manager.commit(session)).headers) !== undefined).toBe(cleared)
    }
  })
})

describe('a token whose session began at another time', () => {
  it('The token ends nothing, because its record was restored from an older copy', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const { context, state } = internalsOf(await tab.open())
    const [token] = state.tokens
    if (!token) throw new TypeError('no token')
    expect(await recordToEnd(context, token)).toBeDefined()
    expect(await recordToEnd(context, { ...token, created: token.created + 1 })).toBeUndefined()
  })
})

describe('a record that an asynchronous schema checks', () => {
  it.each([
    [true, { a: 1 }],
    [false, {}]
  ])('The record is opened if the schema accepts it: %s', async (accepts, data) => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const validate = async (value: unknown): Promise<{ value: Record<string, unknown> } | { issues: [] }> =>
      accepts || Object.keys(Object(value)).length === 0 ? { value: Object(value) } : { issues: [] }
    const strict = fixture.another({
      schema: { '~standard': { version: 1, vendor: 'test', validate } },
      onSchemaMismatch: 'reject'
    })
    const session = await tab.open(strict)
    expect([session.isNew, session.data]).toEqual([!accepts, data])
  })
})

it('A session that has ended starts with what the schema returns for {}', async () => {
  const fixture = createFixture()
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  const { cookie } = tab
  await tab.request((session) => session.destroy())
  const validate = (value: unknown): { value: Record<string, unknown> } => ({ value: { items: [], ...Object(value) } })
  for (const lazy of [true, false]) {
    const strict = fixture.another({ schema: { '~standard': { version: 1, vendor: 'test', validate } }, lazy })
    const session = await strict.open(cookie)
    if (lazy) await session.load()
    expect(session.data).toEqual({ items: [] })
  }
})

it('A new session keeps the data that the handler has set, through later operations', async () => {
  const validate = (value: unknown): { value: Record<string, unknown> } => ({ value: { items: [], ...Object(value) } })
  const fixture = createFixture({ schema: { '~standard': { version: 1, vendor: 'test', validate } } })
  const session = await fixture.manager.open('')
  session.data.mine = 1
  await session.load()
  expect(session.data).toEqual({ items: [], mine: 1 })
})

it('A session without a schema is decoded when its data is accessed', async () => {
  let decoded = 0
  const serializer = {
    serialize: (data: unknown): string => JSON.stringify(data),
    deserialize: (stored: string): unknown => {
      decoded++
      return JSON.parse(stored)
    }
  }
  const fixture = createFixture({ serializer })
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  decoded = 0
  const session = await tab.open()
  expect([session.isNew, decoded]).toEqual([false, 0])
  expect([session.data, decoded]).toEqual([{ a: 1 }, 1])
})
