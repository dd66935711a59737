import { describe, expect, it, vi } from 'vitest'
import { createMemoryStore, createSessionManager, type KeyValueStore, SessionError } from '../src/index.ts'
import { createFixture, secret } from './support/fixture.ts'

/** Calls a function with arguments that its types forbid. */
function misuse(call: (...args: never[]) => unknown, ...args: readonly unknown[]): unknown {
  return Reflect.apply(call, undefined, args)
}

describe('misuse is refused with a message that names the mistake', () => {
  it.each([[undefined], [null], ['sid']])('Options that are %j are refused', (options) => {
    expect(() => misuse(createSessionManager, options)).toThrow(
      'createSessionManager() takes an object of options [OPTION_INVALID]'
    )
  })

  it('A commit of a value that is no session is refused', async () => {
    const { manager } = createFixture()
    for (const thing of [undefined, null, {}, 'session']) {
      await expect(async () => misuse(manager.commit, thing)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
  })

  it.each([[null], [7], [true], [() => 'sid=1'], [Symbol('request')], [['cookie', 'sid=1']]])(
    'A source that is %s is refused',
    async (source) => {
      const { manager } = createFixture()
      await expect(misuse(manager.open, source)).rejects.toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID', message: expect.stringContaining('open() takes') })
      )
    }
  )

  it.each([null, 7, true, {}])('Headers whose cookie or host is %j are refused', async (value) => {
    const { manager } = createFixture()
    for (const headers of [{ cookie: value }, { host: value }]) {
      await expect(misuse(manager.open, headers)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
  })

  it('A missing source, or other headers that are no strings, are accepted', async () => {
    const { manager } = createFixture()
    for (const source of [undefined, '', {}, { cookie: undefined }, { cookie: [] }, { host: 'localhost', via: 7 }]) {
      await expect(misuse(manager.open, source)).resolves.toMatchObject({ isNew: true })
    }
  })

  it('Data that is no object, and an invalid lifetime, are refused', async () => {
    const session = await createFixture().browser().open()
    for (const value of [undefined, null, 'x', [1]]) {
      expect(() => Reflect.set(session, 'data', value)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
    }
    for (const value of ['1h', -1, 1.5, Number.NaN]) {
      expect(() => Reflect.set(session, 'permanent', value)).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID' })
      )
    }
  })

  it.each(['', 'x'.repeat(513), '\ud800', 7])('A login of %j is refused', async (userId) => {
    const session = await createFixture().browser().open()
    await expect(Reflect.apply(session.login, session, [userId])).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })

  it('A schema that returns something else than an object is refused', async () => {
    const schema = {
      '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: 'text' as never }) }
    }
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    await expect(tab.open(another({ schema }))).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it.each(['\0', '\ud800', 7])('A serializer that returns %j is refused', async (serialized) => {
    const serializer = {
      serialize: (data: unknown) => (Object.keys(Object(data)).length > 0 ? serialized : '{}'),
      deserialize: JSON.parse
    }
    const { browser } = createFixture({ serializer: serializer as never })
    const storing = browser().request(({ data }) => Object.assign(data, { a: 1 }))
    await expect(storing).rejects.toMatchObject({ code: 'DATA_UNSERIALIZABLE' })
  })

  it('Repeated random bytes never make two sessions under one id', async () => {
    const fixture = createFixture({ randomBytes: (length) => new Uint8Array(length) })
    await fixture.browser().request(({ data }) => Object.assign(data, { a: 1 }))
    const second = fixture.browser().request(({ data }) => Object.assign(data, { b: 1 }))
    await expect(second).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('randomness that repeats', () => {
  it.each(['login', 'regenerate', 'rotate'] as const)(
    'A constant randomBytes makes %s fail, and the token is never kept',
    async (swap) => {
      const fixture = createFixture({ randomBytes: (length) => new Uint8Array(length) })
      const tab = fixture.browser()
      await tab.request(({ data }) => Object.assign(data, { a: 1 }))
      const swapping = tab.request((session) => (swap === 'login' ? session.login('alice') : session[swap]()))
      await expect(swapping).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringMatching(/^randomBytes/)
      })
      expect((await tab.open()).userId).toBe(undefined)
    }
  )
})

describe('a record that is too large', () => {
  it('The size of a record is measured in bytes, not in characters', async () => {
    const { browser } = createFixture({ maxRecordBytes: 1_000 })
    await browser().request(({ data }) => Object.assign(data, { note: 'x'.repeat(500) }))
    const wide = browser().request(({ data }) => Object.assign(data, { note: '\u20ac'.repeat(500) }))
    await expect(wide).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
  })
})

describe('an error', () => {
  it('Frameworks that read `expose` never show the message to clients', () => {
    const error = new SessionError('CONFLICT', 'x')
    expect([error.expose, error.status, error.statusCode]).toEqual([false, 503, 503])
  })
})

describe('a store that misbehaves', () => {
  const memory = createMemoryStore()
  const managerOn = (store: object) => createSessionManager({ store: { ...memory, ...store } as KeyValueStore, secret })

  it("A listing that fails throws the store's error", async () => {
    const { list } = managerOn({
      keys: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('down')) }) })
    })
    const all = list()[Symbol.asyncIterator]()
    await expect(all.next()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('A sweep that returns an invalid count is refused', async () => {
    const { sweep } = managerOn({ deleteExpired: () => Promise.resolve({}) })
    await expect(sweep()).rejects.toMatchObject({ code: 'STORE_MISBEHAVED' })
  })

  it('A sweep does nothing when the engine expires values by itself', async () => {
    const { sweep } = managerOn({ deleteExpired: undefined })
    expect(await sweep()).toBe(0)
  })

  it('Contention ends when no write ever succeeds', async () => {
    const fixture = createFixture()
    const manager = fixture.another({
      store: { ...fixture.store, compareAndSet: () => Promise.resolve(false) }
    })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open(manager)
    const update = session.update((data) => {
      data.a = 2
    })
    await expect(update).rejects.toMatchObject({ code: 'CONFLICT', status: 503 })
  })

  it('Contention ends after some seconds without a successful write', async () => {
    const fixture = createFixture()
    const manager = fixture.another({ store: { ...fixture.store, compareAndSet: () => Promise.resolve(false) } })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open(manager)
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 300))
    const { calls } = await fixture.store.during(async () => {
      session.data.a = 2
      await expect(session.save()).rejects.toMatchObject({ code: 'CONFLICT' })
    })
    clock.mockRestore()
    expect(calls.length).toBeLessThan(100)
  })

  it("The pauses between lost writes use the manager's clock, or the system's", async () => {
    const fixture = createFixture()
    let losses = 4
    const manager = fixture.another({
      clock: { now: () => fixture.now },
      store: {
        ...fixture.store,
        compareAndSet: async (...args) => (losses-- > 0 ? false : fixture.store.compareAndSet(...args))
      }
    })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }), manager)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it("destroy() fails with the store's error when the store neither deletes nor reads", async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    fixture.store.break('error-before')
    await expect(session.destroy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('Operations that queue behind hanging deletes fail after a bounded time', async () => {
    const fixture = createFixture({ storeTimeout: 20 })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const sessions = await Promise.all(Array.from({ length: 8 }, () => tab.open()))
    fixture.store.break('hang-before')
    // Writes would be grouped, and would not wait for one another.
    const results = await Promise.allSettled(sessions.map((session) => session.destroy()))
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    expect(fixture.events).toContainEqual(expect.objectContaining({ type: 'storeError', operation: 'queue' }))
  })
})
