import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { SessionError } from '../../src/errors.ts'
import type { SessionEvent } from '../../src/events.ts'
import { createSessionManager } from '../../src/session-manager.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createStoreAccess, type StoreAccess } from '../../src/store/store-access.ts'

function accessTo(store: object, storeTimeout = 1_000): { access: StoreAccess; events: SessionEvent[] } {
  const events: SessionEvent[] = []
  const whole = { ...createMemoryStore(), ...store }
  return { access: createStoreAccess(whole, storeTimeout, (event) => events.push(event)), events }
}

async function keysOf(access: StoreAccess): Promise<string[]> {
  const keys: string[] = []
  for await (const key of access.keys('')) keys.push(key)
  return keys
}

const later = Date.now() + 1e9

describe('a store that fails', () => {
  const broken = Object.assign(new TypeError('SET k my-record failed'), {
    code: 'E1',
    errno: 7,
    syscall: 'write',
    sqlState: '40001',
    errcode: 5,
    query: 'my-record',
    detail: 1
  })
  const fails = (): never => {
    throw broken
  }
  const rejects = (): Promise<never> => Promise.reject(broken)

  it.each(['get', 'compareAndSet', 'delete'] as const)(
    'A failure of %s is STORE_UNAVAILABLE, thrown or rejected',
    async (operation) => {
      for (const failing of [fails, rejects]) {
        const { access, events } = accessTo({ [operation]: failing })
        const calls = {
          get: () => access.get('k'),
          delete: () => access.delete('k'),
          compareAndSet: () => access.compareAndSet('k', undefined, 'my-record', later)
        }
        const error: unknown = await Promise.resolve(calls[operation]()).catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringMatching(
            `^The store failed ${operation}\\(\\): TypeError \\(E1\\): SET k .* failed \\[STORE_UNAVAILABLE\\]$`
          ),
          cause: { name: 'TypeError', code: 'E1', errno: 7, syscall: 'write', sqlState: '40001', errcode: 5 }
        })
        expect(events).toMatchObject([{ type: 'storeError', operation, code: 'STORE_UNAVAILABLE', cause: {} }])
      }
    }
  )

  it('The error helps to diagnose, and contains nothing of the stored value', async () => {
    const { access } = accessTo({ compareAndSet: rejects })
    const error: unknown = await Promise.resolve(access.compareAndSet('k', undefined, 'my-record', later)).catch(
      (one: unknown) => one
    )
    const cause: unknown = Reflect.get(Object(error), 'cause')
    if (!(cause instanceof Error)) throw new TypeError('no cause')
    expect(cause.message).toBe('SET k [masked] failed')
    expect(cause.stack).toContain('SET k [masked] failed')
    expect(cause.stack).not.toContain('my-record')
    expect(Object.keys(cause)).not.toContain('query')
    expect(Object.keys(cause)).not.toContain('detail')
    expect(Reflect.get(Object(error), 'message')).toBe(
      'The store failed compareAndSet(): TypeError (E1): SET k [masked] failed [STORE_UNAVAILABLE]'
    )
  })

  it.each([
    [
      new SessionError('STORE_INVALID', 'No table. Run schema.sql'),
      'SessionError: No table. Run schema.sql [STORE_INVALID]'
    ],
    // Node throws this when a name has several addresses and all refuse.
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'AggregateError: ECONNREFUSED'],
    [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'Error: connect ECONNREFUSED'],
    [new Error(''), 'Error: no message']
  ])('The message of the error contains the cause: %s', async (thrown, said) => {
    const { access } = accessTo({ get: () => Promise.reject(thrown) })
    await expect(access.get('k')).rejects.toThrow(`The store failed get(): ${said} [STORE_UNAVAILABLE]`)
  })

  it('The cause keeps no fields of other types, and 500 characters of the message', async () => {
    const long = Object.assign(new Error('x y '.repeat(150)), { code: { deep: true } })
    const { access } = accessTo({ get: () => Promise.reject(long) })
    const error: unknown = await Promise.resolve(access.get('k')).catch((one: unknown) => one)
    const cause: unknown = Reflect.get(Object(error), 'cause')
    expect(cause).toMatchObject({ message: 'x y '.repeat(125) })
    expect(Object.keys(Object(cause))).toEqual(['name'])
  })

  it('A thrown value that is no error becomes one', async () => {
    const { access } = accessTo({ get: () => Promise.reject('down') })
    await expect(access.get('k')).rejects.toMatchObject({ cause: { message: 'down', name: 'Error' } })
  })

  it('A record that the engine refuses as too large is no outage', async () => {
    const tooLarge = new SessionError('RECORD_TOO_LARGE', 'too large')
    const { access, events } = accessTo({ compareAndSet: () => Promise.reject(tooLarge) })
    await expect(access.compareAndSet('k', undefined, 'v', later)).rejects.toBe(tooLarge)
    expect(events).toEqual([])
  })

  it('An error that only resembles RECORD_TOO_LARGE is an outage', async () => {
    for (const error of [
      new SessionError('CONFLICT', 'no'),
      Object.assign(new Error('no'), { code: 'RECORD_TOO_LARGE' })
    ]) {
      const { access } = accessTo({ compareAndSet: () => Promise.reject(error) })
      const writing = access.compareAndSet('k', undefined, 'v', later)
      await expect(writing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    }
  })

  it('Failures of keys and deleteExpired are STORE_UNAVAILABLE, too', async () => {
    const { access, events } = accessTo({
      keys: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('down')) }) }),
      deleteExpired: rejects
    })
    await expect(keysOf(access)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(access.deleteExpired()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(events).toMatchObject([{ operation: 'keys' }, { operation: 'deleteExpired' }])
  })
})

describe('a store that does not respond', () => {
  it('A call fails with STORE_TIMEOUT after storeTimeout', async () => {
    const { access, events } = accessTo({ get: () => new Promise(() => {}) }, 5)
    await expect(access.get('k')).rejects.toThrow(
      'The store did not answer get() in 5 ms: check it, or raise storeTimeout [STORE_TIMEOUT]'
    )
    expect(events).toEqual([{ type: 'storeError', operation: 'get', code: 'STORE_TIMEOUT', cause: undefined }])
    const error: unknown = await Promise.resolve(access.get('k')).catch((one: unknown) => one)
    expect(Object.hasOwn(Object(error), 'cause')).toBe(false)
  })

  it('Later operations wait for at most three store timeouts', async () => {
    const { access, events } = accessTo({}, 5)
    await expect(access.waitForEarlier(new Promise(() => {}))).rejects.toThrow(
      'Earlier writes still wait for the store [STORE_TIMEOUT]'
    )
    expect(events).toMatchObject([{ operation: 'queue', code: 'STORE_TIMEOUT' }])
    await expect(access.waitForEarlier(Promise.resolve(7))).resolves.toBe(undefined)
  })

  it('A call may take one store timeout, and the wait for earlier operations three', () => {
    const delays: number[] = []
    vi.stubGlobal('setTimeout', (_: unknown, ms: number) => delays.push(ms))
    try {
      const { access } = accessTo({ get: () => new Promise(() => {}) }, 100)
      void access.get('k')
      void access.waitForEarlier(new Promise(() => {}))
      expect(delays).toEqual([100, 300])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('a store that returns invalid results', () => {
  it.each([
    ['get', null, 'a string or undefined'],
    ['get', 7, 'a string or undefined'],
    ['compareAndSet', 'OK', 'a boolean'],
    ['compareAndSet', undefined, 'a boolean'],
    ['deleteExpired', '7', 'a number'],
    ['deleteExpired', null, 'a number']
  ] as const)('%s() that returns %j is refused', async (operation, answer, wanted) => {
    const { access, events } = accessTo({ [operation]: () => Promise.resolve(answer) })
    const calls = {
      get: () => access.get('k'),
      deleteExpired: () => access.deleteExpired(),
      compareAndSet: () => access.compareAndSet('k', undefined, 'v', later)
    }
    const error: unknown = await Promise.resolve(calls[operation]()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'STORE_MISBEHAVED', message: expect.stringContaining(wanted) })
    expect(String(error)).toContain(operation)
    expect(events).toMatchObject([{ type: 'storeError', operation, code: 'STORE_MISBEHAVED' }])
  })

  it('The result may be undefined where nothing is stored or counted, and a method may be missing', async () => {
    const { access } = accessTo({ get: () => Promise.resolve(undefined), deleteExpired: async () => undefined })
    expect(await access.get('k')).toBe(undefined)
    expect(await access.deleteExpired()).toBe(0)
    expect(await accessTo({ deleteExpired: undefined }).access.deleteExpired()).toBe(0)
    const listing = keysOf(accessTo({ keys: undefined }).access)
    await expect(listing).rejects.toThrow('list() without a user needs a store with keys() [STORE_LACKS_METHOD]')
  })
})

describe('errors of a store', () => {
  const payload =
    '{"v":1,"w":"Zm9vYmFyYmF6","h":"q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c"}\n{"email":"bob@example.com","name":"Łukasz"}'
  const secretHash = 'q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c'
  const leaks = ['bob', 'example', 'ukasz', secretHash, 'Zm9vYmFyYmF6', 'email']

  const messages: readonly (readonly [string, string])[] = [
    ['the whole value', `SET failed: ${payload}`],
    ['the value as JSON', `SET failed: ${JSON.stringify(payload)}`],
    ['the value as JSON of JSON', `SET failed: ${JSON.stringify(JSON.stringify(payload))}`],
    ['the end of the value', `syntax error near '${payload.slice(-45)}' at line 1`],
    ['a piece without quotes', `unexpected token at bob@example.com of ${secretHash}`],
    ['a piece that is cut', `near b@example.com and ${secretHash.slice(0, 30)}`],
    ['lines', `down\n${payload}\n    at ${payload}`],
    ['backticks', `bad \`${payload}\``],
    ['an array of arguments', `command [set k ${payload}]`]
  ]

  it.each(messages)('A message with %s contains nothing of the value', async (_, message) => {
    const thrown = Object.assign(new Error(message), { code: 'E_SYNTAX' })
    for (const [expected, value] of [
      [payload, 'new'],
      ['old', payload],
      [undefined, payload]
    ] as const) {
      const { access, events } = accessTo({ compareAndSet: () => Promise.reject(thrown) })
      const error: unknown = await Promise.resolve(access.compareAndSet('k', expected, value, later)).catch(
        (one: unknown) => one
      )
      const shown = `${inspect(error, { depth: 9, showHidden: true })}${inspect(events, { depth: 9, showHidden: true })}`
      for (const leak of leaks) expect(shown).not.toContain(leak)
      expect(shown).toContain('E_SYNTAX')
    }
  })

  it.each(messages.filter(([, message]) => !/(?:token at|near) b/.test(message)))(
    'A message of get() with %s, which was not passed to the store, contains nothing of it',
    async (_, message) => {
      const { access } = accessTo({ get: () => Promise.reject(new Error(message)) })
      const shown = inspect(await Promise.resolve(access.get('k')).catch((one: unknown) => one), {
        depth: 9,
        showHidden: true
      })
      for (const leak of leaks) expect(shown).not.toContain(leak)
    }
  )

  it.each([
    ['connect ECONNREFUSED 127.0.0.1:6379', 'connect ECONNREFUSED 127.0.0.1:6379'],
    ["READONLY You can't write against a read only replica.", "READONLY You can't write against a read only replica."],
    ['getaddrinfo ENOTFOUND redis.internal.net', 'getaddrinfo ENOTFOUND redis.internal.net'],
    ['relation "kvsession" does not exist', 'relation '],
    ['down\r\n2026-01-01 INFO all is well', 'down']
  ])('The message %j is reported as %j', async (message, reported) => {
    const { access } = accessTo({ compareAndSet: () => Promise.reject(new Error(message)) })
    const writing = access.compareAndSet('k', undefined, payload, later)
    await expect(writing).rejects.toMatchObject({ cause: { message: reported } })
  })

  it('The message of our own stores stays whole', async () => {
    const thrown = new SessionError('STORE_INVALID', 'The table "kvsession" is missing. Call ensureSchema()')
    const { access } = accessTo({ get: () => Promise.reject(thrown) })
    await expect(access.get('k')).rejects.toMatchObject({ cause: { message: thrown.message, code: 'STORE_INVALID' } })
  })

  const trap = (): never => {
    throw new Error('from a trap')
  }

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a symbol', Symbol('down')],
    ['an object without prototype', Object.create(null)],
    ['an error without a message', Object.assign(new Error(), { message: undefined })],
    ['an error with a number for a message', Object.assign(new Error(), { message: 7, name: 8, stack: 9 })],
    ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: trap })],
    ['a proxy that throws', new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap })]
  ])('A rejection with %s becomes an error that can be printed', async (_, thrown) => {
    const { access, events } = accessTo({ get: () => Promise.reject(thrown) })
    const error: unknown = await Promise.resolve(access.get('k')).catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: expect.any(Error) })
    expect(events).toHaveLength(1)
    expect(`${error} ${inspect(events)}`).toContain('STORE_UNAVAILABLE')
  })
})

describe('a store that lists', () => {
  const from = (...items: unknown[]): object => ({
    async *keys() {
      yield* items
    }
  })

  it('A key that is no string is refused with an error that says what keys are', async () => {
    async function* keys(): AsyncIterable<unknown> {
      yield 7
    }
    const { access } = accessTo({ keys })
    await expect(keysOf(access)).rejects.toThrow(
      "The store's keys() must give strings. Run @kvsession/testkit [STORE_MISBEHAVED]"
    )
  })

  it('A listing and a sweep may take longer than other calls', async () => {
    const after = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(resolve, 40, value))
    async function* keys(): AsyncIterable<string> {
      yield after('a')
    }
    const { access, events } = accessTo({ keys, deleteExpired: () => after(3) }, 10)
    expect([await keysOf(access), await access.deleteExpired()]).toEqual([['a'], 3])
    expect(events).toEqual([])
  })

  it.each([[undefined], [null], [7], [{}]])('A key that is %j is misbehaviour', async (item) => {
    const { access, events } = accessTo(from('sessions.s.a', item))
    await expect(keysOf(access)).rejects.toMatchObject({ code: 'STORE_MISBEHAVED' })
    expect(events).toMatchObject([{ type: 'storeError', operation: 'keys', code: 'STORE_MISBEHAVED' }])
  })

  it.each([
    ['nothing', () => undefined],
    ['a number', () => 7],
    ['a rejection', () => Promise.reject(new Error('down'))]
  ])('An iterable that is %s causes a typed error', async (_, keys) => {
    const { access } = accessTo({ keys })
    await keysOf(access).then(
      (keys) => expect(keys).toEqual([]),
      (error: unknown) => expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    )
  })

  it('A listing that is left early has closed its cursor before the caller continues', async () => {
    const order: string[] = []
    const { access } = accessTo({
      async *keys() {
        try {
          yield 'a'
          yield 'b'
        } finally {
          await new Promise(setImmediate)
          order.push('closed')
        }
      }
    })
    for await (const key of access.keys('')) {
      order.push(key)
      break
    }
    expect(order).toEqual(['a', 'closed'])
  })
})

describe('A store that returns results without promises', () => {
  it('get() and compareAndSet() return results without promises at once, and a wrong one is an error of the store', () => {
    const { access } = accessTo({ get: () => 'value', compareAndSet: () => true })
    expect(access.get('k')).toBe('value')
    expect(access.compareAndSet('k', undefined, 'v', later)).toBe(true)
    const wrong = accessTo({ get: () => 7, compareAndSet: () => undefined }).access
    const misbehaved = expect.objectContaining({ code: 'STORE_MISBEHAVED' })
    expect(() => wrong.get('k')).toThrow(misbehaved)
    expect(() => wrong.compareAndSet('k', undefined, 'v', later)).toThrow(misbehaved)
  })

  it('A result without a promise starts no timer', () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout')
    void accessTo({ get: () => 'value' }).access.get('k')
    expect(setTimer).not.toHaveBeenCalled()
    setTimer.mockRestore()
  })

  it('An exception is the same error as a rejection', async () => {
    const fail = (): never => {
      throw new Error('down')
    }
    const { access } = accessTo({ get: fail })
    await expect(access.get('k')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('A manager on the memory store keeps every update of concurrent requests', async () => {
    const manager = createSessionManager({
      store: createMemoryStore(),
      secret: 'a secret for tests that is long enough'
    })
    const first = await manager.open(undefined)
    first.data.count = 0
    const { headers } = await manager.commit(first)
    const cookie = headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? ''
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const session = await manager.open(cookie)
        await session.update((data) => {
          data.count = Number(data.count) + 1
        })
      })
    )
    expect((await manager.open(cookie)).data.count).toBe(20)
  })
})
