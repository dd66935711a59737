import { afterEach, describe, expect, it, vi } from 'vitest'
import { startBackgroundTimer } from '../src/background-timer.ts'
import { encodeBase64url } from '../src/base64url.ts'
import { systemClock } from '../src/clock.ts'
import { createAead } from '../src/crypto-node.ts'
import { createDeadlineTimer } from '../src/deadline-timer.ts'
import { createEncryption } from '../src/encryption.ts'
import { createMemoryStore } from '../src/index.ts'
import { createRing, deriveMac } from '../src/keyring.ts'
import { overNonAtomicStore } from '../src/non-atomic-store.ts'
import { jsonSerializer } from '../src/serializer.ts'
import { startSweeper } from '../src/sweeper.ts'

afterEach(() => vi.unstubAllGlobals())

describe('timers', () => {
  it('are numbers on some platforms, which cannot be detached from the process', () => {
    vi.stubGlobal('setTimeout', () => 7)
    expect(startBackgroundTimer(() => {}, 1)).toBe(7)
  })

  it('the system’s clock sleeps', async () => {
    await expect(systemClock.sleep(0)).resolves.toBe(undefined)
  })

  it('without a deadline a promise is left alone', () => {
    const promise = Promise.resolve(1)
    expect(createDeadlineTimer(Number.POSITIVE_INFINITY).bound(promise, () => new Error('late'))).toBe(promise)
  })

  it('a sweeper that is stopped while it sweeps does not sweep again', async () => {
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

describe('what only somebody with the key could have made', () => {
  it('an encrypted payload that is no text is no payload', () => {
    const secret = 'an encryption secret that is long enough'
    const text = new TextEncoder()
    const ring = createRing([secret], ['encryption-kid'], (_, keyId) => ({ keyId }))
    const aead = createAead(deriveMac(secret, ['encryption'])(text.encode('key')))
    const iv = new Uint8Array(12)
    const head = new Uint8Array([1, ring.current.keyId >> 8, ring.current.keyId & 255, ...iv])
    const seal = (plain: Uint8Array): string =>
      encodeBase64url(new Uint8Array([...head, ...aead.seal(iv, plain, text.encode('context'))]))
    const { decrypt } = createEncryption({ secret })
    expect(decrypt(seal(text.encode('{}')), 'context', 'key')).toBe('{}')
    expect(decrypt(seal(new Uint8Array([0xff, 0xfe])), 'context', 'key')).toBe(undefined)
  })
})

describe('a store without compareAndSet', () => {
  it('is passed on where nothing has to be added', async () => {
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
      1_000,
      Date.now,
      () => 'w'
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

describe('a toJSON that changes its mind', () => {
  it('is refused when nothing comes of it', () => {
    class Fickle {
      #asked = 0
      toJSON(): unknown {
        return this.#asked++ === 0 ? undefined : 1
      }
    }
    expect(() => jsonSerializer.serialize(new Fickle())).toThrow('data is nothing JSON can hold')
  })
})
