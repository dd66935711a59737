import { AsyncLocalStorage } from 'node:async_hooks'
import { createSessionManager } from '@kvsession/core'
import { createTestClock } from '@kvsession/testkit'
import { MemcacheClient } from 'memcache-client'
import { describeOn, type Engine } from 'test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMemcachedStore, type MemcachedStore } from '../src/index.ts'
import { ask, type Connected, commandsOf, connect, startServer } from './support/memcached.ts'

const later = Date.UTC(2037, 0)

describeOn('memcached', { own: true })('createMemcachedStore', () => {
  let server: Engine
  let connected: Connected
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    connected = connect(server.port)
    await connected.client.cmd('flush_all')
  })
  afterEach(() => connected.client.shutdown())

  it('createMemcachedStore opens no connection before the first call, and closes none', async () => {
    const { client } = connect(1)
    expect(client.options).toBeDefined()
    const { client: own, store } = connected
    await store.set('key', 'value', later)
    expect(store.close).toBe(undefined)
    expect(await own.gets('kvsession:key')).toMatchObject({ value: `${later} value` })
  })

  it.each([
    ['within a minute', 60_000],
    ['beyond 30 days, where memcached reads times as absolute', 45 * 86_400_000],
    ['a millisecond away', 1]
  ])('Memcached may drop an item only after its deadline: %s', async (_name, life) => {
    const expiresAt = Date.now() + life
    await connected.store.set('key', 'value', expiresAt)
    const left = Number((await ask(server.port, 'mg kvsession:key t')).match(/^HD t(\d+)$/)?.[1])
    expect(left).toBeGreaterThanOrEqual(Math.floor((expiresAt - Date.now()) / 1_000))
    expect(left).toBeLessThanOrEqual(life / 1_000 + 3)
  })

  it.each([
    ['beyond 2038', Date.UTC(9999, 0), 't-1'],
    ['at the last second it knows', (2 ** 31 - 2) * 1_000, 't\\d+']
  ])('A deadline that memcached cannot represent is kept: %s', async (_name, expiresAt, pattern) => {
    expect(await connected.store.compareAndSet('key', undefined, 'value', expiresAt)).toBe(true)
    expect(await ask(server.port, 'mg kvsession:key t')).toMatch(new RegExp(`^HD ${pattern}$`))
    expect(await connected.store.get('key')).toBe('value')
  })

  it.each([0, 1, 2_592_000, -1, Date.now() - 1])(
    'A past deadline of %i stores nothing that lasts',
    async (expiresAt) => {
      await connected.store.set('key', 'value', expiresAt)
      expect(await ask(server.port, 'mg kvsession:key')).toBe('EN')
    }
  )

  it("A value that has expired by the store's clock but not by memcached's is overwritten", async () => {
    const clock = createTestClock(Date.now())
    const { client, store } = connect(server.port, { clock })
    await store.set('key', 'old', clock.now() + 60_000)
    await clock.advance(60_000)
    expect(await store.get('key')).toBe(undefined)
    const creates = ['a', 'b', 'c'].map((value) => store.compareAndSet('key', undefined, value, clock.now() + 60_000))
    expect((await Promise.all(creates)).filter(Boolean)).toEqual([true])
    client.shutdown()
  })

  it('compareAndSet compares values, so a touch in between does not refuse the next write', async () => {
    const { store } = connected
    await store.set('key', 'same', later)
    const touches = Array.from({ length: 20 }, (_, turn) => store.compareAndSet('key', 'same', 'same', later + turn))
    expect(await Promise.all(touches)).toEqual(Array(20).fill(true))
  })

  it('A value is created although another process deletes the old one between the steps', async () => {
    const { client, store } = connected
    await store.set('key', 'old', later)
    let gone: Promise<unknown> | undefined
    const racing = createMemcachedStore({
      gets: async (key) => {
        gone ??= client.delete(key)
        await gone
        return client.gets(key)
      },
      set: (...args) => client.set(...args),
      add: (...args) => client.add(...args),
      cas: (...args) => client.cas(...args),
      delete: (...args) => client.delete(...args)
    })
    expect(await racing.compareAndSet('key', undefined, 'new', later)).toBe(true)
    expect(await store.get('key')).toBe('new')
  })

  it('Values that contain words of the protocol are distinguished', async () => {
    const { store } = connected
    const value = 'END\r\nVALUE kvsession:key 0 5 1\r\nSTORED\r\n\\r\\nERROR\r\n'
    await store.set('key', value, later)
    expect(await store.get('key')).toBe(value)
    expect(await store.compareAndSet('key', value, `${value}END\r\n`, later)).toBe(true)
    expect(await store.get('key')).toBe(`${value}END\r\n`)
  })

  it('The number of commands is as the README states, counted by the server', async () => {
    const manager = createSessionManager({ store: connected.store, secret: 'a secret for tests that is long enough' })
    const asked = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
      const before = await commandsOf(connected.client)
      return [await work(), (await commandsOf(connected.client)) - before]
    }
    const first = await manager.open('')
    first.data.count = 1
    const [{ headers }, create] = await asked(() => manager.commit(first))
    const cookie = headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? ''
    const [session, read] = await asked(() => manager.open(cookie))
    session.data.count = 2
    const [, write] = await asked(() => manager.commit(session))
    const third = await manager.open(cookie)
    const [, regenerate] = await asked(() => third.regenerate())
    const [, destroy] = await asked(() => third.destroy())
    expect({ create, read, write, regenerate, destroy }).toEqual({
      create: 1,
      read: 1,
      write: 2,
      regenerate: 2,
      destroy: 1
    })
  })

  it('The store keeps the async context of the caller', async () => {
    const context = new AsyncLocalStorage<number>()
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        context.run(id, async () => {
          await connected.store.compareAndSet(`key.${id}`, undefined, 'value', later)
          await connected.store.get(`key.${id}`)
          return context.getStore()
        })
      )
    )
    expect(seen).toEqual([1, 2, 3])
  })

  it.each([
    ['a string', 'set kvsession:key 0 0 5', 'hello'],
    ['an empty value', 'set kvsession:key 0 0 0', ''],
    ['a string with a space', 'set kvsession:key 0 0 11', 'hello world'],
    ['a number of this driver', 'set kvsession:key 8 0 1', '7'],
    ['JSON of this driver', 'set kvsession:key 2 0 2', '{}'],
    ['JSON that is none', 'set kvsession:key 2 0 3', '{{{'],
    ['a compressed value', 'set kvsession:key 16 0 5', 'xxxxx']
  ])('The foreign value %s under a key is an error that names the key', async (_name, ...lines) => {
    expect(await ask(server.port, ...lines)).toBe('STORED')
    const foreign = { code: 'STORE_INVALID', message: expect.stringContaining('its own server') }
    const { store } = connected
    await expect(store.get('key')).rejects.toMatchObject(foreign)
    await expect(store.compareAndSet('key', undefined, 'value', later)).rejects.toMatchObject(foreign)
    await expect(store.compareAndSet('key', 'hello', 'value', later)).rejects.toMatchObject(foreign)
    expect(await store.get('other')).toBe(undefined)
    await store.delete('key')
    expect(await store.get('key')).toBe(undefined)
  })
})

describeOn('memcached', { own: true })('A memcached with a lower limit than the store', () => {
  it("A value above the server's limit is refused with RECORD_TOO_LARGE, and compareAndSet keeps the old value", async () => {
    const server = await startServer({ 'max-item-size': '512k' })
    const { client, store } = connect(server.port)
    try {
      await store.set('key', 'old', later)
      const refused = { code: 'RECORD_TOO_LARGE', message: expect.stringContaining('memcached -I') }
      const large = 'x'.repeat(600_000)
      await expect(store.compareAndSet('key', 'old', large, later)).rejects.toMatchObject(refused)
      await expect(store.compareAndSet('absent', undefined, large, later)).rejects.toMatchObject(refused)
      expect(await store.get('key')).toBe('old')
      expect(await store.get('absent')).toBe(undefined)
      await expect(store.set('key', large, later)).rejects.toMatchObject(refused)
    } finally {
      client.shutdown()
      await server.stop()
    }
  })

  it('Memcached drops sessions to free memory, or rejects writes with -M', async () => {
    const { evicted, rejected } = { evicted: await fill({}), rejected: await fill({ 'disable-evictions': '' }) }
    expect(evicted).toEqual({ failures: 0, first: undefined })
    expect(rejected.failures).toBeGreaterThan(0)
    expect(rejected.first).toBe('x'.repeat(100_000))
  })
})

async function fill(settings: Record<string, string>): Promise<{ failures: number; first: string | undefined }> {
  const server = await startServer({ 'memory-limit': '4', ...settings })
  const { client, store } = connect(server.port)
  try {
    let failures = 0
    for (let index = 0; index < 100; index++) {
      const write = store.compareAndSet(`key.${index}`, undefined, 'x'.repeat(100_000), later)
      await write.catch((error: unknown) => {
        failures++
        expect(String(error)).toContain('out of memory')
      })
    }
    return { failures, first: await store.get('key.0') }
  } finally {
    client.shutdown()
    await server.stop()
  }
}

describe('createMemcachedStore', () => {
  const methods = { gets() {}, set() {}, add() {}, cas() {}, delete() {} }

  it.each([
    ['undefined', undefined, 'got no client'],
    ['an address', '127.0.0.1:11211', 'got no client'],
    ['the class', MemcacheClient, 'got no client'],
    ['a client without cas', { ...methods, cas: undefined }, 'cas() is missing'],
    ['the client of another package', { ...methods, HashRing: {} }, "the package 'memcached'"],
    [
      'a client of two servers',
      new MemcacheClient({ server: { servers: [{ server: 'a:1' }, { server: 'b:1' }] } }),
      '2 servers'
    ]
  ])('createMemcachedStore refuses %s and says what to pass', (_name, value, message) => {
    const create = (): MemcachedStore => Reflect.apply(createMemcachedStore, undefined, [value])
    expect(create).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
    )
    expect(create).toThrow('new MemcacheClient({ server:')
  })

  it.each([99_999, 1_048_577, Number.NaN, 200_000.5])(
    'createMemcachedStore refuses a largestValue of %s',
    (largestValue) => {
      const client = new MemcacheClient({ server: '127.0.0.1:1' })
      expect(() => createMemcachedStore(client, { largestValue })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' })
      )
    }
  )
})
