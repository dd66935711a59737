import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { createMemoryStore, createSessionManager, type Session } from '../src/index.ts'
import { createFixture, createGate, secret } from './support/fixture.ts'

describe('administration outside of requests', () => {
  it('find(), update() and revoke() see and change the stored session, and a concurrent request merges with them', async () => {
    const { browser, manager } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const inFlight = await tab.open()
    inFlight.data.b = 2
    expect(await manager.update(inFlight.id, (data) => Object.assign(data, { plan: 'pro' }))).toBe(true)
    await tab.commit(inFlight)
    const info = await manager.find(inFlight.id)
    expect(info?.data).toEqual({ a: 1, b: 2, plan: 'pro' })
    expect(Object.keys(info ?? {}).sort()).toEqual(
      ['createdAt', 'data', 'expiresAt', 'id', 'lastSeenAt', 'permanent', 'tokenId', 'userId'].sort()
    )
    expect(await manager.revoke(inFlight.id)).toBe(true)
    expect(await manager.revoke(inFlight.id)).toBe(false)
    expect((await tab.open()).isNew).toBe(true)
    expect(await manager.find(inFlight.id)).toBe(undefined)
  })

  it("revoke() does not end another user's session when a user is named", async () => {
    const { browser, manager } = createFixture()
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    const { id } = await tab.open()
    expect(await manager.revoke(id, { userId: 'mallory' })).toBe(false)
    expect(await manager.revoke(id, { userId: 'alice' })).toBe(true)
  })

  it('list() returns all live sessions in pages, and throws if the store cannot list', async () => {
    const { browser, manager, another, store } = createFixture()
    for (let i = 0; i < 30; i++) await browser().request((session) => session.login(`user${i}`))
    const users = new Set<string | undefined>()
    for await (const { userId } of manager.list()) users.add(userId)
    expect(users.size).toBe(30)
    const { get, set, delete: remove, compareAndSet } = store
    const limited = another({ store: { get, set, delete: remove, compareAndSet } })
    const first = limited.list()[Symbol.asyncIterator]().next()
    await expect(first).rejects.toMatchObject({ code: 'STORE_LACKS_METHOD' })
  })

  it('update() refuses an asynchronous function, which could not be run again', async () => {
    const { browser, manager } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const { id } = await tab.open()
    const later = (): void => Promise.resolve() as unknown as undefined
    await expect(manager.update(id, later)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })
})

describe('sweeping', () => {
  it('sweep() deletes expired records and returns their number', async () => {
    const fixture = createFixture()
    for (let i = 0; i < 5; i++) await fixture.browser().request(({ data }) => Object.assign(data, { i }))
    fixture.now += 3_600_000
    await fixture.browser().request(({ data }) => Object.assign(data, { live: true }))
    expect(await fixture.manager.sweep()).toBe(5)
    expect(fixture.events.at(-1)).toEqual({ type: 'swept', deleted: 5 })
    expect(await fixture.manager.sweep()).toBe(0)
  })

  it('A sweep keeps the process alive if it is awaited, but not if a sweeper runs it', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    try {
      for (const awaited of [true, false]) {
        let answer = (_: number): void => {}
        const { gate, open } = createGate()
        const deleteExpired = (): Promise<number> => {
          open()
          return new Promise((resolve) => {
            answer = resolve
          })
        }
        const manager = createSessionManager({ store: { ...createMemoryStore(), deleteExpired }, secret })
        if (awaited) void manager.sweep()
        else manager.startSweeper({ interval: '1ms' })
        await gate
        expect(timers.mock.results.at(-1)?.value.hasRef()).toBe(awaited)
        answer(0)
        await manager.close()
      }
    } finally {
      timers.mockRestore()
    }
  })

  it('A sweeper runs at intervals until it is stopped, and continues after a failure', async () => {
    vi.useFakeTimers()
    try {
      let sweeps = 0
      const store = {
        ...createMemoryStore(),
        deleteExpired: async () => {
          if (++sweeps === 1) throw new Error('busy')
          return 0
        }
      }
      const manager = createSessionManager({ store, secret })
      const stop = manager.startSweeper({ interval: '1m' })
      await vi.advanceTimersByTimeAsync(70_000)
      expect(sweeps).toBe(1)
      await vi.advanceTimersByTimeAsync(70_000)
      expect(sweeps).toBe(2)
      stop()
      await vi.advanceTimersByTimeAsync(600_000)
      expect(sweeps).toBe(2)
      manager.startSweeper()
      await manager.close()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('close', () => {
  it('close() waits for the writes under way, closes the store once, and refuses new sessions', async () => {
    let closed = 0
    const { manager, store } = createFixture({}, { ...createMemoryStore(), close: async () => void closed++ })
    const session = await manager.open('')
    session.data.a = 1
    const { gate, open } = createGate()
    store.break({ gate })
    const commit = manager.commit(session)
    let done = false
    const closing = manager.close().then(() => {
      done = true
    })
    for (let i = 0; i < 20; i++) await Promise.resolve()
    expect(done).toBe(false)
    open()
    await Promise.all([commit, closing])
    await expect(manager.open('')).rejects.toThrow('The session manager is closed [MANAGER_CLOSED]')
  })
})

describe('revoking all sessions of a user', () => {
  it('revokeAll() keeps the sessions that `except` names, one or several', async () => {
    for (const several of [true, false]) {
      const { browser, manager } = createFixture()
      const tabs = [browser(), browser(), browser()]
      for (const tab of tabs) await tab.request((session) => session.login('alice'))
      const [a, b, c] = await Promise.all(tabs.map(async (tab) => (await tab.open()).id))
      if (a === undefined || b === undefined || c === undefined) throw new TypeError()
      expect(await manager.revokeAll('alice', { except: several ? [a, b] : a })).toBe(several ? 1 : 2)
      const left = (await manager.list({ userId: 'alice' })).map(({ id }) => id).sort()
      expect(left).toEqual(several ? [a, b].sort() : [a])
    }
  })
})

describe('a commit', () => {
  async function stored(options: Parameters<typeof createFixture>[0] = {}) {
    const fixture = createFixture(options)
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    fixture.eventTypes()
    return { fixture, tab }
  }

  it('A commit with nothing to store makes no store call', async () => {
    const { fixture, tab } = await stored()
    for (const cookie of ['', tab.cookie]) {
      const session = await fixture.manager.open(cookie)
      expect(session.data).toBeTypeOf('object')
      const { result, calls } = await fixture.store.during(() => fixture.manager.commit(session))
      expect([result.headers, calls]).toEqual([[['Vary', 'Cookie']], []])
    }
  })

  it('The next operation of the request waits for the commit', async () => {
    const { fixture, tab } = await stored()
    const session = await tab.open()
    session.data.a = 2
    const { gate, open } = createGate()
    fixture.store.break({ gate }, ({ operation }) => operation === 'compareAndSet')
    const { length } = fixture.store.calls
    const committing = fixture.manager.commit(session)
    const reloading = session.reload()
    await new Promise(setImmediate)
    expect(fixture.store.calls.slice(length).map(({ operation }) => operation)).toEqual(['compareAndSet'])
    open()
    await committing
    expect([await reloading, session.data]).toEqual([true, { a: 2 }])
  })

  it('The commit of a failed request updates lastSeenAt, but stores no data with commitOnError: false', async () => {
    const { fixture, tab } = await stored({ commitOnError: false })
    fixture.now += 60_000
    const session = await tab.open()
    session.data.a = 2
    await fixture.manager.commit(session, { failed: true })
    const after = await tab.open()
    expect([after.data, after.lastSeenAt]).toEqual([{ a: 1 }, fixture.now])
  })

  it('Changes that are lost raise an event, if the session has ended or could not be read; without changes there is no event', async () => {
    const { fixture, tab } = await stored({ onStoreUnavailable: 'anonymous' })
    const [session, untouched] = [await tab.open(), await tab.open()]
    await session.destroy()
    await untouched.destroy()
    fixture.eventTypes()
    await fixture.manager.commit(untouched)
    expect(fixture.eventTypes()).toEqual([])
    session.data.late = true
    await fixture.manager.commit(session)
    expect(fixture.events.at(-1)).toEqual({ type: 'dropped', id: session.id, reason: 'gone' })
    fixture.store.break('error-before')
    const unread = await tab.open()
    unread.data.late = true
    await fixture.manager.commit(unread)
    expect(fixture.events.at(-1)).toEqual({ type: 'dropped', id: '', reason: 'detached' })
  })

  it('A touch that fails raises an event and does not fail the request', async () => {
    const { fixture, tab } = await stored()
    fixture.now += 60_000
    const failing = await tab.open()
    fixture.store.break('error-before')
    expect((await fixture.manager.commit(failing)).headers).toEqual([])
    fixture.store.break(undefined)
    const odd = fixture.another({ store: { ...fixture.store, compareAndSet: async () => 'OK' as never } })
    const session = await tab.open(odd)
    fixture.eventTypes()
    expect((await odd.commit(session)).headers).toEqual([])
    expect(fixture.eventTypes()).toEqual(['storeError'])
  })
})

describe('events and hooks', () => {
  it('An event handler that throws does not affect the request', async () => {
    const { browser } = createFixture({
      onEvent: () => {
        throw new Error('observer')
      }
    })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('Events and hooks never contain a token, a secret or data', async () => {
    const { browser, events } = createFixture({ storeTimeout: 1_000 })
    const tab = browser()
    const tokens: string[] = []
    for (const verb of ['login', 'regenerate', 'rotate', 'destroy'] as const) {
      await tab.request(({ data }) => Object.assign(data, { card: '4111-1111' }))
      tokens.push(tab.cookie.split('=')[1] ?? 'none')
      await tab.request((session) => session[verb]('alice' as never))
    }
    const log = JSON.stringify(events)
    for (const token of tokens) {
      expect(log).not.toContain(token)
      expect(log).not.toContain(token.slice(36, 56))
    }
    expect(log).not.toContain('4111')
  })
})

describe('typing', () => {
  it('The members data, take() and update() have the data type of the manager', async () => {
    interface Shop {
      cart?: string[]
      flash?: string
    }
    const manager = createSessionManager<Shop>({ store: createMemoryStore(), secret })
    const session = await manager.open('')
    expectTypeOf(session).toEqualTypeOf<Session<Shop>>()
    expectTypeOf(session.data.cart).toEqualTypeOf<string[] | undefined>()
    expectTypeOf(await session.take('flash')).toEqualTypeOf<string | undefined>()
    await session.update((data) => {
      data.cart = [...(data.cart ?? []), 'book']
    })
    expect(session.data.cart).toEqual(['book'])
  })
})

describe('the parts of a manager', () => {
  it('A store without compareAndSet is accepted with allowNonAtomicStore', async () => {
    const { get, set, delete: remove } = createMemoryStore()
    const store = { get, set, delete: remove }
    const manager = createSessionManager({ store, secret, allowNonAtomicStore: true })
    const session = await manager.open('')
    session.data.a = 1
    await manager.commit(session)
    expect((await manager.find(session.id))?.data).toEqual({ a: 1 })
  })

  it('A schema that refuses {} is refused together with the options', () => {
    const validate = (): { issues: { message: string }[] } => ({ issues: [{ message: 'no' }] })
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } }
    expect(() => createSessionManager({ store: createMemoryStore(), secret, schema })).toThrow(/^schema refuses \{\}/)
  })

  it('A manager that has not seen a proxy sends the cookie to localhost', async () => {
    const { manager } = createFixture()
    const session = await manager.open({ host: 'localhost:3000' })
    session.data.a = 1
    expect((await manager.commit(session)).headers[0]?.[1]).toMatch(/^sid=/)
  })

  it('Each manager prints a warning once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    warn.mockClear()
    for (const { manager } of [createFixture(), createFixture()]) {
      for (let i = 0; i < 2; i++) {
        const session = await manager.open({ host: 'localhost', via: '1.1 x' }, { encrypted: false })
        session.data.a = 1
        await manager.commit(session)
      }
    }
    expect(warn.mock.calls).toHaveLength(2)
  })

  it('A write that keeps conflicting with other processes waits by the clock of the manager', async () => {
    const slept: number[] = []
    const memory = createMemoryStore()
    let losses = 4
    const compareAndSet: typeof memory.compareAndSet = async (...args) =>
      losses-- > 0 ? false : memory.compareAndSet(...args)
    const manager = createSessionManager({
      store: { ...memory, compareAndSet },
      secret,
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      clock: { now: () => Date.now(), sleep: async (milliseconds) => void slept.push(milliseconds) }
    })
    const fixture = createFixture({}, { ...memory, compareAndSet })
    const tab = fixture.browser()
    losses = 0
    await tab.request(({ data }) => Object.assign(data, { a: 1 }), manager)
    losses = 4
    await tab.request(({ data }) => Object.assign(data, { a: 2 }), manager)
    expect(slept.length).toBeGreaterThan(0)
    expect((await tab.open(manager)).data).toEqual({ a: 2 })
  })
})
