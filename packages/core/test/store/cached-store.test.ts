import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryStore } from '../../src/index.ts'
import { type CachedStore, type CachedStoreOptions, createCachedStore } from '../../src/store/cached-store.ts'
import { createWatchedStore, type WatchedStore } from '../support/watched-store.ts'

const later = Date.UTC(9999, 0)
const any = (): boolean => true

interface Stage {
  readonly store: WatchedStore
  readonly cached: CachedStore
  readonly clock: { time: number; now(): number }
  /** What a reader that takes anything gets. */
  read(key: string): Promise<string | undefined>
}

/** A cached store whose watch of `a.` stands, over a store with `a.1`; nothing is in memory. */
async function prepare(options: CachedStoreOptions = {}): Promise<Stage> {
  const clock = { time: 5_000, now: () => clock.time }
  const store = createWatchedStore()
  const cached = createCachedStore(store, { clock, ...options })
  const read = (key: string): Promise<string | undefined> => cached.getCached(key, any)
  await store.set('a.1', 'one', later)
  await store.set('a.2', 'two', later)
  await read('a.0')
  expect(store.watched).toEqual(['a.'])
  store.asked.length = 0
  return { store, cached, clock, read }
}

describe('cached store', () => {
  it('A cached store answers from memory what it has read, until maxAge after the read began', async () => {
    const { store, clock, read } = await prepare()
    const release = store.holdReads()
    const slow = read('a.1')
    clock.time += 600
    release()
    expect(await slow).toBe('one')
    clock.time += 399
    expect(await read('a.1')).toBe('one')
    expect(store.asked).toEqual(['a.1'])
    clock.time += 1
    await read('a.1')
    expect(store.asked).toEqual(['a.1', 'a.1'])
  })

  it('A cached store asks the store for every get()', async () => {
    const { store, cached, read } = await prepare()
    await read('a.1')
    await cached.get('a.1')
    await cached.get('a.1')
    expect(store.asked).toEqual(['a.1', 'a.1', 'a.1'])
  })

  it('A cached store keeps what get() has read', async () => {
    const { store, cached, read } = await prepare()
    await cached.get('a.1')
    expect(await read('a.1')).toBe('one')
    expect(store.asked).toEqual(['a.1'])
  })

  it('A cached store does not keep the absence of a value', async () => {
    const { store, read } = await prepare()
    await read('a.absent')
    await read('a.absent')
    expect(store.asked).toEqual(['a.absent', 'a.absent'])
  })

  it('A cached store keeps nothing when the clock was set back', async () => {
    const { store, clock, read } = await prepare()
    await read('a.1')
    clock.time -= 1
    await read('a.1')
    expect(store.asked).toEqual(['a.1', 'a.1'])
  })

  it('A cached store asks the store when the reader refuses what is in memory, and keeps the answer', async () => {
    const { store, cached, read } = await prepare()
    await read('a.1')
    await store.set('a.1', 'changed', later)
    expect(await cached.getCached('a.1', (value) => value === 'changed')).toBe('changed')
    expect(await read('a.1')).toBe('changed')
    expect(store.asked).toEqual(['a.1', 'a.1'])
  })

  it('A cached store sends concurrent reads of one key as one', async () => {
    const { store, read } = await prepare()
    const release = store.holdReads()
    const reads = ['a.1', 'a.1', 'a.2', 'a.1'].map(read)
    release()
    expect(await Promise.all(reads)).toEqual(['one', 'one', 'two', 'one'])
    expect(store.asked).toEqual(['a.1', 'a.2'])
  })

  it('A cached store passes the failure of a shared read to all its readers, and keeps nothing of it', async () => {
    const { store, read } = await prepare()
    const { get } = store
    store.get = () => Promise.reject(new Error('down'))
    const reads = await Promise.allSettled([read('a.1'), read('a.1')])
    expect(reads.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    store.get = get
    expect(await read('a.1')).toBe('one')
  })

  it('A cached store holds at most maxEntries values, and drops the oldest', async () => {
    const { store, read } = await prepare({ maxEntries: 2 })
    await store.set('a.3', 'three', later)
    for (const key of ['a.1', 'a.2', 'a.3']) await read(key)
    for (const key of ['a.2', 'a.3']) await read(key)
    expect(store.asked).toEqual(['a.1', 'a.2', 'a.3'])
    await read('a.1')
    expect(store.asked).toEqual(['a.1', 'a.2', 'a.3', 'a.1'])
  })
})

describe('memory of a cached store', () => {
  it('The memory loses a key at the first hint of it, and no other key', async () => {
    const { store, read } = await prepare()
    await read('a.1')
    await read('a.2')
    await store.set('a.1', 'changed', later)
    store.hint('a.1')
    expect(await read('a.1')).toBe('changed')
    expect(await read('a.2')).toBe('two')
    expect(store.asked).toEqual(['a.1', 'a.2', 'a.1'])
  })

  it('The memory gets nothing from a read that began before a hint', async () => {
    const { store, read } = await prepare()
    const release = store.holdReads()
    const early = read('a.1')
    await store.set('a.1', 'changed', later)
    store.hint('a.1')
    release()
    expect(await early).toBe('one')
    expect(await read('a.1')).toBe('changed')
  })

  it('A reader that waits for an earlier read gets nothing that a hint has dropped meanwhile', async () => {
    const { store, read } = await prepare()
    const release = store.holdReads()
    const [early, joined] = [read('a.1'), read('a.1')]
    await store.set('a.1', 'changed', later)
    store.hint('a.1')
    release()
    expect(await early).toBe('one')
    expect(await joined).toBe('changed')
  })

  it('The memory loses everything at a gap, and gets nothing until hints flow again', async () => {
    const { store, read } = await prepare()
    await read('a.1')
    store.gap(false)
    await read('a.1')
    await read('a.1')
    expect(store.asked).toEqual(['a.1', 'a.1', 'a.1'])
    store.gap(true)
    await read('a.1')
    await read('a.1')
    expect(store.asked).toEqual(['a.1', 'a.1', 'a.1', 'a.1'])
  })

  it('The memory gets nothing from a read that began before a gap', async () => {
    const { store, read } = await prepare()
    const release = store.holdReads()
    const early = read('a.1')
    store.gap(false)
    store.gap(true)
    release()
    await early
    await read('a.1')
    expect(store.asked).toEqual(['a.1', 'a.1'])
  })

  it('The memory gets nothing before the watch is established, nor if a gap came first', async () => {
    const store = createWatchedStore()
    const { watch } = store
    const cached = createCachedStore({
      ...store,
      watch: async (prefix, onKey, onGap) => {
        const stop = await watch.call(store, prefix, onKey, onGap)
        store.gap(false)
        return stop
      }
    })
    await store.set('a.1', 'one', later)
    for (let round = 0; round < 3; round++) await cached.getCached('a.1', any)
    expect(store.asked).toHaveLength(3)
    store.gap(true)
    for (let round = 0; round < 3; round++) await cached.getCached('a.1', any)
    expect(store.asked).toHaveLength(4)
  })

  it.each<[string, (cached: CachedStore) => Promise<unknown>]>([
    ['set', (cached) => cached.set('a.1', 'written', later)],
    ['delete', (cached) => cached.delete('a.1')],
    ['compareAndSet', async (cached) => cached.compareAndSet('a.1', 'one', 'written', later)]
  ])('The memory loses what this process writes by %s, before and after the write', async (_, write) => {
    const { store, cached, read } = await prepare()
    await read('a.1')
    const release = store.holdWrites()
    const writing = write(cached)
    await read('a.1')
    release()
    await writing
    await read('a.1')
    expect(store.asked).toEqual(['a.1', 'a.1', 'a.1'])
  })

  it('A write of this process that fails drops the value from memory', async () => {
    const { store, cached, read } = await prepare()
    await read('a.1')
    store.set = async (key, value, expiresAt) => {
      await store.compareAndSet(key, 'one', value, expiresAt)
      throw new Error('no answer')
    }
    await expect(cached.set('a.1', 'written', later)).rejects.toThrow('no answer')
    expect(await read('a.1')).toBe('written')
  })

  it('The memory drops values that are too old, even if there is space left', async () => {
    const { store, clock, cached, read } = await prepare()
    await read('a.1')
    clock.time += 1_000
    await read('a.2')
    clock.time = 5_000
    await cached.getCached('a.1', any)
    expect(store.asked).toEqual(['a.1', 'a.2', 'a.1'])
  })
})

describe('unwatched store', () => {
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))
  afterEach(() => void vi.restoreAllMocks())

  it('A store that cannot be watched now is read each time, with one warning, and watched again a second later', async () => {
    const clock = { time: 0, now: () => clock.time }
    const store = createWatchedStore()
    store.failure = new Error('no pub/sub here')
    const cached = createCachedStore(store, { clock })
    await store.set('a.1', 'one', later)
    for (const time of [0, 500, 999, 1_000, 1_999]) {
      clock.time = time
      expect(await cached.getCached('a.1', any)).toBe('one')
    }
    expect(store.asked).toHaveLength(5)
    expect(console.warn).toHaveBeenCalledTimes(1)
    expect(console.warn).toHaveBeenCalledWith(expect.stringContaining('no pub/sub here'))
    store.failure = undefined
    clock.time = 2_000
    for (let round = 0; round < 4; round++) await cached.getCached('a.1', any)
    expect(store.watched).toEqual(['a.'])
    expect(store.asked).toHaveLength(7)
  })
})

describe('closing a cached store', () => {
  it('close() ends the watches of a cached store, which reads the store from then on', async () => {
    const { store, cached, read } = await prepare()
    await read('a.1')
    await cached.close?.()
    expect(store.watched).toEqual([])
    await read('a.1')
    await read('a.1')
    expect(store.asked).toHaveLength(3)
    expect(store.watched).toEqual([])
  })

  it('close() ends a watch that is established only afterwards', async () => {
    const store = createWatchedStore()
    const cached = createCachedStore(store)
    const reading = cached.getCached('a.1', any)
    await cached.close?.()
    await reading
    expect(store.watched).toEqual([])
  })

  it('close() of a cached store closes the store', async () => {
    const close = vi.fn(async () => {})
    await createCachedStore({ ...createMemoryStore(), close }).close?.()
    expect(close).toHaveBeenCalledTimes(1)
  })
})

describe('createCachedStore()', () => {
  const store = createMemoryStore()

  it.each([
    [{ maxAge: '61s' }, 'OPTION_INVALID'],
    [{ maxAge: 1 }, 'OPTION_INVALID'],
    [{ maxEntries: 0 }, 'OPTION_INVALID'],
    [{ ttl: 5 }, 'OPTION_UNKNOWN']
  ])('createCachedStore() refuses the options %j', (options, code) => {
    expect(() => createCachedStore(store, options as CachedStoreOptions)).toThrow(expect.objectContaining({ code }))
  })

  it('createCachedStore() refuses a store without watch() or compareAndSet()', () => {
    const { watch: _, ...unwatched } = store
    const { compareAndSet: __, ...nonAtomic } = store
    const lacks = expect.objectContaining({ code: 'STORE_LACKS_METHOD' })
    expect(() => createCachedStore(unwatched)).toThrow(lacks)
    expect(() => createCachedStore(nonAtomic)).toThrow(lacks)
  })
})
