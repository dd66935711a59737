import { createKeyedLock } from '@kvsession/core/keyed-lock'
import { createConnectionPool } from './connection-pool.ts'
import { createMapStore, type Entries, type MapStore } from './map-store.ts'

/** What a broken store is made of: a correct one, its insides, and its time. */
export interface Parts {
  good: MapStore
  entries: Entries
  now(): number
}

export type Mistake = (parts: Parts) => Partial<MapStore>

/** Each differs from the correct store in one mistake, as found in the wild or one careless line away. */
export const brokenStores: Readonly<Record<string, Mistake>> = {
  'ignores expiry on get': ({ entries }) => ({ get: async (key) => entries.get(key)?.value }),
  'ignores expiry in compareAndSet': ({ entries }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      if (entries.get(key)?.value !== expected) return false
      entries.set(key, { value, expiresAt })
      return true
    }
  }),
  'lets an expired value match its old text': ({ good, entries, now }) => ({
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
  'compares without case': comparing((text) => text.toLowerCase()),
  'compares without spaces at the end': comparing((text) => text.replace(/ +$/, '')),
  'compares normalised': comparing((text) => text.normalize('NFC')),
  'compares numbers as numbers': comparing((text) => (/^-?[\d.]+(e\d+)?$/.test(text) ? String(Number(text)) : text)),
  'compares only the first 64 KiB': comparing((text) => text.slice(0, 65_536)),
  'takes an empty value for absence': ({ good }) => ({
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
      get: (key) => statement(() => good.get(key)),
      set: (key, value, expiresAt) => statement(() => good.set(key, value, expiresAt)),
      delete: (key) => statement(() => good.delete(key)),
      compareAndSet: (key, expected, value, expiresAt) =>
        pool.use(async (roundTrip) => {
          await roundTrip(async () => undefined) // BEGIN
          const matches = (await roundTrip(() => good.get(key))) === expected
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
  'resolves compareAndSet to true always': ({ good }) => ({
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
  'moves the deadline in compareAndSet although it resolves to false': ({ good, entries }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      const wrote = await good.compareAndSet(key, expected, value, expiresAt)
      const entry = entries.get(key)
      if (!wrote && entry !== undefined && expiresAt > entry.expiresAt) entry.expiresAt = expiresAt
      return wrote
    }
  }),
  'reports an equal text as not written': ({ good }) => ({
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
  'refuses to create by compareAndSet': ({ good }) => ({
    compareAndSet: async (key, expected, value, expiresAt) =>
      expected !== undefined && good.compareAndSet(key, expected, value, expiresAt)
  }),
  'takes an empty expected text for undefined': ({ good }) => ({
    compareAndSet: (key, expected, value, expiresAt) => good.compareAndSet(key, expected || undefined, value, expiresAt)
  }),
  'hands a value out only once': ({ good }) => ({
    get: async (key) => {
      const value = await good.get(key)
      await good.delete(key)
      return value
    }
  }),
  'keeps an expired row instead of what is set over it': ({ good, entries, now }) => ({
    set: async (key, value, expiresAt) => {
      const old = entries.get(key)
      if (old === undefined || old.expiresAt > now()) await good.set(key, value, expiresAt)
    }
  }),
  'unescapes backslashes': writing((text) => text.replace(/\\(.)/g, '$1')),
  'keeps Latin letters only': writing((text) => text.replace(/[\u0590-\u06ff\u3040-\u30ff\u4e00-\u9fff]/g, '?')),
  'trims text': writing((text) => text.trim()),
  'normalises text': writing((text) => text.normalize('NFC')),
  'turns newlines into \\n': writing((text) => text.replace(/\r\n?/g, '\n')),
  'cuts values at 64 KiB': writing((text) => text.slice(0, 65_536)),
  'replaces characters beyond the basic plane': writing((text) => text.replace(/[\u{10000}-\u{10ffff}]/gu, '\ufffd')),
  'parses what looks like JSON': writing((text) => {
    try {
      return JSON.stringify(JSON.parse(text)) ?? text
    } catch {
      return text
    }
  }),
  'returns null for absence': ({ good }) => ({
    get: async (key) => (await good.get(key)) ?? hostile(null)
  }),
  'folds the case of keys': ({ good }) => withKeys(good, (key) => key.toLowerCase()),
  'cuts keys at 191 characters': ({ good }) => withKeys(good, (key) => key.slice(0, 191)),
  'rounds deadlines down to seconds': ({ good }) =>
    withDeadlines(good, (expiresAt) => Math.floor(expiresAt / 1_000) * 1_000),
  'rounds deadlines up to seconds': ({ good }) =>
    withDeadlines(good, (expiresAt) => Math.ceil(expiresAt / 1_000) * 1_000),
  'lives for at least one second': ({ good, now }) =>
    withDeadlines(good, (expiresAt) => now() + 1_000 * Math.max(1, Math.floor((expiresAt - now()) / 1_000))),
  'keeps deadlines in 32 bits of seconds': ({ good }) =>
    withDeadlines(good, (expiresAt) => expiresAt % (2 ** 32 * 1_000)),
  'lets a timer per key delete it': ({ good, now }) => ({
    set: async (key, value, expiresAt) => {
      await good.set(key, value, expiresAt)
      // What Node does with a longer one.
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
  'deletes after it resolved': ({ good }) => ({
    delete: async (key) => {
      setTimeout(() => void good.delete(key), 3)
    }
  }),
  'writes behind, so that a flush brings the deleted back': ({ good }) => ({
    set: async (key, value, expiresAt) => {
      await good.set(key, value, expiresAt)
      setTimeout(() => void good.set(key, value, expiresAt), 3)
    }
  }),
  'deletes every key that starts like the deleted one': ({ entries }) => ({
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
  'gives many values in the order of the engine': ({ good }) => ({
    getMany: (keys) => good.getMany(keys.toSorted())
  }),
  'leaves absent keys out of many': ({ good }) => ({
    getMany: async (keys) => (await good.getMany(keys)).filter((value) => value !== undefined)
  }),
  'gives null for the absent of many': ({ good }) => ({
    getMany: async (keys) => (await good.getMany(keys)).map((value) => value ?? hostile(null))
  }),
  'ignores expiry in many': ({ entries }) => ({
    getMany: async (keys) => keys.map((key) => entries.get(key)?.value)
  }),
  'takes an empty value for absence in many': ({ good }) => ({
    getMany: async (keys) => (await good.getMany(keys)).map((value) => value || undefined)
  }),
  'collects many values in an object by key': ({ good }) => ({
    getMany: async (keys) => {
      const values = await good.getMany(keys)
      const found: Record<string, string> = {}
      for (const [index, key] of keys.entries()) Object.assign(found, { [key]: values[index] })
      return keys.map((key) => Reflect.get(found, key))
    }
  }),
  'gives the first 25 of many': ({ good }) => ({
    getMany: async (keys) => {
      const values = await good.getMany(keys.slice(0, 25))
      return keys.map((_, index) => values[index])
    }
  }),
  'gives of many what fits one answer of 16 MiB': ({ good }) => ({
    getMany: async (keys) => {
      let bytes = 0
      const values = await good.getMany(keys)
      return values.map((value = '') => {
        bytes += value.length
        return value !== '' && bytes <= 16 * 1_048_576 ? value : undefined
      })
    }
  }),
  'answers many from a cache': ({ good }) => {
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
  'takes _ in a prefix for any character': listing((key, prefix) =>
    new RegExp(`^${prefix.replaceAll('.', '\\.').replaceAll('_', '.')}`).test(key)
  ),
  'takes . in a prefix for any character': listing((key, prefix) => new RegExp(`^${prefix}`).test(key)),
  'takes - in a prefix for any character': listing((key, prefix) =>
    new RegExp(`^${prefix.replaceAll('.', '\\.').replaceAll('-', '.')}`).test(key)
  ),
  'throws when it finds no key to list': ({ good }) => ({
    keys: async function* (prefix) {
      let found = false
      for await (const key of good.keys(prefix)) {
        found = true
        yield key
      }
      if (!found) throw new Error('no keys')
    }
  }),
  'stays busy when an iteration is left early': ({ good }) => {
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
  'lists without case': listing((key, prefix) => key.toLowerCase().startsWith(prefix.toLowerCase())),
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
  'counts what has expired before it deletes it': ({ good, entries, now }) => ({
    deleteExpired: async () => {
      const count = [...entries.values()].filter(({ expiresAt }) => expiresAt <= now()).length
      await new Promise((resolve) => setTimeout(resolve, 1))
      await good.deleteExpired()
      return count
    }
  }),
  'counts what has expired and deletes nothing': ({ entries, now }) => ({
    deleteExpired: async () => [...entries.values()].filter(({ expiresAt }) => expiresAt <= now()).length
  }),
  'does not count what it deletes': ({ good }) => ({
    deleteExpired: async () => {
      await good.deleteExpired()
      return 0
    }
  }),
  'throws when it is closed twice': () => {
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

function comparing(fold: (text: string) => string): Mistake {
  return ({ good }) => ({
    compareAndSet: async (key, expected, value, expiresAt) => {
      // Nothing is awaited between comparison and write but the correct store, which compares once more.
      const live = await good.get(key)
      const equal = live !== undefined && expected !== undefined && fold(live) === fold(expected)
      return good.compareAndSet(key, equal ? live : expected, value, expiresAt)
    }
  })
}

function writing(change: (text: string) => string): Mistake {
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

/** A value that the contract's types rule out, as plain JavaScript lets it through. */
function hostile(value: null): undefined {
  const untyped: unknown = value
  return untyped as undefined
}
