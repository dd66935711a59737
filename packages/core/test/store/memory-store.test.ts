import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryStore, type MemoryStore } from '../../src/store/memory-store.ts'

const start = 1_700_000_000_000

function at(maxEntries?: number) {
  const clock = { time: start, now: () => clock.time }
  return { clock, store: createMemoryStore({ clock, ...(maxEntries === undefined ? {} : { maxEntries }) }) }
}

async function keysOf(store: MemoryStore, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys(prefix)) keys.push(key)
  return keys.sort()
}

describe('the memory store', () => {
  it('A value that has expired when it is written is not kept, and removes the one before', async () => {
    const { store } = at()
    await store.set('k', 'live', start + 1)
    await store.set('k', 'over', start)
    await store.set('new', 'over', start)
    expect(await store.deleteExpired()).toBe(0)
    expect(await store.get('k')).toBeUndefined()
  })

  it('An expired value is removed when it is read', async () => {
    const { store, clock } = at()
    await store.set('read', 'v', start + 1)
    await store.set('unread', 'v', start + 1)
    clock.time = start + 1
    expect(await store.get('read')).toBeUndefined()
    expect(await store.deleteExpired()).toBe(1)
  })

  it('A value is returned as it was set, until it is deleted', async () => {
    const { store } = at()
    expect(await store.get('k')).toBeUndefined()
    await store.set('k', '', start + 1)
    expect(await store.get('k')).toBe('')
    await store.set('k', 'second', start + 1)
    expect(await store.get('k')).toBe('second')
    await store.delete('k')
    await store.delete('k')
    expect(await store.get('k')).toBeUndefined()
  })

  it('A value whose expiry is not later than now is absent for every method', async () => {
    const { store, clock } = at()
    await store.set('k', 'v', start + 10)
    clock.time += 9
    expect(await store.get('k')).toBe('v')
    expect(await keysOf(store)).toEqual(['k'])
    clock.time += 1
    expect(await keysOf(store)).toEqual([])
    expect(await store.compareAndSet('k', 'v', 'w', start + 100)).toBe(false)
    expect(await store.get('k')).toBeUndefined()
    expect(await store.compareAndSet('k', undefined, 'w', start + 100)).toBe(true)
    expect(await store.get('k')).toBe('w')
  })

  it('A write that has already expired removes the key, whichever method writes', async () => {
    const { store } = at()
    for (const past of [start, start - 1, 0, Number.NaN]) {
      await store.set('k', 'v', start + 10)
      await store.set('k', 'late', past)
      expect(await store.get('k')).toBeUndefined()
      await store.set('k', 'v', start + 10)
      expect(await store.compareAndSet('k', 'v', 'late', past)).toBe(true)
      expect(await store.get('k')).toBeUndefined()
    }
  })

  it('A value that expires in years is kept', async () => {
    const { store, clock } = at()
    await store.set('k', 'v', start + 1e12)
    clock.time += 1e12 - 1
    expect(await store.get('k')).toBe('v')
  })

  it('Exactly one of 100 concurrent writers with the same expected value wins', async () => {
    const { store } = at()
    for (const expected of [undefined, 'first']) {
      if (expected !== undefined) await store.set('k', expected, start + 10)
      else await store.delete('k')
      const writers = Array.from({ length: 100 }, (_, i) => store.compareAndSet('k', expected, `w${i}`, start + 10))
      const wins = (await Promise.all(writers)).flatMap((won, i) => (won ? [i] : []))
      expect(wins).toHaveLength(1)
      expect(await store.get('k')).toBe(`w${wins[0]}`)
    }
  })

  it('compareAndSet compares exactly', async () => {
    const { store } = at()
    await store.set('k', 'Value', start + 10)
    for (const near of ['value', 'Value ', ' Value', 'V\u00e1lue', '', undefined]) {
      expect(await store.compareAndSet('k', near, 'x', start + 10)).toBe(false)
    }
    expect(await store.get('k')).toBe('Value')
  })

  it('Names of object members are ordinary keys', async () => {
    const { store } = at()
    for (const key of ['__proto__', 'constructor', 'toString']) {
      expect(await store.get(key)).toBeUndefined()
      expect(await store.compareAndSet(key, undefined, 'v', start + 10)).toBe(true)
    }
    expect(await keysOf(store)).toEqual(['__proto__', 'constructor', 'toString'])
  })

  it('Live keys are listed by literal prefix, each once, while they are written and deleted', async () => {
    const { store } = at()
    for (let i = 0; i < 3_000; i++) await store.set(`a.${i}`, 'v', start + 10)
    await store.set('a_1', 'v', start + 10)
    await store.set('b.1', 'v', start + 10)
    expect(await keysOf(store, 'a_')).toEqual(['a_1'])
    expect(await keysOf(store, '')).toHaveLength(3_002)
    const seen: string[] = []
    for await (const key of store.keys('a.')) {
      seen.push(key)
      await store.delete(key)
      await store.set(key, 'again', start + 10)
      await store.set(`a.new${seen.length}`, 'v', start + 10)
      if (seen.length === 1) await store.delete('a.2999')
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((key) => !key.includes('new'))).toHaveLength(2_999)
  })

  it('Other tasks run during a listing and a sweep', async () => {
    const { store, clock } = at()
    for (let i = 0; i < 10_000; i++) await store.set(`k${i}`, 'v', start + 10)
    let tasks = 0
    const timer = setInterval(() => tasks++, 0)
    await keysOf(store)
    expect(tasks).toBeGreaterThanOrEqual(5)
    clock.time += 10
    tasks = 0
    await store.deleteExpired()
    clearInterval(timer)
    expect(tasks).toBeGreaterThanOrEqual(5)
  })

  it('A sweep deletes expired values, returns how many, and keeps those that were written meanwhile', async () => {
    const { store, clock } = at()
    for (let i = 0; i < 2_500; i++) await store.set(`k${i}`, 'v', start + (i % 2 === 0 ? 10 : 20))
    clock.time += 10
    const sweep = store.deleteExpired()
    await store.set('k2400', 'fresh', start + 100)
    await store.set('new', 'fresh', start + 100)
    expect(await sweep).toBe(1_249)
    expect(await store.get('k2400')).toBe('fresh')
    expect(await keysOf(store)).toHaveLength(1_252)
    expect(await store.deleteExpired()).toBe(0)
  })

  it('A sweep ends although writers keep adding values', async () => {
    const { store } = at()
    for (let i = 0; i < 3_000; i++) await store.set(`k${i}`, 'v', start + 10)
    let done = false
    const sweep = store.deleteExpired().then(() => {
      done = true
    })
    for (let i = 0; !done && i < 500_000; i++) {
      await store.set(`new${i}`, 'v', start + 10)
      if (i % 2_000 === 0) await new Promise((resolve) => setTimeout(resolve, 0))
    }
    expect(done).toBe(true)
    await sweep
  })

  it('The store behaves as a simple model in every sequence of operations', async () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const value = fc.constantFrom('', 'x', 'y')
    const life = fc.integer({ min: -1, max: 5 })
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, value, life }),
      fc.record({
        kind: fc.constant('cas' as const),
        key,
        expected: fc.option(value, { nil: undefined }),
        value,
        life
      }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('sweep' as const) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4 }) })
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 40 }),
        fc.constantFrom(undefined, 3, 100),
        async (steps, max) => {
          const { store, clock } = at(max)
          const model: Record<string, { value: string; expiresAt: number } | undefined> = {}
          const live = (name: string) => {
            const entry = model[name]
            return entry !== undefined && entry.expiresAt > clock.time ? entry.value : undefined
          }
          for (const step of steps) {
            if (step.kind === 'wait') clock.time += step.ms
            else if (step.kind === 'sweep') await store.deleteExpired()
            else if (step.kind === 'delete') {
              await store.delete(step.key)
              delete model[step.key]
            } else {
              const expiresAt = clock.time + step.life
              const writes = step.kind === 'set' || live(step.key) === step.expected
              if (step.kind === 'set') await store.set(step.key, step.value, expiresAt)
              else expect(await store.compareAndSet(step.key, step.expected, step.value, expiresAt)).toBe(writes)
              if (writes) model[step.key] = { value: step.value, expiresAt }
            }
            for (const name of ['a', 'b', 'c']) expect(await store.get(name)).toBe(live(name))
            expect(await keysOf(store)).toEqual(['a', 'b', 'c'].filter((name) => live(name) !== undefined))
          }
        }
      ),
      { numRuns: 300 }
    )
  })
})
