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

describe('A correct store', () => {
  it('A correct store without a clock passes in real time', async () => {
    expect(await failingCases({ methods, createStore: () => createMapStore(Date.now) })).toEqual([])
  })

  it('A correct store with slow responses passes', async () => {
    expect(await failingCases({ methods, createStore: () => delayed(createMapStore(Date.now)) })).toEqual([])
  })

  it('A correct store that declares its rounding to seconds passes', async () => {
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

  it('A correct store with only the three required methods passes, and one case reports that it is not atomic', async () => {
    const createSimple = (): StoreUnderTest => {
      const { store, clock } = createStore()
      return { store: { get: store.get, set: store.set, delete: store.delete }, ...(clock && { clock }) }
    }
    const options: StoreCaseOptions = { methods: [], createStore: createSimple }
    expect(await failingCases(options)).toEqual([])
    expect(storeCases(options).map(({ name }) => name)).toContainEqual(expect.stringContaining('not atomic'))
  })
})

describe('Completeness of the suite', () => {
  const declaration =
    'methods: the store has get, set, delete and exactly the optional methods that the binding declares'

  it('An undeclared method fails a case', async () => {
    expect(await failingCases({ createStore, methods: ['compareAndSet', 'keys', 'close'] })).toEqual([declaration])
    expect(await failingCases({ createStore, methods: ['keys', 'deleteExpired', 'close'] })).toEqual([
      declaration,
      'methods: a store without compareAndSet is not atomic: the manager refuses it unless allowNonAtomicStore is set'
    ])
  })

  it('A declared method that is missing fails its cases', async () => {
    const lacking = (): StoreUnderTest => {
      const { store, clock } = createStore()
      const { deleteExpired: _, ...rest } = store
      return { store: rest, ...(clock && { clock }) }
    }
    const expected = storeCases({ createStore: lacking, methods })
      .filter(({ group, name }) => group === 'deleteExpired' || name.startsWith('deleteExpired never removes'))
      .map(({ group, name }) => `${group}: ${name}`)
    expect(await failingCases({ createStore: lacking, methods })).toEqual([declaration, ...expected])
  })

  it('Every case has a unique title', () => {
    const titles = storeCases({ createStore, methods }).map(({ group, name }) => `${group}: ${name}`)
    expect(new Set(titles).size).toBe(titles.length)
  })
})

describe('A store that reports a refused write with wroteNothing', () => {
  type Refusal = (write: () => Promise<unknown>) => Promise<never>

  /** While the engine refuses writes, `refusal` decides the result of each write. */
  function refusing(refusal: Refusal): RefusingStore {
    const { store, clock } = createStore()
    let refused = false
    const guard = <T>(write: () => Promise<T>): Promise<T> => (refused ? refusal(write) : write())
    return {
      store: {
        ...store,
        set: (...args) => guard(() => store.set(...args)),
        delete: (...args) => guard(() => store.delete(...args)),
        compareAndSet: (...args) => guard(async () => store.compareAndSet(...args))
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

  it('A store passes if its refused writes change nothing', async () => {
    expect(await failures(() => locked())).toEqual([])
  })

  it.each<[string, Refusal]>([
    ['writes before it rejects', (write) => write().then(() => locked())],
    [
      'writes after it has rejected',
      (write) => {
        setImmediate(write)
        return locked()
      }
    ],
    ['does not set wroteNothing', () => locked({})],
    ['sets wroteNothing to another value than true', () => locked({ wroteNothing: 'yes' })],
    ['rejects with a value that is not an Error', () => Promise.reject({ wroteNothing: true })]
  ])('A store that %s fails the cases about refused writes', async (_, refusal) => {
    const verbs = ['set', 'delete', 'compareAndSet']
    expect(await failures(refusal)).toEqual(
      verbs.map(
        (verb) => `refused writes: a refused ${verb} rejects with wroteNothing and changes nothing, then or later`
      )
    )
  })
})

describe('A store whose engine cannot hold 1 MiB', () => {
  const largestValue = 100_001
  const tooLarge = Object.assign(new Error('too large'), { code: 'RECORD_TOO_LARGE' })

  type Write = (written: string, write: (written: string) => Promise<unknown>) => Promise<unknown>

  /** A store whose writes of more than the limit go through `writeLarge`. */
  function limited(writeLarge: Write): StoreUnderTest {
    const { store, clock } = createStore()
    const fits = (written: string): boolean => Buffer.byteLength(written) <= largestValue
    const set: MapStore['set'] = async (key, value, expiresAt) => {
      if (fits(value)) return store.set(key, value, expiresAt)
      await writeLarge(value, (written) => store.set(key, written, expiresAt))
    }
    const compareAndSet: MapStore['compareAndSet'] = async (key, expected, value, expiresAt) => {
      const write = async (written: string): Promise<boolean> => store.compareAndSet(key, expected, written, expiresAt)
      return fits(value) ? write(value) : (await writeLarge(value, write)) === true
    }
    return { store: { ...store, set, compareAndSet }, ...(clock && { clock }) }
  }

  const refuses = [
    'large values: set rejects a value of more than 100001 bytes with RECORD_TOO_LARGE, and nothing changes',
    'large values: compareAndSet rejects a value of more than 100001 bytes with RECORD_TOO_LARGE, and nothing changes'
  ]

  it('A store that declares its limit and refuses larger values passes', async () => {
    const refusing = (): StoreUnderTest => limited(() => Promise.reject(tooLarge))
    expect(await failingCases({ methods, createStore: refusing, largestValue })).toEqual([])
    expect(await failingCases({ methods, createStore: refusing, largestValue: largestValue + 1 })).not.toEqual([])
    expect(await failingCases({ methods, createStore: refusing })).not.toEqual([])
  })

  it.each<[string, Write]>([
    ['truncates a value', (written, write) => write(written.slice(0, largestValue))],
    ['drops a value silently', async () => false],
    ['holds more than it declares', (written, write) => write(written)],
    ['rejects without RECORD_TOO_LARGE', () => Promise.reject(new Error('the engine refused the value'))],
    ['rejects after it has written', (written, write) => write(written).then(() => Promise.reject(tooLarge))],
    ['rejects after it has dropped the old value', (_, write) => write('').then(() => Promise.reject(tooLarge))]
  ])('A store that %s fails the cases about larger values', async (_, writeLarge) => {
    expect(await failingCases({ methods, createStore: () => limited(writeLarge), largestValue })).toEqual(refuses)
  })

  it('A store that compares only the length that it can hold fails the case about larger values', async () => {
    const createCutting = (): StoreUnderTest => {
      const { store, clock } = limited(() => Promise.reject(tooLarge))
      const compareAndSet: MapStore['compareAndSet'] = async (key, expected, ...rest) =>
        (await store.compareAndSet?.(key, expected?.slice(0, largestValue), ...rest)) === true
      return { store: { ...store, compareAndSet }, ...(clock && { clock }) }
    }
    expect(await failingCases({ methods, createStore: createCutting, largestValue })).toEqual([
      'large values: a value of more than 100001 bytes matches no live value'
    ])
  })
})

describe('Failures of the engine', () => {
  it('A store that hides failures in its return values fails every case about them', async () => {
    const createFailingStore = (): KeyValueStore => createMapStore(Date.now)
    const failures = await failingCases({ createStore, methods, createFailingStore })
    expect(failures).toEqual([
      'failure: get rejects instead of resolving to undefined',
      'failure: getMany rejects instead of resolving to absent values',
      'failure: set rejects',
      'failure: delete rejects',
      'failure: compareAndSet rejects instead of resolving to false',
      'failure: keys rejects instead of ending early',
      'failure: deleteExpired rejects instead of resolving to 0'
    ])
  })

  // The kit once turned exceptions into rejections, as it awaited what may be no promise.
  it('A store that throws exceptions instead of rejecting fails the cases of get and compareAndSet', async () => {
    const fail = (): never => {
      throw new Error('engine gone')
    }
    const createFailingStore = (): KeyValueStore => ({
      ...failing(async () => Promise.reject(new Error('engine gone'))),
      get: fail,
      compareAndSet: fail
    })
    expect(await failingCases({ createStore, methods, createFailingStore })).toEqual([
      'failure: get rejects instead of resolving to undefined',
      'failure: compareAndSet rejects instead of resolving to false'
    ])
  })

  it('A call that never settles fails its case, not the runner', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const hung = storeCases({ createStore: () => ({ ...createMapStore(Date.now), get: never }), caseTimeout: 50 })
    await expect(hung.find(({ name }) => name.startsWith('get returns'))?.run()).rejects.toThrow('within 50 ms')
  })

  it('An iteration that locks the store until its end fails its cases', async () => {
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
      'keys: an iteration may end early, and several may run at once',
      'keys: keys yields each of 2,600 live keys once while other keys are written, replaced and deleted',
      'keys: other calls complete while an iteration is open'
    ])
  })
})

describe('Teardown of a case', () => {
  it('A failed case closes both handles before it cleans up', async () => {
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
    const [failingCase] = storeCases(options).filter(({ name }) => name.startsWith('get sees every write'))
    await expect(failingCase?.run()).rejects.toThrow('expected "turn 0"')
    expect(done).toEqual(['close first', 'close second', 'clean up'])
  })

  it('A failed cleanup fails its case', async () => {
    const options = {
      createStore: () => ({ ...createStore(), cleanup: () => Promise.reject(new Error('no cleanup')) })
    }
    const [, first] = storeCases({ ...options, methods })
    await expect(first?.run()).rejects.toThrow('no cleanup')
  })
})

describe('Invalid options', () => {
  it.each([
    { expiryGranularity: 0 },
    { expiryGranularity: 2_001 },
    { expiryGranularity: Number.POSITIVE_INFINITY },
    { largestValue: 99_999 },
    { largestValue: 1_048_577 },
    { largestValue: 100_000.5 },
    { caseTimeout: 0 },
    { caseTimeout: Number.NaN }
  ])('The option %o throws', (wrong) => {
    expect(() => storeCases({ createStore, ...wrong })).toThrow(RangeError)
  })

  it('A test clock throws if it is moved backwards', () => {
    expect(() => createTestClock().advance(-1)).toThrow(RangeError)
    expect(() => createTestClock().advance(Number.NaN)).toThrow(RangeError)
  })
})

/** Responds after a random delay, like an engine behind a socket; the work itself stays one step. */
function delayed(store: MapStore): MapStore {
  const slow = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await sleep(Math.random() * 3)
    const result = await work()
    await sleep(Math.random() * 3)
    return result
  }
  return {
    ...store,
    get: (key) => slow(async () => store.get(key)),
    getMany: (keys) => slow(() => store.getMany(keys)),
    set: (...args) => slow(() => store.set(...args)),
    delete: (key) => slow(() => store.delete(key)),
    compareAndSet: (...args) => slow(async () => store.compareAndSet(...args)),
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
