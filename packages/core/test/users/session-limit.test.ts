import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../src/events.ts'
import { firstMetadata } from '../../src/record/metadata-change.ts'
import { encodeRecord } from '../../src/record/record.ts'
import { encodeTombstone } from '../../src/record/tombstone.ts'
import { createManagerContext, createSessionManager } from '../../src/session-manager.ts'
import type { KeyValueStore } from '../../src/store/key-value-store.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { evictOldest, surveySessions } from '../../src/users/session-limit.ts'
import { indexKey, readIndex } from '../../src/users/user-index.ts'
import { encodeIndex, type IndexEntry, type UserIndex } from '../../src/users/user-index-entry.ts'
import { secret, start } from '../support/fixture.ts'

const hash = `${'A'.repeat(42)}E`
const far = start + 1e9
const entry = (since: number, more: Partial<IndexEntry> = {}): IndexEntry => ({
  ...{ keepUntil: far, since, nonce: 'n' },
  ...more
})

/** A user with these entries; records of all but the dead ones. */
async function createUser(sessions: Record<string, IndexEntry>, dead: readonly string[] = [], limit?: number) {
  const clock = { now: () => start }
  const store = createMemoryStore({ clock })
  const events: SessionEvent[] = []
  const reads: string[] = []
  let vanishing = ''
  const taken = new Map<string, string>()
  const get: typeof store.get = async (key) => {
    reads.push(key)
    const stored = await store.get(key)
    if (key === vanishing) await store.delete(key)
    const next = taken.get(key)
    if (next !== undefined) await store.set(key, next, far)
    return stored
  }
  const { context } = createManagerContext({
    store: { ...store, get },
    secret,
    clock,
    onEvent: (event) => events.push(event),
    randomBytes: (length) => new Uint8Array(length).fill(7),
    ...(limit === undefined ? {} : { maxSessionsPerUser: limit })
  })
  const entries: UserIndex = { epoch: 0, entries: new Map(Object.entries(sessions)) }
  /** As the login has written it. */
  const index = { value: encodeIndex(entries, 'w'), index: entries }
  await store.set(indexKey(context, 'alice'), index.value, far)
  for (const id of Object.keys(sessions)) {
    const record = encodeRecord({ ...firstMetadata(id, hash, start), userId: 'alice' }, '{}')
    const stored = dead.includes(id) ? encodeTombstone('w') : record.value
    await store.set(context.recordKey(id), stored, far)
  }
  const left = async () => [...(await readIndex(context, 'alice')).index.entries.keys()].sort()
  const login = (id: string) => ({ userId: 'alice', id, epoch: 0, keepUntil: far })
  /** Deletes a record right after its next read. */
  const remove = (id: string): void => {
    vanishing = context.recordKey(id)
  }
  /** Makes a record another user's right after its next read. */
  const take = (id: string, userId: string): void => {
    const { value } = encodeRecord({ ...firstMetadata(id, hash, start), userId }, '{}')
    taken.set(context.recordKey(id), value)
  }
  const stored = (id: string) => store.get(context.recordKey(id))
  return { context, index, events, reads, left, login, remove, take, stored }
}

describe('the limit of sessions per user', () => {
  // Each login read the index twice more than it had to.
  it('A login of a user with 100 sessions calls the store once more than the first login does', async () => {
    const calls: string[] = []
    const { get, compareAndSet, ...rest } = createMemoryStore()
    const store: KeyValueStore = {
      ...rest,
      get: (key) => {
        calls.push('get')
        return get(key)
      },
      getMany: (keys) => {
        calls.push('getMany')
        return Promise.all(keys.map((key) => get(key)))
      },
      compareAndSet: (...args) => {
        calls.push('compareAndSet')
        return compareAndSet(...args)
      }
    }
    const manager = createSessionManager({ store, secret })
    const login = async (): Promise<string[]> => {
      const session = await manager.open(undefined)
      calls.length = 0
      await session.login('alice')
      return [...calls]
    }
    expect(await login()).toEqual(['get', 'compareAndSet', 'compareAndSet', 'compareAndSet'])
    for (let i = 1; i < 99; i++) await login()
    expect(await login()).toEqual(['get', 'compareAndSet', 'compareAndSet', 'compareAndSet', 'getMany'])
  })

  it('The oldest sessions beyond the limit are ended, with an event each', async () => {
    const { context, index, events, login } = await createUser(
      { c: entry(3), a: entry(1), b: entry(2), mine: entry(9) },
      [],
      2
    )
    await evictOldest(context, login('mine'), index)
    expect(events).toEqual(['a', 'b'].map((id) => ({ type: 'evicted', id, userId: 'alice', by: 'mine' })))
  })

  it('Nothing happens below the limit', async () => {
    const { context, index, events, reads, login } = await createUser({ a: entry(1), mine: entry(9) }, [], 2)
    await evictOldest(context, login('mine'), index)
    expect([events, reads]).toEqual([[], []])
  })

  it('A session that went live later, or whose login may be under way, is not ended', async () => {
    const { context, index, events, login } = await createUser(
      {
        later: entry(start + 10),
        mine: entry(start + 9),
        same: entry(start + 9),
        under: entry(start - 60_000, { reserved: 1 }),
        stuck: entry(1, { reserved: 1 })
      },
      [],
      1
    )
    await evictOldest(context, login('mine'), index)
    expect(events.map((event) => Reflect.get(event, 'id'))).toEqual(['stuck'])
  })

  it('Only live sessions count, and the entries of dead ones are removed', async () => {
    const { context, index, events, left, login } = await createUser(
      { a: entry(1), gone: entry(2), mine: entry(9) },
      ['gone'],
      2
    )
    await evictOldest(context, login('mine'), index)
    expect([events, await left()]).toEqual([[], ['a', 'mine']])
  })
})

describe("a session that becomes another user's before the limit ends it", () => {
  it('The session of another user stays', async () => {
    const { context, index, events, login, stored, take } = await createUser({ old: entry(1), mine: entry(2) }, [], 1)
    take('old', 'bob')
    await evictOldest(context, login('mine'), index)
    expect([events, await stored('old')]).toEqual([[], expect.stringContaining('"u":"bob"')])
  })
})

describe('a session that logs in again before the limit ends it', () => {
  // The index that a login has written itself does not show it.
  it('Such a session is not among the oldest any more', async () => {
    const { context, index, events, login } = await createUser({ a: entry(1), b: entry(2), mine: entry(9) }, [], 2)
    const entries = new Map([...index.index.entries, ['a', entry(10)] as const])
    const key = indexKey(context, 'alice')
    await context.access.compareAndSet(key, index.value, encodeIndex({ epoch: 0, entries }, 'again'), far)
    await evictOldest(context, login('mine'), index)
    expect(events).toEqual([])
  })
})

describe('a session that ends by itself before the limit ends it', () => {
  it('The session is not written again', async () => {
    const { context, index, events, remove, stored, login } = await createUser({ a: entry(1), mine: entry(9) }, [], 1)
    remove('a')
    await evictOldest(context, login('mine'), index)
    expect([events, await stored('a')]).toEqual([[], undefined])
  })
})

describe('an index that grows with the logouts', () => {
  const names = Array.from({ length: 20 }, (_, index) => `s${String(index).padStart(2, '0')}`)
  const many = (count: number): Record<string, IndexEntry> =>
    Object.fromEntries([['mine', entry(99)], ...names.slice(0, count).map((id, t) => [id, entry(t)] as const)])

  it('Four entries are checked for dead ones at each login, anywhere in the index', async () => {
    const { context, index, left, reads, login } = await createUser(many(16), names.slice(0, 9))
    await evictOldest(context, login('mine'), index)
    expect(reads.slice(0, 4)).toEqual(['s07', 's08', 's09', 's10'].map((id) => context.recordKey(id)))
    expect(await left()).toEqual(['mine', ...names.slice(0, 16).filter((id) => id !== 's07' && id !== 's08')])
  })

  it('A short index is not checked', async () => {
    const { context, index, reads, login } = await createUser(many(15), names)
    await evictOldest(context, login('mine'), index)
    expect(reads).toEqual([])
  })
})

describe('a survey of a user', () => {
  it('A survey finds the live sessions, oldest login first, and reads only the requested ones', async () => {
    const { context, index, reads } = await createUser({ c: entry(3), a: entry(1), b: entry(2) }, ['b'])
    expect((await surveySessions(context, 'alice', index)).sessions.map(({ id }) => id)).toEqual(['a', 'c'])
    reads.length = 0
    expect((await surveySessions(context, 'alice', index, ['c'])).sessions.map(({ id }) => id)).toEqual(['c'])
    expect(reads).toEqual([context.recordKey('c')])
  })

  it("A session that became another user's counts as dead", async () => {
    const { context, index, left } = await createUser({ a: entry(1), b: entry(2) })
    const record = encodeRecord({ ...firstMetadata('x', hash, start), userId: 'bob' }, '{}')
    const key = context.recordKey('a')
    await context.access.compareAndSet(key, await context.access.get(key), record.value, far)
    const { sessions, pruneDead } = await surveySessions(context, 'alice', index)
    await pruneDead()
    expect([sessions.map(({ id }) => id), await left()]).toEqual([['b'], ['b']])
  })
})
