import { describe, expect, it } from 'vitest'
import { createMemoryStore, type MemoryStore } from '../../src/store/memory-store.ts'

const start = 1_700_000_000_000

function at(maxEntries: number) {
  const clock = { time: start, now: () => clock.time }
  return { clock, store: createMemoryStore({ clock, maxEntries }) }
}

async function keysOf(store: MemoryStore): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys('')) keys.push(key)
  return keys.sort()
}

describe('the memory store with maxEntries', () => {
  it('A store full of live values drops the least recently written one', async () => {
    const { store } = at(3)
    for (const key of ['a', 'b', 'c']) await store.set(key, 'v', start + 10)
    await store.set('a', 'again', start + 10)
    expect(await store.compareAndSet('b', 'v', 'again', start + 10)).toBe(true)
    await store.get('c')
    await store.set('d', 'v', start + 10)
    expect(await keysOf(store)).toEqual(['a', 'b', 'd'])
    await store.set('e', 'v', start + 10)
    expect(await keysOf(store)).toEqual(['b', 'd', 'e'])
  })

  it('An expired value is dropped before any live one', async () => {
    const { store, clock } = at(3)
    await store.set('old', 'v', start + 100)
    await store.set('short', 'v', start + 5)
    await store.set('young', 'v', start + 100)
    clock.time += 5
    await store.set('new', 'v', start + 100)
    expect(await keysOf(store)).toEqual(['new', 'old', 'young'])
  })

  it('The limit is never exceeded, the last written values stay, and a rewrite drops nothing', async () => {
    const { store } = at(50)
    for (let i = 0; i < 2_000; i++) {
      await store.set(`k${i}`, 'v', start + 1_000)
      if (i % 3 === 0) await store.set(`k${Math.max(0, i - 10)}`, 'again', start + 1_000)
    }
    const keys = await keysOf(store)
    expect(keys).toHaveLength(50)
    expect(keys).toContain('k1999')
    for (let i = 0; i < 100; i++) {
      await store.set('k1999', 'again', start + 1_000)
      expect(await store.compareAndSet('k1999', 'again', 'again', start + 1_000)).toBe(true)
    }
    expect(await keysOf(store)).toEqual(keys)
  })

  it('Expired values are dropped before old ones, wherever they are, even after a whole round', async () => {
    const { store, clock } = at(4)
    for (const key of ['a', 'b', 'c', 'd']) await store.set(key, 'v', key === 'c' ? start + 10 : start + 1_000)
    await store.set('e', 'v', start + 1_000)
    clock.time = start + 10
    await store.set('f', 'v', start + 1_000)
    expect(await keysOf(store)).toEqual(['b', 'd', 'e', 'f'])
  })

  it('The index of a user is dropped only when no session is left to drop', async () => {
    const { store } = at(2)
    await store.set('sessions.u.alice', 'v', start + 10)
    await store.set('sessions.s.1', 'v', start + 10)
    await store.set('sessions.u.bob', 'v', start + 10)
    expect(await keysOf(store)).toEqual(['sessions.u.alice', 'sessions.u.bob'])
    await store.set('sessions.s.2', 'v', start + 10)
    const left = await keysOf(store)
    expect(left).toHaveLength(2)
    expect(left).toContain('sessions.s.2')
  })

  it('A key that only contains the prefix of an index counts as any other', async () => {
    const { store } = at(2)
    await store.set('other:sessions.u.alice', 'v', start + 10)
    await store.set('sessions.s.1', 'v', start + 10)
    await store.set('sessions.s.2', 'v', start + 10)
    expect(await keysOf(store)).toEqual(['sessions.s.1', 'sessions.s.2'])
  })

  it('The least recently written index is dropped when there are only indexes', async () => {
    const { store } = at(3)
    for (const user of ['a', 'b', 'c', 'd']) await store.set(`sessions.u.${user}`, 'v', start + 10)
    expect(await keysOf(store)).toEqual(['sessions.u.b', 'sessions.u.c', 'sessions.u.d'])
  })

  it('Values are dropped in the order of writing over many rounds', async () => {
    const { store } = at(1_000)
    for (let i = 0; i < 10_000; i++) {
      await store.set(`k${i}`, 'v', start + 1_000)
      if (i >= 1_000 && (await store.get(`k${i - 1_000}`)) !== undefined) expect.fail(`k${i - 1_000} outlived its turn`)
      if (i >= 999 && (await store.get(`k${i - 999}`)) === undefined) expect.fail(`k${i - 999} was dropped too early`)
    }
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('A maxEntries of %d is refused', (maxEntries) => {
    expect(() => createMemoryStore({ maxEntries })).toThrow(/^maxEntries must be .* \[OPTION_INVALID\]$/)
  })
})
