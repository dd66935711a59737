import { createTestClock } from '@kvsession/testkit'
import { open } from 'lmdb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLmdbStore } from '../src/index.ts'
import { createLmdbFile, type LmdbFile, type LmdbStore } from './support/lmdb-file.ts'

const later = Date.UTC(9999, 0)

describe('createLmdbStore', () => {
  let file: LmdbFile
  beforeEach(() => {
    file = createLmdbFile()
  })
  afterEach(() => file.remove())

  it('createLmdbStore writes nothing before the first call', () => {
    expect(file.open().database.getCount()).toBe(0)
  })

  it('A named database in a file is separate from others', async () => {
    const { database } = file.open()
    const stores = ['one', 'two'].map((name) => createLmdbStore(database.openDB({ name, encoding: 'string' })))
    for (const [index, store] of stores.entries()) await store.set('key', String(index), later)
    expect(await Promise.all(stores.map((store) => store.get('key')))).toEqual(['0', '1'])
  })

  it('The store works with compression and without overlapping syncs', async () => {
    const { store } = file.open({}, { compression: true, overlappingSync: false })
    const value = 'x'.repeat(10_000)
    expect(await store.compareAndSet('key', undefined, value, later)).toBe(true)
    expect(await store.get('key')).toBe(value)
  })

  it('A closed store leaves the database open and refuses writes', async () => {
    const { store, database } = file.open()
    const writing = store.set('key', 'value', later)
    await store.close()
    await writing
    expect(database.getCount()).toBe(2)
    await expect(store.set('key', 'next', later)).rejects.toMatchObject({ code: 'STORE_INVALID' })
    expect(await store.get('key')).toBe('value')
  })

  it('Writing a record again moves its deadline, and deleting it removes the deadline', async () => {
    const { store, database } = file.open()
    await store.set('key', 'value', later)
    await store.set('key', 'value', later + 1)
    await store.compareAndSet('key', 'value', 'next', later + 2)
    expect(database.getCount()).toBe(2)
    await store.delete('key')
    expect(database.getCount()).toBe(0)
  })

  it('A sweep finds records by deadline, in batches between which other writes run, without reading live records', async () => {
    const clock = createTestClock()
    const { store, database } = file.open({ clock }, { noSync: true })
    const writes = Array.from({ length: 1_000 }, (_, index) => store.set(`key.${index}`, 'value', clock.now() + 1))
    await Promise.all([...writes, store.set('live', 'value', later)])
    // Only a sweep that reads the live records would detect this.
    await database.put('foreign', 'not ours')
    await clock.advance(1)
    let turns = 0
    let sweeping = true
    const turn = (): void => {
      turns++
      if (sweeping) setImmediate(turn)
    }
    setImmediate(turn)
    expect(await store.deleteExpired()).toBe(1_000)
    sweeping = false
    expect(turns).toBeGreaterThanOrEqual(9)
    expect(await store.get('live')).toBe('value')
    expect(database.getCount()).toBe(3)
  })

  it('A sweep never deletes a record by an outdated deadline', async () => {
    const { store, database } = file.open()
    await store.set('key', 'value', later)
    await database.put([1, 'key'] as never, '')
    expect(await store.deleteExpired()).toBe(0)
    expect(await store.get('key')).toBe('value')
    expect(database.getCount()).toBe(2)
  })

  it.each(['', 'value', ' value', 'x value', '{"json":true}'])(
    'The foreign value %j under a key is an error that names the key',
    async (value) => {
      const { store, database } = file.open()
      await database.put('key', value)
      for (const [name, call] of Object.entries(callsOf(store))) {
        await expect(call(), name).rejects.toMatchObject({
          code: 'STORE_INVALID',
          message: expect.stringContaining('its own database')
        })
      }
      expect(await store.get('other')).toBeUndefined()
    }
  )

  it('A foreign entry among the deadlines is an error', async () => {
    const { store, database } = file.open()
    await database.put(7 as never, 'a foreign value')
    await expect(store.deleteExpired()).rejects.toMatchObject({ code: 'STORE_INVALID' })
  })
})

describe('createLmdbStore', () => {
  it.each([
    ['a path', 'sessions.mdb'],
    ['undefined', undefined],
    ['null', null],
    ['the module', { open }],
    ['a map', new Map()]
  ])('createLmdbStore refuses %s and says what to pass', (_name, value) => {
    expect(() => Reflect.apply(createLmdbStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining("encoding: 'string'") })
    )
  })

  it.each([
    ['no encoding', { encoding: undefined }, "needs encoding: 'string'"],
    ['another encoding', { encoding: 'json' }, "needs encoding: 'string'"],
    ['a cache', { cache: true }, 'opened with cache'],
    ['several values for a key', { dupSort: true }, 'opened with dupSort'],
    ['keys of 32 bits', { keyEncoding: 'uint32' }, 'opened with keyIsUint32'],
    ['keys of bytes', { keyEncoding: 'binary' }, "keyEncoding: 'binary'"]
  ])('createLmdbStore refuses a database opened with %s', async (_name, options, message) => {
    const file = createLmdbFile()
    try {
      file.open()
      const refused = open({ path: file.path, name: 'refused', encoding: 'string', ...options } as never)
      expect(() => Reflect.apply(createLmdbStore, undefined, [refused])).toThrow(
        expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
      )
    } finally {
      await file.remove()
    }
  })

  it('createLmdbStore refuses a read-only database', async () => {
    const file = createLmdbFile()
    try {
      await file.open().store.set('key', 'value', later)
      const database = open({ path: file.path, encoding: 'string', readOnly: true })
      expect(() => createLmdbStore(database)).toThrow(
        expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining('putSync() is missing') })
      )
    } finally {
      await file.remove()
    }
  })
})

function callsOf(store: LmdbStore): Record<string, () => Promise<unknown>> {
  return {
    get: async () => store.get('key'),
    set: () => store.set('key', 'value', later),
    delete: () => store.delete('key'),
    create: async () => store.compareAndSet('key', undefined, 'value', later),
    replace: async () => store.compareAndSet('key', 'old', 'value', later),
    keys: async () => {
      for await (const key of store.keys('')) return key
      return undefined
    }
  }
}
