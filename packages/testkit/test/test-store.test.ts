import { setTimeout as sleep } from 'node:timers/promises'
import type { KeyValueStore } from '@kvsession/core'
import {
  createTestClock,
  type RefusingStore,
  type StoreCaseOptions,
  type StoreUnderTest,
  storeCases,
  testStore
} from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { failingCases } from './failing-cases.ts'
import { createMapStore, type MapStore } from './map-store.ts'

const methods = ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'] as const

function createStore(): StoreUnderTest & { store: MapStore } {
  const clock = createTestClock()
  return { store: createMapStore(clock.now), clock }
}

testStore({
  describe,
  it,
  name: 'the smallest correct store, with a second handle and a failing engine',
  createStore,
  methods,
  createSecondStore: (first) => ({ ...first }),
  createFailingStore: () => failing(async () => Promise.reject(new Error('engine gone')))
})

describe('a correct store passes', () => {
  it('in real time, when it takes no clock', async () => {
    expect(await failingCases({ methods, createStore: () => createMapStore(Date.now) })).toEqual([])
  })

  it('when every answer takes a while', async () => {
    expect(await failingCases({ methods, createStore: () => delayed(createMapStore(Date.now)) })).toEqual([])
  })

  it('when it rounds deadlines up to seconds and says so', async () => {
    const coarse = (): StoreUnderTest => {
      const { store, clock } = createStore()
      const up = (expiresAt: number): number => Math.ceil(expiresAt / 1_000) * 1_000
      const set: MapStore['set'] = (key, value, expiresAt) => store.set(key, value, up(expiresAt))
      const compareAndSet: MapStore['compareAndSet'] = (key, expected, value, expiresAt) =>
        store.compareAndSet(key, expected, value, up(expiresAt))
      return { store: { ...store, set, compareAndSet }, ...(clock && { clock }) }
    }
    expect(await failingCases({ methods, createStore: coarse, expiryGranularity: 1_000 })).toEqual([])
    expect(await failingCases({ methods, createStore: coarse })).not.toEqual([])
  })

  it('when it has the three required methods only, and a case says that it is not atomic', async () => {
    const createSimple = (): StoreUnderTest => {
      const { store, clock } = createStore()
      return { store: { get: store.get, set: store.set, delete: store.delete }, ...(clock && { clock }) }
    }
    const options: StoreCaseOptions = { methods: [], createStore: createSimple }
    expect(await failingCases(options)).toEqual([])
    expect(storeCases(options).map(({ name }) => name)).toContainEqual(expect.stringContaining('non-atomic'))
  })
})

describe('nothing is left out unnoticed', () => {
  const declaration = 'methods: has get, set, delete and exactly the optional methods that the binding declares'

  it('a method that exists but is not declared fails a case', async () => {
    expect(await failingCases({ createStore, methods: ['compareAndSet', 'keys', 'close'] })).toEqual([declaration])
    expect(await failingCases({ createStore, methods: ['keys', 'deleteExpired', 'close'] })).toEqual([
      declaration,
      'methods: without compareAndSet it is non-atomic: the manager refuses it unless allowNonAtomicStore is set'
    ])
  })

  it('a method that is declared but missing fails its cases', async () => {
    const lacking = (): StoreUnderTest => {
      const { store, clock } = createStore()
      const { deleteExpired: _, ...rest } = store
      return { store: rest, ...(clock && { clock }) }
    }
    const expected = storeCases({ createStore: lacking, methods })
      .filter(({ group, name }) => group === 'deleteExpired' || name.includes('while deleteExpired runs'))
      .map(({ group, name }) => `${group}: ${name}`)
    expect(await failingCases({ createStore: lacking, methods })).toEqual([declaration, ...expected])
  })

  it('every case has a title of its own', () => {
    const titles = storeCases({ createStore, methods }).map(({ group, name }) => `${group}: ${name}`)
    expect(new Set(titles).size).toBe(titles.length)
  })
})

describe('a store that says of a failed write that it changed nothing', () => {
  type Refusal = (write: () => Promise<unknown>) => Promise<never>

  /** While its engine refuses writes, what becomes of one is up to `refusal`; the next one allowed runs what is left. */
  function refusing(refusal: Refusal): RefusingStore {
    const { store, clock } = createStore()
    let refused = false
    const guard = <T>(write: () => Promise<T>): Promise<T> => (refused ? refusal(write) : write())
    return {
      store: {
        ...store,
        set: (...args) => guard(() => store.set(...args)),
        delete: (...args) => guard(() => store.delete(...args)),
        compareAndSet: (...args) => guard(() => store.compareAndSet(...args))
      },
      ...(clock && { clock }),
      refuse: () => {
        refused = true
      },
      allow: () => {
        refused = false
      }
    }
  }

  const locked = (fields: object = { wroteNothing: true }): Promise<never> =>
    Promise.reject(Object.assign(new Error('locked'), fields))

  const failures = (refusal: Refusal): Promise<string[]> =>
    failingCases({ methods, createStore, createRefusingStore: () => refusing(refusal) })

  it('passes when that is so', async () => {
    expect(await failures(() => locked())).toEqual([])
  })

  it.each<[string, Refusal]>([
    ['has written all the same', (write) => write().then(() => locked())],
    [
      'writes later all the same',
      (write) => {
        setImmediate(write)
        return locked()
      }
    ],
    ['does not say so', () => locked({})],
    ['says so in other words', () => locked({ wroteNothing: 'yes' })],
    ['rejects with something that is no Error', () => Promise.reject({ wroteNothing: true })]
  ])('fails the cases about that when it %s', async (_, refusal) => {
    const verbs = ['set', 'delete', 'compareAndSet']
    expect(await failures(refusal)).toEqual(
      verbs.map((verb) => `refused writes: ${verb} rejects with wroteNothing, and nothing changes, then or later`)
    )
  })
})

describe('a store whose engine holds less than 1 MiB', () => {
  const largestValue = 100_001
  const tooLarge = Object.assign(new Error('too large'), { code: 'RECORD_TOO_LARGE' })

  type Write = (text: string, write: (text: string) => Promise<unknown>) => Promise<unknown>

  /** A store whose writes of more than the limit go through `writeLarge`. */
  function limited(writeLarge: Write): StoreUnderTest {
    const { store, clock } = createStore()
    const fits = (text: string): boolean => Buffer.byteLength(text) <= largestValue
    const set: MapStore['set'] = async (key, value, expiresAt) => {
      if (fits(value)) return store.set(key, value, expiresAt)
      await writeLarge(value, (text) => store.set(key, text, expiresAt))
    }
    const compareAndSet: MapStore['compareAndSet'] = async (key, expected, value, expiresAt) => {
      const write = (text: string): Promise<boolean> => store.compareAndSet(key, expected, text, expiresAt)
      return fits(value) ? write(value) : (await writeLarge(value, write)) === true
    }
    return { store: { ...store, set, compareAndSet }, ...(clock && { clock }) }
  }

  const refuses = [
    'large values: set rejects a value beyond 100001 bytes with RECORD_TOO_LARGE, and nothing changes',
    'large values: compareAndSet rejects a value beyond 100001 bytes with RECORD_TOO_LARGE, and nothing changes'
  ]

  it('passes when it declares its limit and refuses what is larger', async () => {
    const refusing = (): StoreUnderTest => limited(() => Promise.reject(tooLarge))
    expect(await failingCases({ methods, createStore: refusing, largestValue })).toEqual([])
    expect(await failingCases({ methods, createStore: refusing, largestValue: largestValue + 1 })).not.toEqual([])
    expect(await failingCases({ methods, createStore: refusing })).not.toEqual([])
  })

  it.each<[string, Write]>([
    ['cuts it', (text, write) => write(text.slice(0, largestValue))],
    ['drops it silently', async () => false],
    ['holds more than it declares', (text, write) => write(text)],
    ['rejects without saying why', () => Promise.reject(new Error('the engine said no'))],
    ['rejects, but has written', (text, write) => write(text).then(() => Promise.reject(tooLarge))],
    ['rejects, but has dropped the old value', (_, write) => write('').then(() => Promise.reject(tooLarge))]
  ])('fails the cases about a larger value when it %s', async (_, writeLarge) => {
    expect(await failingCases({ methods, createStore: () => limited(writeLarge), largestValue })).toEqual(refuses)
  })

  it('fails the case about a text beyond the limit when it compares only as much as it holds', async () => {
    const createCutting = (): StoreUnderTest => {
      const { store, clock } = limited(() => Promise.reject(tooLarge))
      const compareAndSet: MapStore['compareAndSet'] = async (key, expected, ...rest) =>
        (await store.compareAndSet?.(key, expected?.slice(0, largestValue), ...rest)) === true
      return { store: { ...store, compareAndSet }, ...(clock && { clock }) }
    }
    expect(await failingCases({ methods, createStore: createCutting, largestValue })).toEqual([
      'large values: a text beyond 100001 bytes matches no live value'
    ])
  })
})

describe('failures of the engine', () => {
  it('a store that hides them in its return values fails every case about them', async () => {
    const createFailingStore = (): KeyValueStore => createMapStore(Date.now)
    const failures = await failingCases({ createStore, methods, createFailingStore })
    expect(failures).toEqual([
      'failure: get rejects, it does not resolve to absence',
      'failure: getMany rejects, it does not resolve to absence',
      'failure: set rejects',
      'failure: delete rejects',
      'failure: compareAndSet rejects, it does not resolve to false',
      'failure: keys rejects, it does not end early',
      'failure: deleteExpired rejects, it does not resolve to 0'
    ])
  })

  it('a call that never settles fails its case, not the runner', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const hung = storeCases({ createStore: () => ({ ...createMapStore(Date.now), get: never }), caseTimeout: 50 })
    await expect(hung.find(({ name }) => name.startsWith('get returns'))?.run()).rejects.toThrow('within 50 ms')
  })

  it('an iteration that locks the store until its end fails its case', async () => {
    const locking = (): StoreUnderTest => {
      const { store, clock } = createStore()
      let unlocked = Promise.resolve()
      const set: MapStore['set'] = async (...args) => {
        await unlocked
        await store.set(...args)
      }
      const keys: MapStore['keys'] = async function* (prefix) {
        let unlock = (): void => {}
        unlocked = new Promise((resolve) => (unlock = resolve))
        yield* store.keys(prefix)
        unlock()
      }
      return { store: { ...store, set, keys }, ...(clock && { clock }) }
    }
    expect((await failingCases({ createStore: locking, methods, caseTimeout: 1_500 })).sort()).toEqual([
      'keys: an iteration may be left early, and several may run at once',
      'keys: other calls are answered while an iteration is open',
      'keys: yields 2,600 keys each once, all that live throughout, while others are written, replaced and deleted'
    ])
  })
})

describe('around a case', () => {
  it('closes both handles, then cleans up, also when the case failed', async () => {
    const done: string[] = []
    const named = (name: string, store: KeyValueStore): KeyValueStore => ({
      ...store,
      close: async () => void done.push(`close ${name}`)
    })
    const options: StoreCaseOptions = {
      methods,
      createStore: () => ({
        store: named('first', createMapStore(Date.now)),
        cleanup: () => void done.push('clean up')
      }),
      createSecondStore: () => named('second', createMapStore(Date.now))
    }
    const [storm] = storeCases(options).filter(({ name }) => name.startsWith('get sees every write'))
    await expect(storm?.run()).rejects.toThrow('expected "turn 0"')
    expect(done).toEqual(['close first', 'close second', 'clean up'])
  })

  it('reports a cleanup that fails', async () => {
    const options = {
      createStore: () => ({ ...createStore(), cleanup: () => Promise.reject(new Error('no cleanup')) })
    }
    const [, first] = storeCases({ ...options, methods })
    await expect(first?.run()).rejects.toThrow('no cleanup')
  })
})

describe('options that make no sense throw', () => {
  it.each([
    { expiryGranularity: 0 },
    { expiryGranularity: 2_001 },
    { expiryGranularity: Number.POSITIVE_INFINITY },
    { largestValue: 99_999 },
    { largestValue: 1_048_577 },
    { largestValue: 100_000.5 },
    { caseTimeout: 0 },
    { caseTimeout: Number.NaN }
  ])('%o', (wrong) => {
    expect(() => storeCases({ createStore, ...wrong })).toThrow(RangeError)
  })

  it('a test clock that is moved backwards', () => {
    expect(() => createTestClock().advance(-1)).toThrow(RangeError)
    expect(() => createTestClock().advance(Number.NaN)).toThrow(RangeError)
  })
})

/** Answers after a random while, as an engine behind a socket does; the work itself stays one step. */
function delayed(store: MapStore): MapStore {
  const slow = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await sleep(Math.random() * 3)
    const result = await work()
    await sleep(Math.random() * 3)
    return result
  }
  return {
    ...store,
    get: (key) => slow(() => store.get(key)),
    getMany: (keys) => slow(() => store.getMany(keys)),
    set: (...args) => slow(() => store.set(...args)),
    delete: (key) => slow(() => store.delete(key)),
    compareAndSet: (...args) => slow(() => store.compareAndSet(...args)),
    deleteExpired: () => slow(() => store.deleteExpired())
  }
}

function failing(fail: () => Promise<never>): KeyValueStore {
  return {
    get: fail,
    getMany: fail,
    set: fail,
    delete: fail,
    compareAndSet: fail,
    keys: async function* () {
      yield await fail()
    },
    deleteExpired: fail,
    close: async () => {}
  }
}
