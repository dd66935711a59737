import type { KeyValueStore } from '@kvsession/core'
import { type StoreCaseOptions, storeCases } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { failingCases } from './failing-cases.ts'
import { createMapStore } from './map-store.ts'

type Watch = NonNullable<KeyValueStore['watch']>
type Tell = Parameters<Watch>[1]

/** The parts of a store that tells its watchers of every write at once. */
interface Engine {
  readonly store: KeyValueStore
  readonly watches: Map<symbol, readonly [prefix: string, onKey: Tell]>
  write(key: string): void
}

/** A mistake in the watch, or in what the writes tell. */
type Mistake = (engine: Engine) => Partial<KeyValueStore>

const methods = ['compareAndSet', 'watch'] as const

const mistakes: Readonly<Record<string, readonly [Mistake, readonly string[]]>> = {
  'tells nothing of a delete': [
    () => ({ delete: createMapStore(Date.now).delete }),
    ['a hint comes after set and delete, of this handle and of another one']
  ],
  'tells nothing of a compareAndSet': [
    ({ store }) => ({
      compareAndSet: async (...args) => (await withoutHints(store).compareAndSet?.(...args)) === true
    }),
    ['a hint comes after a compareAndSet that wrote, of this handle and of another one']
  ],
  'tells before it writes': [
    ({ store, write }) => ({
      set: async (key, ...rest) => {
        write(key)
        await new Promise((resolve) => setImmediate(resolve))
        await withoutHints(store).set(key, ...rest)
      }
    }),
    ['a read that begins after the hint sees the write']
  ],
  'gives hints of every key, regardless of the prefix': [
    ({ watches }) => ({ watch: watching(watches, () => '') }),
    ['no hint is for a key outside of the prefix, which is not a pattern']
  ],
  'gives no hints if the prefix is empty': [
    ({ watches }) => ({ watch: watching(watches, (prefix) => prefix || '~') }),
    ['an empty prefix watches every key']
  ],
  'goes on after the end of the watch': [
    ({ watches }) => ({
      watch: async (...args) => {
        await watching(watches, (prefix) => prefix)(...args)
        return () => {}
      }
    }),
    ['no hint comes after the end of a watch, and other watches continue']
  ],
  'ends every watch with the first': [
    ({ watches }) => ({
      watch: async (...args) => {
        await watching(watches, (prefix) => prefix)(...args)
        return () => watches.clear()
      }
    }),
    ['no hint comes after the end of a watch, and other watches continue']
  ],
  'refuses to end a watch twice': [
    ({ watches }) => ({
      watch: async (...args) => {
        const stop = await watching(watches, (prefix) => prefix)(...args)
        let ended = false
        return () => {
          if (ended) throw new Error('it has ended')
          ended = true
          stop()
        }
      }
    }),
    ['ending a watch twice is not an error']
  ]
}

const bare = new WeakMap<KeyValueStore, KeyValueStore>()

function withoutHints(store: KeyValueStore): KeyValueStore {
  return bare.get(store) ?? store
}

function watching(watches: Engine['watches'], prefixOf: (prefix: string) => string): Watch {
  return async (prefix, onKey) => {
    const id = Symbol(prefix)
    watches.set(id, [prefixOf(prefix), onKey])
    return () => void watches.delete(id)
  }
}

function createWatchedStore(mistake: Mistake = () => ({})): KeyValueStore {
  const { get, set, delete: remove, compareAndSet } = createMapStore(Date.now)
  const watches: Engine['watches'] = new Map()
  const write = (key: string): void => {
    for (const [prefix, onKey] of watches.values()) if (key.startsWith(prefix)) onKey(key)
  }
  const store: KeyValueStore = {
    get,
    set: async (key, ...rest) => {
      await set(key, ...rest)
      write(key)
    },
    delete: async (key) => {
      await remove(key)
      write(key)
    },
    compareAndSet: async (key, ...rest) => {
      const written = await compareAndSet(key, ...rest)
      if (written) write(key)
      return written
    },
    watch: watching(watches, (prefix) => prefix)
  }
  bare.set(store, { get, set, delete: remove, compareAndSet })
  return { ...store, ...mistake({ store, watches, write }) }
}

const watchCases = { methods, caseTimeout: 300 }

/** Only the cases of watches: the others wait for expiry, or write much. */
async function failingWatchCases(options: StoreCaseOptions): Promise<string[]> {
  const failures = await failingCases(options)
  return failures.filter((title) => /^(?:interrupted )?watch: /.test(title))
}

describe('the cases about watch', () => {
  it('The cases about watch pass on a store that gives a hint of every write', async () => {
    expect(await failingWatchCases({ ...watchCases, createStore: () => createWatchedStore() })).toEqual([])
  })

  it.each(Object.entries(mistakes))(
    'The cases about watch fail exactly where a store %s',
    async (_, [mistake, expected]) => {
      const failures = await failingWatchCases({ ...watchCases, createStore: () => createWatchedStore(mistake) })
      expect(failures).toEqual(expected.map((name) => `watch: ${name}`))
    }
  )

  it('Each case about watch catches a mistake', () => {
    const cases = storeCases({ ...watchCases, createStore: () => createWatchedStore() })
    const caught = Object.values(mistakes).flatMap(([, names]) => names)
    expect(cases.filter(({ group, name }) => group === 'watch' && !caught.includes(name))).toEqual([])
  })
})

describe('the cases about interrupted watches', () => {
  const gaps =
    (tell: (onGap: (watching: boolean) => void, ended: boolean) => void, ends = false) =>
    () => {
      const watches = new Map<symbol, readonly [onGap: (watching: boolean) => void, ended: () => boolean]>()
      const inner = createWatchedStore()
      const store: KeyValueStore = {
        ...inner,
        watch: async (prefix, onKey, onGap) => {
          const stop = (await inner.watch?.(prefix, onKey, onGap)) ?? (() => {})
          let ended = false
          watches.set(Symbol(prefix), [onGap, () => ended])
          return () => {
            ended = true
            stop()
          }
        }
      }
      const interrupt = (): void => {
        for (const [onGap, ended] of watches.values()) tell(onGap, ended())
        if (ends) store.set = createMapStore(Date.now).set
      }
      return { store, interrupt }
    }
  const failuresOf = (createInterruptedStore: () => { store: KeyValueStore; interrupt(): void }): Promise<string[]> =>
    failingWatchCases({ ...watchCases, createStore: () => createWatchedStore(), createInterruptedStore })

  it('The cases pass on a store that reports the gap to every watch', async () => {
    const tell = gaps((onGap, ended) => {
      if (ended) return
      onGap(false)
      onGap(true)
    })
    expect(await failuresOf(tell)).toEqual([])
  })

  it('The cases fail on a store that never reports the end of a gap, or reports a gap to ended watches', async () => {
    expect(await failuresOf(gaps((onGap, ended) => ended || onGap(false)))).toEqual([
      'interrupted watch: an interruption of hints is reported to the watch, which then continues',
      'interrupted watch: a watch that ended before an interruption gets no report of it'
    ])
    expect(await failuresOf(gaps((onGap) => onGap(true)))).toEqual([
      'interrupted watch: a watch that ended before an interruption gets no report of it'
    ])
  })

  it('The cases fail on a store whose hints end with the interruption', async () => {
    expect(await failuresOf(gaps((onGap, ended) => ended || onGap(true), true))).toEqual([
      'interrupted watch: an interruption of hints is reported to the watch, which then continues'
    ])
  })
})
