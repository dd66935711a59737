import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionManager, type KeyValueStore, type SessionManager } from '../../src/index.ts'
import { secret } from '../support/fixture.ts'

const count = 100

/** The reads of a store, and how many of them were open at once. */
interface Reads {
  gets: number
  most: number
  readonly pages: number[]
}

/** A store that responds to each read in a later turn of the event loop, as one behind a socket does. */
function createCountedStore(hasGetMany: boolean): { store: KeyValueStore; reads: Reads } {
  const memory = createMemoryStore()
  const reads: Reads = { gets: 0, most: 0, pages: [] }
  let open = 0
  const read = async <T>(answer: () => Promise<T>): Promise<T> => {
    reads.most = Math.max(reads.most, ++open)
    await new Promise((resolve) => setImmediate(resolve))
    open--
    return answer()
  }
  const get: KeyValueStore['get'] = (key) => {
    reads.gets++
    return read(async () => memory.get(key))
  }
  const getMany = (keys: readonly string[]): Promise<(string | undefined)[]> => {
    reads.pages.push(keys.length)
    return read(() => Promise.all(keys.map(memory.get)))
  }
  return { reads, store: { ...memory, get, ...(hasGetMany && { getMany }) } }
}

interface Listed {
  readonly manager: SessionManager
  readonly reads: Reads
  /** In the order of the logins, and of the keys of the store. */
  readonly ids: readonly string[]
}

/** A manager with a hundred sessions of one user, on a store whose reads are counted from now on. */
function withSessions(hasGetMany: boolean): Promise<Listed> {
  const { store, reads } = createCountedStore(hasGetMany)
  return login(count, store, reads)
}

async function login(
  times: number,
  store: KeyValueStore,
  reads: Reads = { gets: 0, most: 0, pages: [] }
): Promise<Listed> {
  const manager = createSessionManager({ store, secret, allowNonAtomicStore: true })
  const ids: string[] = []
  for (let index = 0; index < times; index++) {
    const session = await manager.open('')
    await session.login('u1')
    await manager.commit(session)
    ids.push(session.id)
  }
  Object.assign(reads, { gets: 0, most: 0 })
  reads.pages.length = 0
  return { manager, reads, ids }
}

async function idsOf(listing: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of listing) ids.push(id)
  return ids
}

describe('a listing on a store without getMany', () => {
  it('At most sixteen sessions are read at once, each once, in the order of the keys', async () => {
    const { manager, reads, ids } = await withSessions(false)
    expect(await idsOf(manager.list())).toEqual(ids)
    expect(reads).toMatchObject({ gets: count, most: 16 })
  })

  it('At most sixteen sessions are read for a caller that takes one', async () => {
    const { manager, reads, ids } = await withSessions(false)
    for await (const { id } of manager.list()) {
      expect(id).toBe(ids[0])
      break
    }
    expect(reads.gets).toBe(16)
  })
})

describe('a listing on a store with getMany', () => {
  it('A hundred sessions are read in one call', async () => {
    const { manager, reads, ids } = await withSessions(true)
    expect(await idsOf(manager.list())).toEqual(ids)
    expect(reads).toMatchObject({ gets: 0, pages: [count] })
  })

  it('All sessions of a user are read in one call, after the index', async () => {
    const { manager, reads, ids } = await withSessions(true)
    const found = await manager.list({ userId: 'u1' })
    expect(found.map(({ id }) => id).sort()).toEqual(ids.toSorted())
    expect(reads).toMatchObject({ gets: 1, pages: [count] })
  })

  it('getMany is used on a store without compareAndSet, too', async () => {
    const { store, reads } = createCountedStore(true)
    const { compareAndSet: _, ...nonAtomic } = store
    const { manager } = await login(count, nonAtomic, reads)
    expect(await idsOf(manager.list())).toHaveLength(count)
    expect(reads).toMatchObject({ gets: 0, pages: [count] })
  })

  it.each([
    ['nothing', undefined],
    ['too few values', []],
    ['null for absence', [null]],
    ['an object', { length: 1 }]
  ])('A getMany that returns %s fails the listing', async (_, answer) => {
    const { manager } = await login(1, { ...createMemoryStore(), ...untyped({ getMany: async () => answer }) })
    const wrong = { code: 'STORE_MISBEHAVED', message: expect.stringContaining('getMany()') }
    await expect(idsOf(manager.list())).rejects.toMatchObject(wrong)
    await expect(manager.list({ userId: 'u1' })).rejects.toMatchObject(wrong)
  })

  it('A getMany that fails makes the listing fail', async () => {
    const getMany = (): Promise<never> => Promise.reject(new Error('gone'))
    const { manager } = await login(1, { ...createMemoryStore(), getMany })
    await expect(manager.list({ userId: 'u1' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(idsOf(manager.list())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

/** A method that the contract's types rule out, but plain JavaScript allows. */
function untyped(method: Readonly<Record<string, unknown>>): Partial<KeyValueStore> {
  return method
}
