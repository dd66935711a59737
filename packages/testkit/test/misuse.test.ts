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
  if (!found) throw new Error(`There is no case "${title}"`)
  return found.run()
}

/** What plain JavaScript may return where the types ask for a store. */
function untyped(value: unknown): () => never {
  return () => value as never
}

const usesBoth = 'get sees every write'

describe('a second store', () => {
  it('is taken in the shape of the first, and its cleanup is called after those of the handles', async () => {
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
    'that is none is refused by name: %o',
    async (value) => {
      await expect(run({ createSecondStore: untyped(value) }, usesBoth)).rejects.toThrow(
        /^createSecondStore must return a store, or \{ store, clock\?, cleanup\? \}: .*/
      )
    }
  )

  it('with a clock of its own is refused: both handles have one time', async () => {
    const options = { createSecondStore: () => ({ store: createMapStore(Date.now), clock: createTestClock() }) }
    await expect(run(options, usesBoth)).rejects.toThrow('createSecondStore must use the clock of createStore')
  })

  it('that never comes is named', async () => {
    const options = { createSecondStore: () => new Promise<never>(() => {}), caseTimeout: 50 }
    await expect(run(options, usesBoth)).rejects.toThrow('within 50 ms: createSecondStore() has not settled')
  })
})

describe('what createStore returns', () => {
  it.each([undefined, {}, { store: { get: async () => undefined, set: async () => undefined } }])(
    'is refused by name when it is no store: %o',
    async (value) => {
      await expect(run({ createStore: untyped(value) }, usesBoth)).rejects.toThrow(/^createStore must return a store/)
    }
  )

  it('is refused by name when its clock is none, or its cleanup', async () => {
    const { store } = createStore()
    await expect(run({ createStore: untyped({ store, clock: Date }) }, usesBoth)).rejects.toThrow(
      'createStore must return a store, or { store, clock?, cleanup? }: clock has no now() and advance()'
    )
    await expect(run({ createStore: untyped({ store, cleanup: true }) }, usesBoth)).rejects.toThrow('cleanup')
  })

  it('is refused by name when a refusing store has no refuse() and allow()', async () => {
    const createRefusingStore: () => RefusingStore = untyped(createStore())
    const title = 'set rejects with wroteNothing'
    await expect(run({ createRefusingStore }, title)).rejects.toThrow(/^createRefusingStore must .* refuse\(\)/)
  })
})

describe('a call that never settles', () => {
  const never = (): Promise<never> => new Promise(() => {})

  it('is named with its key', async () => {
    const hung = (): StoreUnderTest => ({ ...createStore(), store: { ...createMapStore(Date.now), get: never } })
    await expect(run({ createStore: hung, caseTimeout: 50 }, 'get returns the value')).rejects.toThrow(
      'within 50 ms: get("key") has not settled'
    )
  })

  it('leaves the later cases a tenth of the time, so that a store that hangs fails soon', async () => {
    const hung = (): StoreUnderTest => ({ store: { ...createMapStore(Date.now), get: never } })
    const [first, second] = storeCases({ createStore: hung, methods, caseTimeout: 500 }).filter(
      ({ group }) => group === 'get, set, delete'
    )
    await expect(first?.run()).rejects.toThrow('within 500 ms')
    await expect(second?.run()).rejects.toThrow(/within 50 ms.*a tenth of caseTimeout, because an earlier case hung/)
  })
})

describe('strings that look alike', () => {
  it.each([
    ['composed and decomposed letters', (text: string) => text.normalize('NFC'), 'expected U+0065 U+0301, got U+00E9'],
    ['all planes of Unicode', (text: string) => text.replace('\u{10ffff}', '\ufffd'), 'expected U+10FFFF, got U+FFFD']
  ])('are told apart by code points: %s', async (kind, change, difference) => {
    const changing = (): StoreUnderTest => {
      const { store, clock } = createStore()
      const set: MapStore['set'] = (key, value, expiresAt) => store.set(key, change(value), expiresAt)
      return { store: { ...store, set }, ...(clock && { clock }) }
    }
    const title = `a value comes back exactly as written by set: ${kind}`
    await expect(run({ createStore: changing }, title)).rejects.toThrow(difference)
  })

  it('are told apart by their end when one is cut short', async () => {
    const cutting = (): StoreUnderTest => {
      const { store, clock } = createStore()
      const set: MapStore['set'] = (key, value, expiresAt) => store.set(key, value.trimEnd(), expiresAt)
      return { store: { ...store, set }, ...(clock && { clock }) }
    }
    const title = 'a value comes back exactly as written by set: spaces'
    await expect(run({ createStore: cutting }, title)).rejects.toThrow('expected U+0020, got the end')
  })
})
