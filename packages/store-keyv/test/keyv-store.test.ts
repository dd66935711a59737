import { createSessionManager, type KeyValueStore, type SessionManager } from '@kvsession/core'
import { createTestClock } from '@kvsession/testkit'
import { Keyv as Keyv5 } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { describe, expect, it } from 'vitest'
import { createKeyvStore } from '../src/index.ts'
import { createKeyvOf, createWithoutIterator, keyvVersions } from './support/keyvs.ts'

const later = Date.UTC(9999, 0)
const lookalikes = ['', '123', '{"a":1}', 'null', 'true', '":base64:aGk="', ':base64:aGk=', ':bigint:1', ' padded ']

for (const version of keyvVersions) {
  describe(`createKeyvStore over Keyv ${version}`, () => {
    it.each(lookalikes)('The value %j is returned as the same string', async (value) => {
      const store = createKeyvStore(createKeyvOf(version, new Map()))
      await store.set('123', value, later)
      expect(await store.get('123')).toBe(value)
    })

    it('Stores in one engine are separate although their namespaces contain one another', async () => {
      const map = new Map()
      const stores = ['app', 'app2', 'my-app'].map((name) => createKeyvStore(createKeyvOf(version, map, name)))
      for (const [index, store] of stores.entries()) await store.set(`key.${index}`, 'value', later)
      await stores[1]?.set('expired', 'value', 1)
      expect(await Promise.all(stores.map(keysOf))).toEqual([['key.0'], ['key.1'], ['key.2']])
      expect(await stores[0]?.deleteExpired?.()).toBe(0)
      expect(await stores[1]?.deleteExpired?.()).toBe(1)
    })

    it('Entries of other namespaces in the same engine are ignored', async () => {
      const map = new Map()
      await createKeyvOf(version, map, 'other').set('key', 'a foreign value', 60_000)
      const store = createKeyvStore(createKeyvOf(version, map))
      expect(await keysOf(store)).toEqual([])
      expect(await store.deleteExpired?.()).toBe(0)
    })

    it('The store works with a compressing Keyv', async () => {
      const compression = {
        compress: async (value: string) => Buffer.from(value).toString('base64'),
        decompress: async (value: string) => Buffer.from(value, 'base64').toString()
      }
      const options = { store: new Map(), namespace: 'sessions', compression }
      const keyv = version === 5 ? new Keyv5({ ...options, throwOnErrors: true }) : new Keyv6(options)
      const store = createKeyvStore(keyv)
      await store.set('key', 'välue', later)
      expect(await store.get('key')).toBe('välue')
      expect(await keysOf(store)).toEqual(['key'])
    })

    it('An error event rejects the running calls, and no later one', async () => {
      let broken = true
      const listeners: ((error: unknown) => void)[] = []
      const report = (): void => {
        if (broken) for (const listener of listeners) listener(new Error('the disk is on fire'))
      }
      const adapter = {
        on: (_: string, listener: (error: unknown) => void) => void listeners.push(listener),
        get: async () => report(),
        set: async () => report(),
        delete: async () => report(),
        clear: async () => undefined
      }
      const store = createKeyvStore(createKeyvOf(version, adapter))
      const calls = [() => store.get('key'), () => store.set('key', 'value', later), () => store.delete('key')]
      for (const call of calls) await expect(call()).rejects.toThrow('the disk is on fire')
      broken = false
      expect(await store.get('key')).toBeUndefined()
    })

    it('A write rejects if the adapter reports that it did not store', async () => {
      const adapter = { ...Object(createWithoutIterator()), set: async () => false }
      const store = createKeyvStore(createKeyvOf(version, adapter))
      await expect(store.set('key', 'value', later)).rejects.toThrow('did not store')
    })

    it('Calls reject if the adapter throws any value', async () => {
      const adapter = { ...Object(createWithoutIterator()), get: async () => Promise.reject('no error object') }
      const store = createKeyvStore(createKeyvOf(version, adapter))
      await expect(store.get('key')).rejects.toSatisfy((error) => String(error).includes('no error object'))
    })

    it('An error about a foreign value names the key and does not contain the value', async () => {
      const keyv = createKeyvOf(version, new Map())
      await keyv.set('key', 'a foreign secret', 60_000)
      const message = expect.not.stringContaining('secret')
      await expect(createKeyvStore(keyv).get('key')).rejects.toMatchObject({ code: 'STORE_INVALID', message })
      await expect(createKeyvStore(keyv).get('key')).rejects.toThrow('under the key key')
    })

    it('A manager with allowNonAtomicStore loses no key of parallel writers in one process, and a logout is final', async () => {
      const store = createKeyvStore(createKeyvOf(version, new Map()))
      const manager = createSessionManager({
        store,
        secret: 'a secret for tests that is long enough',
        allowNonAtomicStore: true
      })
      const cookie = await logIn(manager)
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const session = await manager.open({ cookie })
          session.data[`key${index}`] = index
          await manager.commit(session)
        })
      )
      const session = await manager.open({ cookie })
      expect(Object.keys(session.data)).toHaveLength(20)
      session.data.late = true
      await manager.revokeAll('user')
      await manager.commit(session)
      expect((await manager.open({ cookie })).userId).toBeUndefined()
      await manager.close()
    })
  })
}

describe('createKeyvStore', () => {
  it.each([
    ['undefined', undefined, 'get() is missing'],
    ['a path', 'redis://127.0.0.1', 'get() is missing'],
    ['a Map', new Map(), 'on() is missing'],
    ['Keyv 5 that swallows errors', new Keyv5(), 'throwOnErrors: true'],
    ['Keyv 5 without events', new Keyv5({ throwOnErrors: true, emitErrors: false }), 'emitErrors: false'],
    ['Keyv 6 that changes keys', new Keyv6({ sanitize: { keys: true } }), 'must not sanitize']
  ])('createKeyvStore refuses %s and says what to pass', (_name, value, message) => {
    expect(() => Reflect.apply(createKeyvStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
    )
  })

  it('A manager without allowNonAtomicStore refuses the Keyv store', () => {
    const store = createKeyvStore(createKeyvOf(5, new Map()))
    expect(() => createSessionManager({ store, secret: 'a secret for tests that is long enough' })).toThrow(
      'allowNonAtomicStore'
    )
  })

  it('deleteExpired does not count a key that another process removed first', async () => {
    const clock = createTestClock()
    const map = new Map()
    const [one, two] = [5, 5].map(() => createKeyvStore(createKeyvOf(5, map), { clock }))
    await one?.set('key', 'value', clock.now() + 1)
    clock.advance(1)
    expect(await two?.deleteExpired?.()).toBe(1)
    expect(await one?.deleteExpired?.()).toBe(0)
  })
})

async function logIn(manager: SessionManager): Promise<string> {
  const session = await manager.open({})
  await session.login('user')
  const { headers } = await manager.commit(session)
  const cookies = headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value)
  return cookies.map((value) => value.split(';')[0]).join('; ')
}

async function keysOf(store: KeyValueStore): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys?.('') ?? []) keys.push(key)
  return keys
}
