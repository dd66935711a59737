import {
  createTestClock,
  type RefusingStore,
  type StoreCaseOptions,
  type StoreUnderTest,
  storeCases
} from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { createMapStore, type MapStore } from './map-store.ts'

const methods = ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'] as const

function createStore(): StoreUnderTest & { store: MapStore } {
  const clock = createTestClock()
  return { store: createMapStore(clock.now), clock }
}

function run(options: Partial<StoreCaseOptions>, title: string): Promise<void> {
  const found = storeCases({ methods, createStore, ...options }).find(({ name }) => name.startsWith(title))
  if (!found) throw new Error(`No case is named "${title}"`)
  return found.run()
}

/** Values that plain JavaScript may return although the types require a store. */
function untyped(value: unknown): () => never {
  return () => value as never
}

const usesBoth = 'get sees every write'

describe('createSecondStore', () => {
  it('A second store may have a cleanup, which runs after both handles are closed', async () => {
    const done: string[] = []
    const clock = createTestClock()
    const store = createMapStore(clock.now)
    const handle = (name: string): StoreUnderTest => ({
      store: { ...store, close: async () => void done.push(`close ${name}`) },
      clock,
      cleanup: () => void done.push(`clean up ${name}`)
    })
    await run({ createStore: () => handle('first'), createSecondStore: () => handle('second') }, usesBoth)
    expect(done).toEqual(['close first', 'close second', 'clean up second', 'clean up first'])
  })

  it.each([undefined, null, {}, { store: undefined }, { store: {} }, 'store', { get: () => undefined }])(
    'A second store that is not a store is refused by name: %o',
    async (value) => {
      await expect(run({ createSecondStore: untyped(value) }, usesBoth)).rejects.toThrow(
        /^createSecondStore must return a store, or \{ store, clock\?, cleanup\? \}: .*/
      )
    }
  )

  it('A second store with its own clock is refused', async () => {
    const options = { createSecondStore: () => ({ store: createMapStore(Date.now), clock: createTestClock() }) }
    await expect(run(options, usesBoth)).rejects.toThrow('createSecondStore must use the clock of createStore')
  })

  it('A second store that never resolves is named in the error', async () => {
    const options = { createSecondStore: () => new Promise<never>(() => {}), caseTimeout: 50 }
    await expect(run(options, usesBoth)).rejects.toThrow('within 50 ms: createSecondStore() has not settled')
  })
})

describe('createStore', () => {
  it.each([undefined, {}, { store: { get: async () => undefined, set: async () => undefined } }])(
    'A createStore that returns no store is refused by name: %o',
    async (value) => {
      await expect(run({ createStore: untyped(value) }, usesBoth)).rejects.toThrow(/^createStore must return a store/)
    }
  )

  it('An invalid clock or cleanup is refused by name', async () => {
    const { store } = createStore()
    await expect(run({ createStore: untyped({ store, clock: Date }) }, usesBoth)).rejects.toThrow(
      'createStore must return a store, or { store, clock?, cleanup? }: clock must have now() and advance()'
    )
    await expect(run({ createStore: untyped({ store, cleanup: true }) }, usesBoth)).rejects.toThrow('cleanup')
  })

  it('A refusing store without refuse() and allow() is refused by name', async () => {
    const createRefusingStore: () => RefusingStore = untyped(createStore())
    const title = 'a refused set rejects with wroteNothing'
    await expect(run({ createRefusingStore }, title)).rejects.toThrow(/^createRefusingStore must .* refuse\(\)/)
  })
})

describe('A call that never settles', () => {
  const never = (): Promise<never> => new Promise(() => {})

  it('A call that never settles is named with its key', async () => {
    const hung = (): StoreUnderTest => ({ ...createStore(), store: { ...createMapStore(Date.now), get: never } })
    await expect(run({ createStore: hung, caseTimeout: 50 }, 'get returns the stored value')).rejects.toThrow(
      'within 50 ms: get("key") has not settled'
    )
  })

  it('A hung case cuts the limit of later cases to a tenth, so that a hung store fails quickly', async () => {
    const hung = (): StoreUnderTest => ({ store: { ...createMapStore(Date.now), get: never } })
    const [first, second] = storeCases({ createStore: hung, methods, caseTimeout: 500 }).filter(
      ({ group }) => group === 'get, set, delete'
    )
    await expect(first?.run()).rejects.toThrow('within 500 ms')
    await expect(second?.run()).rejects.toThrow(/within 50 ms.*a tenth of caseTimeout, because an earlier case hung/)
  })
})

describe('Strings that look the same', () => {
  it.each([
    [
      'composed and decomposed letters',
      (value: string) => value.normalize('NFC'),
      'expected U+0065 U+0301, got U+00E9'
    ],
    ['all planes of Unicode', (value: string) => value.replace('\u{10ffff}', '\ufffd'), 'expected U+10FFFF, got U+FFFD']
  ])('The error message shows the code points of strings that look the same: %s', async (kind, change, difference) => {
    const changing = (): StoreUnderTest => {
      const { store, clock } = createStore()
      const set: MapStore['set'] = (key, value, expiresAt) => store.set(key, change(value), expiresAt)
      return { store: { ...store, set }, ...(clock && { clock }) }
    }
    const title = `get returns the exact value written by set: ${kind}`
    await expect(run({ createStore: changing }, title)).rejects.toThrow(difference)
  })

  it('The error message shows where a truncated string ends', async () => {
    const cutting = (): StoreUnderTest => {
      const { store, clock } = createStore()
      const set: MapStore['set'] = (key, value, expiresAt) => store.set(key, value.trimEnd(), expiresAt)
      return { store: { ...store, set }, ...(clock && { clock }) }
    }
    const title = 'get returns the exact value written by set: leading'
    await expect(run({ createStore: cutting }, title)).rejects.toThrow('expected U+0020, got the end')
  })
})
