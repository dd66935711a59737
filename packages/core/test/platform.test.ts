import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../src/clock.ts'
import { createAead, encodeBase64url } from '../src/crypto/crypto-node.ts'
import { createMemoryStore } from '../src/index.ts'
import { createEncryption } from '../src/record/encryption.ts'
import { jsonSerializer } from '../src/record/serializer.ts'
import { bound } from '../src/store/deadline.ts'
import { overNonAtomicStore } from '../src/store/non-atomic-store.ts'
import { createStoreAccess } from '../src/store/store-access.ts'
import { startSweeper } from '../src/store/sweeper.ts'
import { createRing, deriveMac } from '../src/token/keyring.ts'

afterEach(() => vi.unstubAllGlobals())

describe('timers', () => {
  it('The system clock sleeps', async () => {
    await expect(systemClock.sleep(0)).resolves.toBe(undefined)
  })

  it('A wait for earlier operations fails after three store timeouts, and not before', async () => {
    vi.useFakeTimers()
    try {
      const { compareAndSet = () => Promise.resolve(false), ...store } = createMemoryStore()
      const events: string[] = []
      const access = createStoreAccess({ ...store, compareAndSet }, 100, ({ type }) => events.push(type))
      const waiting = access.waitForEarlier(new Promise(() => {})).catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(299)
      expect(events).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      expect([await waiting, events]).toMatchObject([{ code: 'STORE_TIMEOUT' }, ['storeError']])
    } finally {
      vi.useRealTimers()
    }
  })

  it('A deadline that is met leaves no timer', async () => {
    vi.useFakeTimers()
    try {
      const options = { milliseconds: 100, late: () => new Error('late'), accept: String }
      expect(await bound(Promise.resolve(7), options)).toBe('7')
      expect(vi.getTimerCount()).toBe(0)
      const failed = expect(bound(new Promise(() => {}), options)).rejects.toThrow('late')
      await vi.advanceTimersByTimeAsync(100)
      await failed
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('A sweeper that is stopped during a sweep does not sweep again', async () => {
    const timers: (() => void)[] = []
    vi.stubGlobal('setTimeout', (task: () => void) => timers.push(task))
    let finish = (): void => {}
    const sweep = (): Promise<void> =>
      new Promise((resolve) => {
        finish = resolve
      })
    const stop = startSweeper(sweep, (length) => new Uint8Array(length))
    timers[0]?.()
    stop()
    finish()
    await Promise.resolve()
    await Promise.resolve()
    expect(timers).toHaveLength(1)
  })
})

describe('payloads that only a process with the key can make', () => {
  it('An encrypted payload that is no valid UTF-8 is refused', () => {
    const secret = 'an encryption secret that is long enough'
    const encoder = new TextEncoder()
    const ring = createRing([secret], ['encryption-kid'], (_, keyId) => ({ keyId }))
    const aead = createAead(deriveMac(secret, ['encryption'])(encoder.encode('key')))
    const iv = new Uint8Array(12)
    const head = new Uint8Array([1, ring.current.keyId >> 8, ring.current.keyId & 255, ...iv])
    const seal = (plain: Uint8Array): string =>
      encodeBase64url(new Uint8Array([...head, ...aead.seal(iv, plain, encoder.encode('context'))]))
    const { decrypt } = createEncryption({ secret })
    expect(decrypt(seal(encoder.encode('{}')), 'context', 'key')).toBe('{}')
    expect(decrypt(seal(new Uint8Array([0xff, 0xfe])), 'context', 'key')).toBe(undefined)
  })
})

const options = {
  tombstoneLifetime: 1_000,
  clock: { now: Date.now },
  newWriteId: () => 'w',
  waitForEarlier: (earlier: Promise<unknown>) => earlier
}

describe('a store without compareAndSet', () => {
  it('The other methods of a store without compareAndSet are passed through', async () => {
    const memory = createMemoryStore()
    let closed = false
    const store = overNonAtomicStore(
      {
        get: memory.get,
        set: memory.set,
        delete: memory.delete,
        keys: memory.keys,
        deleteExpired: () => Promise.resolve(3),
        async close() {
          closed = true
        }
      },
      options
    )
    await store.set('key', 'value', Date.now() + 60_000)
    const keys: string[] = []
    for await (const key of store.keys?.('') ?? []) keys.push(key)
    expect([await store.get('key'), keys, await store.deleteExpired?.()]).toEqual(['value', ['key'], 3])
    await store.delete('absent')
    expect(await store.get('absent')).toBe(undefined)
    await store.close?.()
    expect(closed).toBe(true)
  })
})

describe('two writers of one process on a store without compareAndSet', () => {
  it('Only one of two writers of one process that expect the same value writes', async () => {
    const { get, set, delete: remove } = createMemoryStore()
    const store = overNonAtomicStore({ get, set, delete: remove }, options)
    const end = Date.now() + 60_000
    const won = await Promise.all(['a', 'b', 'c'].map((value) => store.compareAndSet('key', undefined, value, end)))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await store.get('key')).toBe('a')
  })
})

describe('a toJSON that returns different values', () => {
  it('A toJSON that returns undefined is refused, although its second call returns a value', () => {
    class Fickle {
      #asked = 0
      toJSON(): unknown {
        return this.#asked++ === 0 ? undefined : 1
      }
    }
    expect(() => jsonSerializer.serialize(new Fickle())).toThrow('data is nothing JSON can hold')
  })
})
