import { describe, expect, it, vi } from 'vitest'
import { SessionError } from '../../src/errors.ts'
import type { SessionEvent } from '../../src/events.ts'
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

  it.each(['get', 'compareAndSet', 'delete'] as const)('%s is unavailable, however it says so', async (operation) => {
    for (const failing of [fails, rejects]) {
      const { access, events } = accessTo({ [operation]: failing })
      const calls = {
        get: () => access.get('k'),
        delete: () => access.delete('k'),
        compareAndSet: () => access.compareAndSet('k', undefined, 'my-record', later)
      }
      const error: unknown = await calls[operation]().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: `The store failed ${operation}(). See cause [STORE_UNAVAILABLE]`,
        cause: { name: 'TypeError', code: 'E1', errno: 7, syscall: 'write', sqlState: '40001', errcode: 5 }
      })
      expect(events).toMatchObject([{ type: 'storeError', operation, code: 'STORE_UNAVAILABLE', cause: {} }])
    }
  })

  it('tells what diagnoses and nothing of what was being stored', async () => {
    const { access } = accessTo({ compareAndSet: rejects })
    const error: unknown = await access.compareAndSet('k', undefined, 'my-record', later).catch((one: unknown) => one)
    const cause: unknown = Reflect.get(Object(error), 'cause')
    if (!(cause instanceof Error)) throw new TypeError('no cause')
    expect(cause.message).toBe('SET k [masked] failed')
    expect(cause.stack).toContain('SET k [masked] failed')
    expect(cause.stack).not.toContain('my-record')
    expect(Object.keys(cause)).not.toContain('query')
    expect(Object.keys(cause)).not.toContain('detail')
  })

  it('keeps no fields of another kind, and 500 characters of the message', async () => {
    const long = Object.assign(new Error('x y '.repeat(150)), { code: { deep: true } })
    const { access } = accessTo({ get: () => Promise.reject(long) })
    const error: unknown = await access.get('k').catch((one: unknown) => one)
    const cause: unknown = Reflect.get(Object(error), 'cause')
    expect(cause).toMatchObject({ message: 'x y '.repeat(125) })
    expect(Object.keys(Object(cause))).toEqual(['name'])
  })

  it('what is thrown and no error becomes one', async () => {
    const { access } = accessTo({ get: () => Promise.reject('down') })
    await expect(access.get('k')).rejects.toMatchObject({ cause: { message: 'down', name: 'Error' } })
  })

  it('a record that the engine finds too large is no outage', async () => {
    const tooLarge = new SessionError('RECORD_TOO_LARGE', 'too large')
    const { access, events } = accessTo({ compareAndSet: () => Promise.reject(tooLarge) })
    await expect(access.compareAndSet('k', undefined, 'v', later)).rejects.toBe(tooLarge)
    expect(events).toEqual([])
  })

  it('what only looks like that is one', async () => {
    for (const error of [
      new SessionError('CONFLICT', 'no'),
      Object.assign(new Error('no'), { code: 'RECORD_TOO_LARGE' })
    ]) {
      const { access } = accessTo({ compareAndSet: () => Promise.reject(error) })
      const writing = access.compareAndSet('k', undefined, 'v', later)
      await expect(writing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    }
  })

  it('keys and deleteExpired are unavailable too', async () => {
    const { access, events } = accessTo({
      keys: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('down')) }) }),
      deleteExpired: rejects
    })
    await expect(keysOf(access)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(access.deleteExpired()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(events).toMatchObject([{ operation: 'keys' }, { operation: 'deleteExpired' }])
  })
})

describe('a store that does not answer', () => {
  it('is late after storeTimeout', async () => {
    const { access, events } = accessTo({ get: () => new Promise(() => {}) }, 5)
    await expect(access.get('k')).rejects.toThrow(
      'The store did not answer get() in 5 ms: check it, or raise storeTimeout [STORE_TIMEOUT]'
    )
    expect(events).toEqual([{ type: 'storeError', operation: 'get', code: 'STORE_TIMEOUT', cause: undefined }])
    const error: unknown = await access.get('k').catch((one: unknown) => one)
    expect(Object.hasOwn(Object(error), 'cause')).toBe(false)
  })

  it('keeps later operations waiting for three store timeouts at most', async () => {
    const { access, events } = accessTo({}, 5)
    await expect(access.waitForEarlier(new Promise(() => {}))).rejects.toThrow(
      'Earlier writes still wait for the store [STORE_TIMEOUT]'
    )
    expect(events).toMatchObject([{ operation: 'queue', code: 'STORE_TIMEOUT' }])
    await expect(access.waitForEarlier(Promise.resolve(7))).resolves.toBe(undefined)
  })

  it('is given one store timeout, and the wait for earlier operations three', () => {
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

describe('a store whose answers are none', () => {
  it.each([
    ['get', null, 'a string or undefined'],
    ['get', 7, 'a string or undefined'],
    ['compareAndSet', 'OK', 'a boolean'],
    ['compareAndSet', undefined, 'a boolean'],
    ['deleteExpired', '7', 'a number'],
    ['deleteExpired', null, 'a number']
  ] as const)('%s gives %j', async (operation, answer, wanted) => {
    const { access, events } = accessTo({ [operation]: () => Promise.resolve(answer) })
    const calls = {
      get: () => access.get('k'),
      deleteExpired: () => access.deleteExpired(),
      compareAndSet: () => access.compareAndSet('k', undefined, 'v', later)
    }
    const error: unknown = await calls[operation]().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'STORE_MISBEHAVED', message: expect.stringContaining(wanted) })
    expect(String(error)).toContain(operation)
    expect(events).toMatchObject([{ type: 'storeError', operation, code: 'STORE_MISBEHAVED' }])
  })

  it('may be undefined where nothing is stored or counted, or there is nothing to ask', async () => {
    const { access } = accessTo({ get: () => Promise.resolve(undefined), deleteExpired: async () => undefined })
    expect(await access.get('k')).toBe(undefined)
    expect(await access.deleteExpired()).toBe(0)
    expect(await accessTo({ deleteExpired: undefined }).access.deleteExpired()).toBe(0)
    const listing = keysOf(accessTo({ keys: undefined }).access)
    await expect(listing).rejects.toThrow('list() without a user needs a store with keys() [STORE_LACKS_METHOD]')
  })
})
