import { describe, expect, it, vi } from 'vitest'
import { createMemoryStore, createSessionManager, type KeyValueStore, SessionError } from '../src/index.ts'
import { createWorld, secret } from './support/world.ts'

/** Calls a function with what its types forbid. */
function misuse(call: (...args: never[]) => unknown, ...args: readonly unknown[]): unknown {
  return Reflect.apply(call, undefined, args)
}

describe('misuse is told what it did', () => {
  it.each([[undefined], [null], ['sid']])('options that are %j', (options) => {
    expect(() => misuse(createSessionManager, options)).toThrow(
      'createSessionManager() takes an object of options [OPTION_INVALID]'
    )
  })

  it('committing what is no session', async () => {
    const { manager } = createWorld()
    for (const thing of [undefined, null, {}, 'session']) {
      await expect(async () => misuse(manager.commit, thing)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
  })

  it.each([[null], [7], [true], [() => 'sid=1'], [Symbol('request')], [['cookie', 'sid=1']]])(
    'opening %s, which is no request',
    async (source) => {
      const { manager } = createWorld()
      await expect(misuse(manager.open, source)).rejects.toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID', message: expect.stringContaining('open() takes') })
      )
    }
  )

  it.each([null, 7, true, {}])('opening headers whose cookie or host is %j', async (value) => {
    const { manager } = createWorld()
    for (const headers of [{ cookie: value }, { host: value }]) {
      await expect(misuse(manager.open, headers)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
  })

  it('opening nothing, or headers of which others are no strings, is none', async () => {
    const { manager } = createWorld()
    for (const source of [undefined, '', {}, { cookie: undefined }, { cookie: [] }, { host: 'localhost', via: 7 }]) {
      await expect(misuse(manager.open, source)).resolves.toMatchObject({ isNew: true })
    }
  })

  it('data that is no object, and lifetimes that are none', async () => {
    const session = await createWorld().browser().open()
    for (const value of [undefined, null, 'x', [1]]) {
      expect(() => Reflect.set(session, 'data', value)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
    }
    for (const value of ['1h', -1, 1.5, Number.NaN]) {
      expect(() => Reflect.set(session, 'permanent', value)).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID' })
      )
    }
  })

  it.each(['', 'x'.repeat(513), '\ud800', 7])('a login of %j', async (userId) => {
    const session = await createWorld().browser().open()
    await expect(Reflect.apply(session.login, session, [userId])).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })

  it('a schema that makes something else than an object', async () => {
    const schema = {
      '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: 'text' as never }) }
    }
    const { browser, another } = createWorld()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    await expect(tab.open(another({ schema }))).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it.each(['\0', '\ud800', 7])('a serializer that gives %j', async (text) => {
    const serializer = {
      serialize: (data: unknown) => (Object.keys(Object(data)).length > 0 ? text : '{}'),
      deserialize: JSON.parse
    }
    const { browser } = createWorld({ serializer: serializer as never })
    const storing = browser().request(({ data }) => Object.assign(data, { a: 1 }))
    await expect(storing).rejects.toMatchObject({ code: 'DATA_UNSERIALIZABLE' })
  })

  it('randomness that repeats: no session is made twice under one id', async () => {
    const world = createWorld({ randomBytes: (length) => new Uint8Array(length) })
    await world.browser().request(({ data }) => Object.assign(data, { a: 1 }))
    const second = world.browser().request(({ data }) => Object.assign(data, { b: 1 }))
    await expect(second).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('randomness that repeats', () => {
  it.each(['login', 'regenerate', 'rotate'] as const)(
    'A constant randomBytes: %s fails, and never keeps the token',
    async (swap) => {
      const world = createWorld({ randomBytes: (length) => new Uint8Array(length) })
      const tab = world.browser()
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
  it('is measured in bytes, not in characters', async () => {
    const { browser } = createWorld({ maxRecordBytes: 1_000 })
    await browser().request(({ data }) => Object.assign(data, { text: 'x'.repeat(500) }))
    const wide = browser().request(({ data }) => Object.assign(data, { text: '\u20ac'.repeat(500) }))
    await expect(wide).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
  })
})

describe('an error', () => {
  it('is never shown to clients by frameworks that ask it', () => {
    const error = new SessionError('CONFLICT', 'x')
    expect([error.expose, error.status, error.statusCode]).toEqual([false, 503, 503])
  })
})

describe('a store that misbehaves', () => {
  const memory = createMemoryStore()
  const managerOn = (store: object) => createSessionManager({ store: { ...memory, ...store } as KeyValueStore, secret })

  it('when it lists: the error is the store’s', async () => {
    const { list } = managerOn({
      keys: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('down')) }) })
    })
    const all = list()[Symbol.asyncIterator]()
    await expect(all.next()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('when it sweeps: a count that is none', async () => {
    const { sweep } = managerOn({ deleteExpired: () => Promise.resolve({}) })
    await expect(sweep()).rejects.toMatchObject({ code: 'STORE_MISBEHAVED' })
  })

  it('has nothing to sweep when its engine expires by itself', async () => {
    const { sweep } = managerOn({ deleteExpired: undefined })
    expect(await sweep()).toBe(0)
  })

  it('when no write ever succeeds: contention ends', async () => {
    const world = createWorld()
    const manager = world.another({
      store: { ...world.store, compareAndSet: () => Promise.resolve(false) }
    })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open(manager)
    const update = session.update((data) => {
      data.a = 2
    })
    await expect(update).rejects.toMatchObject({ code: 'CONFLICT', status: 503 })
  })

  it('when no write succeeds for seconds: contention ends by time', async () => {
    const world = createWorld()
    const manager = world.another({ store: { ...world.store, compareAndSet: () => Promise.resolve(false) } })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open(manager)
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 300))
    const { calls } = await world.store.during(async () => {
      session.data.a = 2
      await expect(session.save()).rejects.toMatchObject({ code: 'CONFLICT' })
    })
    clock.mockRestore()
    expect(calls.length).toBeLessThan(100)
  })

  it('when a few writes lose: the pauses between them are the clock’s, or the system’s', async () => {
    const world = createWorld()
    let losses = 4
    const manager = world.another({
      clock: { now: () => world.now },
      store: {
        ...world.store,
        compareAndSet: async (...args) => (losses-- > 0 ? false : world.store.compareAndSet(...args))
      }
    })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }), manager)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('when it neither deletes nor says what is left: destroy fails with its error', async () => {
    const world = createWorld()
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    world.store.break('error-before')
    await expect(session.destroy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('when it hangs: whoever queues behind deletes that wait is told before long', async () => {
    const world = createWorld({ storeTimeout: 20 })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const sessions = await Promise.all(Array.from({ length: 8 }, () => tab.open()))
    world.store.break('hang-before')
    // Writes would wait together, and not for one another.
    const results = await Promise.allSettled(sessions.map((session) => session.destroy()))
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'storeError', operation: 'queue' }))
  })
})
