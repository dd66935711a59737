import type { KeyValueStore } from '@kvsession/core'

/** Mistakes that an application makes on purpose, to see them found. */
export const flaws = [
  'writes without comparing',
  'takes an outage for a logout',
  'revokes nothing',
  'forgets the old secret',
  'keeps memory',
  'keeps buffers',
  'keeps handles'
] as const

export type Flaw = (typeof flaws)[number]

export function isFlaw(name: string): name is Flaw {
  return flaws.some((flaw) => flaw === name)
}

export function flawedStore(store: KeyValueStore, flaw: Flaw | undefined): KeyValueStore {
  if (flaw === 'writes without comparing') {
    return {
      ...store,
      async compareAndSet(key, _expected, value, expiresAt) {
        await new Promise(setImmediate)
        await store.set(key, value, expiresAt)
        return true
      }
    }
  }
  if (flaw === 'takes an outage for a logout') {
    return { ...store, get: (key) => within(500, Promise.resolve(store.get(key))).catch(() => undefined) }
  }
  return store
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
