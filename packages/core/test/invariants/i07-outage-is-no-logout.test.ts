import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionManager, type KeyValueStore, SessionError } from '../../src/index.ts'
import { createFixture, secret, setCookieOf } from '../support/fixture.ts'

describe('I7: an outage is not a logout', () => {
  it.each([
    ['error-before', 'STORE_UNAVAILABLE'],
    ['hang-before', 'STORE_TIMEOUT']
  ] as const)(
    'A failed read (%s) is a typed error with status 503, and the user is still logged in afterwards',
    async (fault, code) => {
      const { browser, store, events } = createFixture({ storeTimeout: 20 })
      const tab = browser()
      await tab.request((session) => session.login('alice'))
      store.break(fault)
      await expect(tab.open()).rejects.toMatchObject({ name: 'SessionError', code, status: 503, statusCode: 503 })
      expect(events.at(-1)).toMatchObject({ type: 'storeError', operation: 'get', code })
      store.break(undefined)
      expect((await tab.open()).userId).toBe('alice')
    }
  )

  it("With 'anonymous' an outage gives an empty detached session that stores nothing, and the cookie stays", async () => {
    const { browser, store } = createFixture({ onStoreUnavailable: 'anonymous' })
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    store.break('error-before')
    const session = await tab.open()
    expect(session).toMatchObject({ detached: 'unavailable', data: {}, userId: undefined })
    session.data.lost = true
    expect(setCookieOf(await tab.commit(session))).toBe(undefined)
    await expect(session.destroy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    store.break(undefined)
    expect((await tab.open()).userId).toBe('alice')
  })

  it('A write that fails leaves the previous record intact', async () => {
    const { browser, store } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    session.data.a = 2
    store.break('error-before', ({ operation }) => operation === 'compareAndSet')
    await expect(tab.commit(session)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    store.break(undefined)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('A create whose confirmation was lost is resolved by reading, and the cookie of the response works', async () => {
    const { browser, store } = createFixture()
    const tab = browser()
    let writes = 0
    store.break('error-after', ({ operation }) => operation === 'compareAndSet' && ++writes === 1)
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    store.break(undefined)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('Visitors without a cookie are served while the store is down', async () => {
    const { browser, store } = createFixture()
    store.break('error-before')
    expect((await browser().open()).isNew).toBe(true)
  })

  it.each([
    ['null', null],
    ['a number', 7],
    ['a buffer', Buffer.from('x')],
    ['an object', {}]
  ])('A store that returns %s for a record causes a typed error, never a new session', async (_, value) => {
    const good = createMemoryStore()
    const store = { ...good, get: async () => value } as unknown as KeyValueStore
    const manager = createSessionManager({ store, secret })
    const session = await manager.open('')
    session.data.a = 1
    const { headers } = await manager.commit(session)
    await expect(manager.open(setCookieOf(headers)?.split(';')[0])).rejects.toMatchObject({ code: 'STORE_MISBEHAVED' })
  })

  it('A store that throws synchronously, or returns no boolean from compareAndSet, causes a typed error, too', async () => {
    const throwing = createSessionManager({
      secret,
      store: {
        ...createMemoryStore(),
        compareAndSet: () => {
          throw new Error('sync')
        },
        get: () => {
          throw new Error('sync')
        }
      }
    })
    const session = await throwing.open('')
    session.data.a = 1
    await expect(throwing.commit(session)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const odd = createSessionManager({
      secret,
      store: { ...createMemoryStore(), compareAndSet: async () => 1 as unknown as boolean }
    })
    const other = await odd.open('')
    other.data.a = 1
    await expect(odd.commit(other)).rejects.toMatchObject({ code: 'STORE_MISBEHAVED' })
  })

  it('A value that the store refuses as too large is tried once, and does not count as an outage', async () => {
    const good = createMemoryStore()
    const limit = 'The store holds 100000 bytes in one value'
    const calls: string[] = []
    const { browser, events } = createFixture(
      {},
      {
        ...good,
        compareAndSet: async (key, expected, value, expiresAt) => {
          calls.push(key)
          if (value.includes('large')) throw new SessionError('RECORD_TOO_LARGE', limit)
          return good.compareAndSet(key, expected, value, Math.max(expiresAt, Date.now() + 60_000))
        }
      }
    )
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 'small' }))
    const session = await tab.open()
    session.data.a = 'large'
    const tooLarge = { code: 'RECORD_TOO_LARGE', status: 500, message: expect.stringContaining(limit) }
    await expect(tab.commit(session)).rejects.toMatchObject(tooLarge)
    expect(calls).toHaveLength(2)
    expect(events.filter(({ type }) => type === 'storeError')).toEqual([])
    expect((await tab.open()).data).toEqual({ a: 'small' })
  })

  it('The cause of a store error contains nothing of the stored value', async () => {
    const store: KeyValueStore = {
      ...createMemoryStore(),
      compareAndSet: async (key, _, value) => {
        throw Object.assign(new Error(`could not write ${key} = ${value}`), {
          command: { args: [value] },
          code: 'EPIPE'
        })
      }
    }
    const manager = createSessionManager({ store, secret })
    const session = await manager.open('')
    session.data.password = 'hunter2'
    const error: unknown = await manager.commit(session).catch((thrown: unknown) => thrown)
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2')
    expect(error).toMatchObject({ cause: { code: 'EPIPE' } })
  })
})
