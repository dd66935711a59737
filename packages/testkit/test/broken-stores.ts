import { createKeyedLock } from '@kvsession/core/keyed-lock'
import { createConnectionPool } from './connection-pool.ts'
import { createMapStore, type Entries, type MapStore } from './map-store.ts'

/** The parts of a broken store: a correct store, its entries and its clock. */
export interface Parts {
  good: MapStore
  entries: Entries
  now(): number
}

export type Mistake = (parts: Parts) => Partial<MapStore>

/** Each store has one realistic mistake. */
export const brokenStores: Readonly<Record<string, Mistake>> = {
  'ignores expiry on get': ({ entries }) => ({ get: async (key) => entries.get(key)?.value }),
  'ignores expiry in compareAndSet': ({ entries }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      if (entries.get(key)?.value !== expected) return false
      entries.set(key, { value, expiresAt })
      return true
    }
  }),
  'lets an expired value match': ({ good, entries, now }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      const entry = entries.get(key)
      if (expected === undefined || entry === undefined || entry.expiresAt > now()) {
        return good.compareAndSet(key, expected, value, expiresAt)
      }
      if (entry.value === expected) entries.set(key, { value, expiresAt })
      return entry.value === expected
    }
  }),
  'upserts in compareAndSet when the key is gone': ({ good, entries }) => ({
    compareAndSet: async (key, expected, value, expiresAt) =>
      good.compareAndSet(key, entries.has(key) ? expected : undefined, value, expiresAt)
  }),
  'ignores case in comparisons': comparing((value) => value.toLowerCase()),
  'ignores trailing spaces in comparisons': comparing((value) => value.replace(/ +$/, '')),
  'compares values after Unicode normalization': comparing((value) => value.normalize('NFC')),
  'compares numbers by value': comparing((value) => (/^-?[\d.]+(e\d+)?$/.test(value) ? String(Number(value)) : value)),
  'compares only the first 64 KiB': comparing((value) => value.slice(0, 65_536)),
  'treats an empty value as absent': ({ good }) => ({
    get: async (key) => (await good.get(key)) || undefined,
    compareAndSet: async (key, expected, value, expiresAt) =>
      (await good.compareAndSet(key, expected || undefined, value, expiresAt)) ||
      (!expected && good.compareAndSet(key, '', value, expiresAt))
  }),
  'checks, waits, then writes': ({ good }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      if ((await good.get(key)) !== expected) return false
      await good.set(key, value, expiresAt)
      return true
    }
  }),
  'finds, then upserts, in a READ COMMITTED transaction on a pool of connections': ({ good }) => {
    const pool = createConnectionPool()
    const statement = <T>(run: () => Promise<T>): Promise<T> => pool.use((roundTrip) => roundTrip(run))
    return {
      get: (key) => statement(async () => good.get(key)),
      set: (key, value, expiresAt) => statement(() => good.set(key, value, expiresAt)),
      delete: (key) => statement(() => good.delete(key)),
      compareAndSet: (key, expected, value, expiresAt) =>
        pool.use(async (roundTrip) => {
          await roundTrip(async () => undefined) // BEGIN
          const matches = (await roundTrip(async () => good.get(key))) === expected
          if (matches) await roundTrip(() => good.set(key, value, expiresAt))
          await roundTrip(async () => undefined) // COMMIT
          return matches
        })
    }
  },
  'locks the key in compareAndSet and delete, but not in set': ({ good }) => {
    const lock = createKeyedLock()
    return {
      delete: (key) => lock.write(key, () => good.delete(key)),
      compareAndSet: (key, expected, value, expiresAt) =>
        lock.write(key, async () => {
          if ((await good.get(key)) !== expected) return false
          await good.set(key, value, expiresAt)
          return true
        })
    }
  },
  'always resolves compareAndSet to true': ({ good }) => ({
    compareAndSet: async (...args) => {
      await good.compareAndSet(...args)
      return true
    }
  }),
  'writes in compareAndSet although it resolves to false': ({ good, entries }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      const wrote = await good.compareAndSet(key, expected, value, expiresAt)
      if (!wrote && entries.has(key)) entries.set(key, { value, expiresAt })
      return wrote
    }
  }),
  'changes the deadline in compareAndSet although it resolves to false': ({ good, entries }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      const wrote = await good.compareAndSet(key, expected, value, expiresAt)
      const entry = entries.get(key)
      if (!wrote && entry !== undefined && expiresAt > entry.expiresAt) entry.expiresAt = expiresAt
      return wrote
    }
  }),
  'reports an equal value as not written': ({ good }) => ({
    compareAndSet: async (key, expected, value, expiresAt) =>
      expected !== value && good.compareAndSet(key, expected, value, expiresAt)
  }),
  'keeps the deadline when it replaces a value by compareAndSet': ({ good, entries }) => ({
    compareAndSet: async (key, expected, value, expiresAt) =>
      good.compareAndSet(
        key,
        expected,
        value,
        expected === undefined ? expiresAt : (entries.get(key)?.expiresAt ?? expiresAt)
      )
  }),
  'keeps the deadline when it replaces a value by set': ({ good, entries, now }) => ({
    set: async (key, value, expiresAt) => {
      const old = entries.get(key)
      await good.set(key, value, old !== undefined && old.expiresAt > now() ? old.expiresAt : expiresAt)
    }
  }),
  'refuses to create a key with compareAndSet': ({ good }) => ({
    compareAndSet: async (key, expected, value, expiresAt) =>
      expected !== undefined && good.compareAndSet(key, expected, value, expiresAt)
  }),
  'treats an empty expected value as undefined': ({ good }) => ({
    compareAndSet: (key, expected, value, expiresAt) => good.compareAndSet(key, expected || undefined, value, expiresAt)
  }),
  'returns a value only once': ({ good }) => ({
    get: async (key) => {
      const value = await good.get(key)
      await good.delete(key)
      return value
    }
  }),
  'keeps an expired row instead of the new value': ({ good, entries, now }) => ({
    set: async (key, value, expiresAt) => {
      const old = entries.get(key)
      if (old === undefined || old.expiresAt > now()) await good.set(key, value, expiresAt)
    }
  }),
  'unescapes backslashes': writing((value) => value.replace(/\\(.)/g, '$1')),
  'keeps Latin letters only': writing((value) => value.replace(/[\u0590-\u06ff\u3040-\u30ff\u4e00-\u9fff]/g, '?')),
  'trims values': writing((value) => value.trim()),
  'normalizes values': writing((value) => value.normalize('NFC')),
  'converts line breaks to \\n': writing((value) => value.replace(/\r\n?/g, '\n')),
  'truncates values at 64 KiB': writing((value) => value.slice(0, 65_536)),
  'replaces characters outside the Basic Multilingual Plane': writing((value) =>
    value.replace(/[\u{10000}-\u{10ffff}]/gu, '\ufffd')
  ),
  'parses strings that look like JSON': writing((value) => {
    try {
      return JSON.stringify(JSON.parse(value)) ?? value
    } catch {
      return value
    }
  }),
  'returns null for an absent key': ({ good }) => ({
    get: async (key) => (await good.get(key)) ?? hostile(null)
  }),
  'folds the case of keys': ({ good }) => withKeys(good, (key) => key.toLowerCase()),
  'truncates keys at 191 characters': ({ good }) => withKeys(good, (key) => key.slice(0, 191)),
  'rounds deadlines down to seconds': ({ good }) =>
    withDeadlines(good, (expiresAt) => Math.floor(expiresAt / 1_000) * 1_000),
  'rounds deadlines up to seconds': ({ good }) =>
    withDeadlines(good, (expiresAt) => Math.ceil(expiresAt / 1_000) * 1_000),
  'keeps every value for at least one second': ({ good, now }) =>
    withDeadlines(good, (expiresAt) => now() + 1_000 * Math.max(1, Math.floor((expiresAt - now()) / 1_000))),
  'keeps deadlines in 32 bits of seconds': ({ good }) =>
    withDeadlines(good, (expiresAt) => expiresAt % (2 ** 32 * 1_000)),
  'deletes each key with a timer': ({ good, now }) => ({
    set: async (key, value, expiresAt) => {
      await good.set(key, value, expiresAt)
      // Node does the same with a longer delay.
      if (expiresAt - now() >= 2 ** 31) setTimeout(() => void good.delete(key), 1)
    }
  }),
  'moves the deadline on every read': ({ good, entries }) => ({
    get: async (key) => {
      const value = await good.get(key)
      const entry = entries.get(key)
      if (value !== undefined && entry !== undefined) entry.expiresAt += 60_000
      return value
    }
  }),
  'ignores a write whose deadline is past': ({ good, now }) => ({
    set: async (key, value, expiresAt) => {
      if (expiresAt > now()) await good.set(key, value, expiresAt)
    }
  }),
  'does not overwrite': ({ good }) => ({
    set: async (key, value, expiresAt) => {
      if ((await good.get(key)) === undefined) await good.set(key, value, expiresAt)
    }
  }),
  'deletes after delete has resolved': ({ good }) => ({
    delete: async (key) => {
      setTimeout(() => void good.delete(key), 3)
    }
  }),
  'writes behind, so that a flush restores a deleted value': ({ good }) => ({
    set: async (key, value, expiresAt) => {
      await good.set(key, value, expiresAt)
      setTimeout(() => void good.set(key, value, expiresAt), 3)
    }
  }),
  'deletes every key that starts with the deleted key': ({ entries }) => ({
    delete: async (key) => {
      for (const other of [...entries.keys()]) if (other.startsWith(key)) entries.delete(other)
    }
  }),
  'writes a value in two steps': ({ good }) => ({
    set: async (key, value, expiresAt) => {
      if (value.length > 40_000) {
        await good.set(key, value.slice(0, 40_000), expiresAt)
        await new Promise((resolve) => setTimeout(resolve, 3))
      }
      await good.set(key, value, expiresAt)
    }
  }),
  'throws when it deletes an absent key': ({ entries }) => ({
    delete: async (key) => {
      if (!entries.delete(key)) throw new Error('not found')
    }
  }),
  'returns the values of getMany in the order of the engine': ({ good }) => ({
    getMany: (keys) => good.getMany(keys.toSorted())
  }),
  'omits absent keys in getMany': ({ good }) => ({
    getMany: async (keys) => (await good.getMany(keys)).filter((value) => value !== undefined)
  }),
  'returns null for absent keys in getMany': ({ good }) => ({
    getMany: async (keys) => (await good.getMany(keys)).map((value) => value ?? hostile(null))
  }),
  'ignores expiry in getMany': ({ entries }) => ({
    getMany: async (keys) => keys.map((key) => entries.get(key)?.value)
  }),
  'treats an empty value as absent in getMany': ({ good }) => ({
    getMany: async (keys) => (await good.getMany(keys)).map((value) => value || undefined)
  }),
  'collects the values of getMany in an object by key': ({ good }) => ({
    getMany: async (keys) => {
      const values = await good.getMany(keys)
      const found: Record<string, string> = {}
      for (const [index, key] of keys.entries()) Object.assign(found, { [key]: values[index] })
      return keys.map((key) => Reflect.get(found, key))
    }
  }),
  'returns only the first 25 values of getMany': ({ good }) => ({
    getMany: async (keys) => {
      const values = await good.getMany(keys.slice(0, 25))
      return keys.map((_, index) => values[index])
    }
  }),
  'returns only the values of getMany that fit in one response of 16 MiB': ({ good }) => ({
    getMany: async (keys) => {
      let bytes = 0
      const values = await good.getMany(keys)
      return values.map((value = '') => {
        bytes += value.length
        return value !== '' && bytes <= 16 * 1_048_576 ? value : undefined
      })
    }
  }),
  'serves getMany from a cache': ({ good }) => {
    const cache = new Map<string, string | undefined>()
    return {
      getMany: async (keys) => {
        const values = await good.getMany(keys)
        for (const [index, key] of keys.entries()) if (!cache.has(key)) cache.set(key, values[index])
        return keys.map((key) => cache.get(key))
      }
    }
  },
  'reads one list of keys at a time': ({ good }) => {
    let busy = false
    return {
      getMany: async (keys) => {
        if (busy) throw new Error('busy')
        busy = true
        await Promise.resolve()
        busy = false
        return good.getMany(keys)
      }
    }
  },
  'treats _ in a prefix as a wildcard': listing((key, prefix) =>
    new RegExp(`^${prefix.replaceAll('.', '\\.').replaceAll('_', '.')}`).test(key)
  ),
  'treats . in a prefix as a wildcard': listing((key, prefix) => new RegExp(`^${prefix}`).test(key)),
  'treats - in a prefix as a wildcard': listing((key, prefix) =>
    new RegExp(`^${prefix.replaceAll('.', '\\.').replaceAll('-', '.')}`).test(key)
  ),
  'throws if no key matches a prefix': ({ good }) => ({
    keys: async function* (prefix) {
      let found = false
      for await (const key of good.keys(prefix)) {
        found = true
        yield key
      }
      if (!found) throw new Error('no keys')
    }
  }),
  'stays busy after an iteration ends early': ({ good }) => {
    let busy = false
    return {
      keys: async function* (prefix) {
        if (busy) throw new Error('busy')
        busy = true
        yield* good.keys(prefix)
        busy = false
      }
    }
  },
  'lists every key that contains the prefix': listing((key, prefix) => key.includes(prefix)),
  'ignores case in prefixes': listing((key, prefix) => key.toLowerCase().startsWith(prefix.toLowerCase())),
  'lists expired keys': ({ entries }) => ({
    keys: async function* (prefix) {
      for (const key of [...entries.keys()]) if (key.startsWith(prefix)) yield key
    }
  }),
  'lists the first 1,000 keys': ({ good }) => ({
    keys: async function* (prefix) {
      let count = 0
      for await (const key of good.keys(prefix)) if (count++ < 1_000) yield key
    }
  }),
  'pages through keys by offset': ({ good }) => ({
    keys: async function* (prefix) {
      for (let offset = 0; ; offset += 100) {
        const page: string[] = []
        let index = 0
        for await (const key of good.keys(prefix)) if (index++ >= offset && page.length < 100) page.push(key)
        yield* page
        if (page.length < 100) return
      }
    }
  }),
  'lists nothing for the empty prefix': ({ good }) => ({
    keys: async function* (prefix) {
      if (prefix !== '') yield* good.keys(prefix)
    }
  }),
  'removes live values in deleteExpired': ({ entries }) => ({
    deleteExpired: async () => {
      const { size } = entries
      entries.clear()
      return size
    }
  }),
  'collects expired keys first and deletes them later by key alone': ({ entries, now }) => ({
    deleteExpired: async () => {
      const keys = [...entries].flatMap(([key, { expiresAt }]) => (expiresAt <= now() ? [key] : []))
      await new Promise((resolve) => setTimeout(resolve, 1))
      return keys.filter((key) => entries.delete(key)).length
    }
  }),
  'deletes one batch of expired values only': ({ entries, now }) => ({
    deleteExpired: async () => {
      const keys = [...entries].flatMap(([key, { expiresAt }]) => (expiresAt <= now() ? [key] : [])).slice(0, 1_000)
      return keys.filter((key) => entries.delete(key)).length
    }
  }),
  'counts expired values before it deletes them': ({ good, entries, now }) => ({
    deleteExpired: async () => {
      const count = [...entries.values()].filter(({ expiresAt }) => expiresAt <= now()).length
      await new Promise((resolve) => setTimeout(resolve, 1))
      await good.deleteExpired()
      return count
    }
  }),
  'counts expired values and deletes none': ({ entries, now }) => ({
    deleteExpired: async () => [...entries.values()].filter(({ expiresAt }) => expiresAt <= now()).length
  }),
  'does not count deleted values': ({ good }) => ({
    deleteExpired: async () => {
      await good.deleteExpired()
      return 0
    }
  }),
  'throws if it is closed twice': () => {
    let closed = false
    return {
      close: async () => {
        if (closed) throw new Error('already closed')
        closed = true
      }
    }
  }
}

export function createBrokenStore(mistake: Mistake, now: () => number): MapStore {
  const entries: Entries = new Map()
  const good = createMapStore(now, entries)
  return { ...good, ...mistake({ good, entries, now }) }
}

function comparing(fold: (value: string) => string): Mistake {
  return ({ good }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      // Between comparison and write it awaits only the correct store, which compares again.
      const live = await good.get(key)
      const equal = live !== undefined && expected !== undefined && fold(live) === fold(expected)
      return good.compareAndSet(key, equal ? live : expected, value, expiresAt)
    }
  })
}

function writing(change: (value: string) => string): Mistake {
  return ({ good }) => ({
    set: (key, value, expiresAt) => good.set(key, change(value), expiresAt),
    compareAndSet: (key, expected, value, expiresAt) => good.compareAndSet(key, expected, change(value), expiresAt)
  })
}

function listing(matches: (key: string, prefix: string) => boolean): Mistake {
  return ({ good }) => ({
    keys: async function* (prefix) {
      for await (const key of good.keys('')) if (matches(key, prefix)) yield key
    }
  })
}

function withKeys(good: MapStore, change: (key: string) => string): Partial<MapStore> {
  return {
    get: (key) => good.get(change(key)),
    getMany: (keys) => good.getMany(keys.map(change)),
    set: (key, value, expiresAt) => good.set(change(key), value, expiresAt),
    delete: (key) => good.delete(change(key)),
    compareAndSet: (key, ...rest) => good.compareAndSet(change(key), ...rest)
  }
}

function withDeadlines(good: MapStore, change: (expiresAt: number) => number): Partial<MapStore> {
  return {
    set: (key, value, expiresAt) => good.set(key, value, change(expiresAt)),
    compareAndSet: (key, expected, value, expiresAt) => good.compareAndSet(key, expected, value, change(expiresAt))
  }
}

/** A value that the contract's types exclude, but that plain JavaScript allows. */
function hostile(value: null): undefined {
  const untyped: unknown = value
  return untyped as undefined
}
