import { describe, expect, expectTypeOf, it } from 'vitest'
import { createMemoryStore, createSessionManager, type SessionManagerOptions } from '../../src/index.ts'
import { createFixture, type Fixture, secret, setCookieOf } from '../support/fixture.ts'

interface Cart extends Record<string, unknown> {
  items: string[]
  openedAt?: Date
}

type Schema = NonNullable<SessionManagerOptions<Cart>['schema']>

/** A Standard Schema for {@link Cart} that fills in the list, and converts a string to a date. */
const validate: Schema['~standard']['validate'] = (value) => {
  const { items = [], openedAt } = value as { items?: unknown; openedAt?: string }
  if (!Array.isArray(items)) return { issues: [{ message: `items: ${String(items)}`, path: ['items'] }] }
  const odd = items.findIndex((item) => typeof item !== 'string')
  if (odd >= 0) return { issues: [{ message: 'no string', path: [{ key: 'items' }, odd] }] }
  return { value: { items: [...items], ...(openedAt !== undefined && { openedAt: new Date(openedAt) }) } }
}

const schema: Schema = { '~standard': { version: 1, vendor: 'test', validate } }

/** The same schema, as one that queries a database. */
const slow: Schema = { '~standard': { ...schema['~standard'], validate: async (value) => validate(value) } }

/** A fixture with the options of the cart. */
function createCartFixture(options: Partial<SessionManagerOptions<Cart>> = { schema }): Fixture {
  return createFixture(options as unknown as Partial<SessionManagerOptions>)
}

describe.each([
  ['synchronous', schema],
  ['asynchronous', slow]
])('a schema that is %s', (_, schema) => {
  it('The schema types the data and validates it on load, and a read does not write its defaults', async () => {
    const { browser, store } = createCartFixture({ schema })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { items: undefined, other: 1 }))
    const { calls, result } = await store.during(async () => {
      const session = await tab.open()
      const { data } = session
      await tab.commit(session)
      return data
    })
    expect(result).toEqual({ items: [] })
    expect(calls).toHaveLength(1)
    const manager = createSessionManager({ store: createMemoryStore(), secret, schema })
    expectTypeOf((await manager.open('')).data).toEqualTypeOf<Cart>()
  })

  it('The schema makes the data of a new session from an empty object, which is not stored', async () => {
    const { browser, store } = createCartFixture({ schema })
    const { calls, result } = await store.during(async () => {
      const session = await browser().open()
      const { data } = session
      const headers = await browser().commit(session)
      return { data, cookie: setCookieOf(headers) }
    })
    expect(result).toEqual({ data: { items: [] }, cookie: undefined })
    expect(calls).toEqual([])
  })

  it('The schema makes the data of a new session of a lazy manager', async () => {
    const { browser } = createCartFixture({ schema, lazy: true })
    const session = await browser().open()
    expect(session.data).toEqual({ items: [] })
    const tab = browser('__Host-sid=none')
    const invalid = await tab.open()
    expect((await invalid.load()).data).toEqual({ items: [] })
  })

  it.each(['regenerate', 'destroy', 'login'] as const)(
    'The schema makes the data again after %s empties it',
    async (how) => {
      const { browser } = createCartFixture({ schema })
      const tab = browser()
      await tab.request(({ data }) => Object.assign(data, { items: ['a'] }))
      const session = await tab.open()
      if (how === 'regenerate') await session.regenerate({ anonymous: true })
      else if (how === 'destroy') await session.destroy()
      else await session.login('alice', { keepData: false })
      expect(session.data).toEqual({ items: [] })
    }
  )

  it.each(['regenerate', 'login'] as const)(
    'The schema makes the data again when %s moves the session to a new id',
    async (how) => {
      const { compareAndSet: _, ...store } = createMemoryStore()
      const manager = createSessionManager<Cart>({ store, secret, schema, allowNonAtomicStore: true })
      const session = await manager.open('')
      session.data.items.push('a')
      await session.save()
      if (how === 'regenerate') await session.regenerate({ anonymous: true })
      else await session.login('alice', { keepData: false })
      expect(session.data).toEqual({ items: [] })
      session.data.items.push('b')
      await manager.commit(session)
      expect((await manager.find(session.id))?.data).toEqual({ items: ['b'] })
    }
  )

  it('The commit refuses data that no load would accept, and the record stays as it was', async () => {
    const { browser } = createCartFixture({ schema })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { items: ['a'] }))
    const writing = tab.request(({ data }) => Object.assign(data, { items: ['a', 4111] }))
    await expect(writing).rejects.toMatchObject({
      code: 'DATA_INVALID',
      status: 500,
      message: expect.stringMatching(/^(?=.*data\.items\.1)(?!.*4111)/)
    })
    expect((await tab.open()).data).toEqual({ items: ['a'] })
  })

  it('A new session whose first data is refused is not stored', async () => {
    const { browser, store } = createCartFixture({ schema })
    const { calls } = await store.during(async () => {
      const writing = browser().request(({ data }) => Object.assign(data, { items: 1 }))
      await expect(writing).rejects.toMatchObject({ code: 'DATA_INVALID' })
    })
    expect(calls).toEqual([])
  })

  it('update() and the update of an administrator start from the data as the schema returns it', async () => {
    const { browser, manager, another } = createCartFixture({ schema })
    const tab = browser()
    const loose = another({ schema: undefined } as object)
    await tab.request(({ data }) => Object.assign(data, { other: 1 }), loose)
    const session = await tab.open()
    await session.update((data) => (data.items as string[]).push('a'))
    expect(session.data).toEqual({ items: ['a'] })
    const wrong = session.update((data) => Object.assign(data, { items: 'none' }))
    await expect(wrong).rejects.toMatchObject({ code: 'DATA_INVALID' })
    expect(await manager.update(session.id, (data) => (data.items as string[]).push('b'))).toBe(true)
    const odd = manager.update(session.id, (data) => Object.assign(data, { items: [1] }))
    await expect(odd).rejects.toMatchObject({ code: 'DATA_INVALID' })
    expect((await tab.open()).data).toEqual({ items: ['a', 'b'] })
  })

  it('update() passes the data as the schema returns it, and the session has the same data afterwards', async () => {
    const { browser, store } = createCartFixture({ schema })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { openedAt: new Date(7) }))
    const session = await tab.open()
    let seen: unknown
    await session.update((data) => {
      seen = data.openedAt
      Object.assign(data, { items: ['a'] })
    })
    expect([seen, session.data.openedAt]).toEqual([new Date(7), new Date(7)])
    const { calls } = await store.during(() => tab.commit(session))
    expect(calls).toEqual([])
  })

  it('Data that no longer fits is reset: session and user stay, nothing is written, and an event reports it', async () => {
    const { browser, another, events, store } = createFixture()
    const tab = browser()
    let id = ''
    await tab.request(async (session) => {
      Object.assign(session.data, { items: 'not a list' })
      await session.login('alice')
      id = session.id
    })
    const strict = another({ schema } as unknown as Partial<SessionManagerOptions>)
    const { calls, result } = await store.during(async () => {
      const session = await tab.open(strict)
      const { data, userId, isNew } = session
      await tab.commit(session, strict)
      return { data, userId, isNew }
    })
    expect(result).toEqual({ data: { items: [] }, userId: 'alice', isNew: false })
    expect(calls).toHaveLength(1)
    expect(events).toContainEqual({ type: 'dataReset', id, userId: 'alice', path: 'data.items' })
    await tab.request(({ data }) => Object.assign(data, { items: ['a'] }), strict)
    const session = await tab.open(strict)
    expect([session.data, session.userId]).toEqual([{ items: ['a'] }, 'alice'])
  })

  it('Data of another process that does not fit is reset, instead of refusing this request', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { items: [] }))
    const strict = another({ schema } as unknown as Partial<SessionManagerOptions>)
    const session = await tab.open(strict)
    await tab.request(({ data }) => Object.assign(data, { items: 'not a list' }))
    Object.assign(session.data, { openedAt: new Date(7) })
    await tab.commit(session, strict)
    expect((await tab.open(strict)).data).toEqual({ items: [], openedAt: new Date(7) })
  })
})

describe('a record that no longer fits its schema', () => {
  it.each([
    ['reject', { items: [] }, true, ['rejected']],
    ['reset', { items: [] }, false, ['dataReset', 'loaded']],
    [undefined, { items: [] }, false, ['dataReset', 'loaded']],
    [(): Cart => ({ items: ['mended'] }), { items: ['mended'] }, false, ['dataReset', 'loaded']],
    [(): undefined => undefined, { items: [] }, true, ['rejected']]
  ] as const)('With onSchemaMismatch: %s the data becomes %j', async (onSchemaMismatch, data, isNew, types) => {
    const { browser, another, eventTypes } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { items: 'not a list' }))
    const strict = another({ schema, onSchemaMismatch } as unknown as Partial<SessionManagerOptions>)
    eventTypes()
    const session = await tab.open(strict)
    expect({ data: session.data, isNew: session.isNew }).toEqual({ data, isNew })
    expect(eventTypes()).toEqual(types)
  })

  it('A user that the data named is kept when that data is reset', async () => {
    const { browser, another } = createFixture()
    const naming = { userIdFrom: ({ user }: { user?: string }) => user } as Partial<SessionManagerOptions>
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { user: 'alice', items: 'none' }), another(naming))
    const strict = another({ ...naming, schema } as unknown as Partial<SessionManagerOptions>)
    await tab.request(({ data }) => Object.assign(data, { items: ['a'] }), strict)
    expect((await tab.open(strict)).userId).toBe('alice')
  })
})

describe('a schema that refuses an empty object', () => {
  const refuse: Schema['~standard']['validate'] = () => ({ issues: [{ message: 'no', path: ['items'] }] })
  const refusing = (asynchronous: boolean): object => ({
    schema: {
      '~standard': { ...schema['~standard'], validate: asynchronous ? async (value: unknown) => refuse(value) : refuse }
    }
  })
  const message = expect.stringMatching(/^schema refuses \{\}.*data\.items.*default/)

  it('A synchronous schema that refuses {} is refused at construction', () => {
    expect(() => createFixture(refusing(false))).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message }))
  })

  it('An asynchronous schema that refuses {} is refused by the first new session', async () => {
    const { manager } = createFixture(refusing(true))
    await expect(manager.open('')).rejects.toMatchObject({ code: 'OPTION_INVALID', message })
  })
})
