import { describe, expect, it } from 'vitest'
import type { ManagerContext } from '../../src/context.ts'
import type { SessionEvent } from '../../src/events.ts'
import { firstMetadata } from '../../src/record/metadata-change.ts'
import { encodeRecord, type RecordMetadata } from '../../src/record/record.ts'
import { encodeTombstone } from '../../src/record/tombstone.ts'
import { createManagerContext } from '../../src/session-manager.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { endSession } from '../../src/users/end-session.ts'
import { activate, extendEntry, indexKey, prune, readIndex, reserve, revokeUser } from '../../src/users/user-index.ts'
import { encodeIndex, type IndexEntry, type UserIndex } from '../../src/users/user-index-entry.ts'
import { secret, start } from '../support/fixture.ts'

interface IndexFixture {
  readonly context: ManagerContext
  readonly events: SessionEvent[]
  readonly ends: Map<string, number>
  readonly writes: string[]
  readonly time: { now: number }
  fail: boolean
  /** Runs once, before the next write of a key that begins with `before`. */
  meddle(before: string, act: () => Promise<unknown>): void
  read(): Promise<UserIndex>
  put(sessions: Record<string, Partial<IndexEntry>>, epoch?: number): Promise<void>
  store(id: string, metadata: Partial<RecordMetadata>): Promise<void>
  stored(id: string): Promise<string | undefined>
}

const hash = `${'A'.repeat(42)}E`

/** The functions of the index on a store that records what was written, and until when. */
function createIndexFixture(): IndexFixture {
  const time = { now: start }
  const clock = { now: () => time.now, sleep: () => Promise.resolve() }
  const memory = createMemoryStore({ clock })
  const events: SessionEvent[] = []
  const ends = new Map<string, number>()
  const writes: string[] = []
  const fixture = { fail: false }
  let meddling: { readonly before: string; readonly act: () => Promise<unknown> } | undefined
  const compareAndSet: typeof memory.compareAndSet = async (key, expected, value, expiresAt) => {
    if (fixture.fail) throw new Error('down')
    if (meddling && key.startsWith(meddling.before)) {
      const { act } = meddling
      meddling = undefined
      await act()
    }
    writes.push(key)
    ends.set(key, expiresAt)
    return memory.compareAndSet(key, expected, value, expiresAt)
  }
  const store = { ...memory, compareAndSet }
  const { context } = createManagerContext({ store, secret, clock, onEvent: (event) => events.push(event) })
  const far = start + 1e9
  return Object.assign(fixture, {
    context,
    events,
    ends,
    writes,
    time,
    meddle(before: string, act: () => Promise<unknown>) {
      meddling = { before, act }
    },
    read: async () => (await readIndex(context, 'alice')).index,
    async put(sessions: Record<string, Partial<IndexEntry>>, epoch = 3) {
      const entries = Object.entries(sessions).map(([id, entry]): [string, IndexEntry] => [
        id,
        { keepUntil: far, since: start, nonce: `n-${id}`, ...entry }
      ])
      await memory.set(indexKey(context, 'alice'), encodeIndex({ epoch, entries: new Map(entries) }, 'w'), far)
    },
    async store(id: string, metadata: Partial<RecordMetadata>) {
      const first = firstMetadata('w', hash, start)
      await memory.set(context.recordKey(id), encodeRecord({ ...first, ...metadata }, '{}').value, far)
    },
    stored: async (id: string) => memory.get(context.recordKey(id))
  })
}

describe('a reservation', () => {
  const request = { userId: 'alice', id: 'a', keepUntil: start + 500 }

  it('The first reservation makes the index, in the epoch it finds', async () => {
    const fixture = createIndexFixture()
    const login = await reserve(fixture.context, request, undefined)
    expect(login).toMatchObject({ ...request, epoch: 0 })
    const { epoch, entries } = await fixture.read()
    const nonce = entries.get('a')?.nonce ?? ''
    expect(epoch).toBe(0)
    expect([...entries]).toEqual([['a', { keepUntil: start + 500, since: start, nonce, reserved: 1 }]])
    expect(nonce).toMatch(/^[\w-]{13,16}$/)
    expect((await readIndex(fixture.context, 'alice')).value).toMatch(/"w":"[\w-]{13,16}"/)
    expect(fixture.ends.get(indexKey(fixture.context, 'alice'))).toBe(start + 120_000)
  })

  it('A reservation drops the entries that have expired by any clock, and never shortens its own', async () => {
    const fixture = createIndexFixture()
    const tolerance = 2 * 3_600_000
    await fixture.put({
      a: { keepUntil: start + 900_000 },
      past: { keepUntil: start - tolerance },
      next: { keepUntil: start + 1 - tolerance }
    })
    await reserve(fixture.context, request, undefined)
    const { epoch, entries } = await fixture.read()
    expect([epoch, [...entries.keys()].sort(), entries.get('a')?.keepUntil]).toEqual([
      3,
      ['a', 'next'],
      start + 900_000
    ])
    expect(fixture.ends.get(indexKey(fixture.context, 'alice'))).toBe(start + 900_000)
  })

  it('A login reserves again in the same epoch, and for another user in any', async () => {
    const fixture = createIndexFixture()
    await fixture.put({})
    const again = { ...request, id: 'b', keepUntil: 0 }
    const before = { ...request, epoch: 3 }
    expect(await reserve(fixture.context, again, before)).toMatchObject({ id: 'b', epoch: 3 })
    expect(await reserve(fixture.context, again, { ...before, userId: 'bob', epoch: 1 })).toMatchObject({ epoch: 3 })
    await expect(reserve(fixture.context, again, { ...before, epoch: 2 })).rejects.toThrow(
      'All sessions of the user were revoked while the login ran; log in again [LOGIN_REVOKED]'
    )
  })
})

describe('an activation', () => {
  const login = { userId: 'alice', id: 'a', epoch: 3, keepUntil: start + 500 }

  it('An active entry is later than all others, and not before now', async () => {
    const fixture = createIndexFixture()
    await fixture.put({
      a: { reserved: 1, keepUntil: start + 1, since: start + 99 },
      b: { since: start + 7 },
      c: { since: start - 7 }
    })
    const { index } = await activate(fixture.context, login)
    const nonce = index.entries.get('a')?.nonce
    expect(index.entries.get('a')).toEqual({ keepUntil: start + 500, since: start + 8, nonce })
    expect(nonce).toMatch(/^[\w-]{13,16}$/)
    expect((await fixture.read()).entries).toEqual(index.entries)
    fixture.time.now += 60
    expect((await activate(fixture.context, login)).index.entries.get('a')?.since).toBe(start + 60)
  })

  it('An activation keeps a later end', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ a: { keepUntil: start + 900 } })
    expect((await activate(fixture.context, login)).index.entries.get('a')?.keepUntil).toBe(start + 900)
  })

  it('An activation after a revokeAll ends its session and fails', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ a: {} }, 4)
    await fixture.store('a', { userId: 'alice' })
    await expect(activate(fixture.context, login)).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect(await fixture.stored('a')).toMatch(/"x":1/)
  })

  it('An activation during a revokeAll fails, and an absent session need not be ended', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ a: {} })
    fixture.meddle('sessions.u.', () => fixture.put({ a: {} }, 4))
    await expect(activate(fixture.context, login)).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect(await fixture.stored('a')).toBe(undefined)
  })

  it("An activation after a revokeAll ends no session that has become another user's", async () => {
    const fixture = createIndexFixture()
    await fixture.put({ mine: {} }, 7)
    await fixture.store('mine', { userId: 'bob' })
    const login = { userId: 'alice', id: 'mine', epoch: 3, keepUntil: start + 1e9 }
    await expect(activate(fixture.context, login)).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect(await fixture.stored('mine')).toContain('"u":"bob"')
  })

  it('An activation restores an entry that is gone', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ b: {} })
    const { entries } = (await activate(fixture.context, login)).index
    expect([[...entries.keys()].sort(), entries.get('a')?.keepUntil]).toEqual([['a', 'b'], start + 500])
  })
})

describe('a record that may outlive its entry', () => {
  const day = 86_400_000
  const record = { createdAt: start, lastSeenAt: start }

  it('A longer lifetime extends the entry before the record is written', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ a: { keepUntil: start + 5, since: start - 9, reserved: 1 } })
    const next = { ...record, userId: 'alice', indexedUntil: start + 5 }
    await extendEntry(fixture.context, 'a', next)
    const entry = (await fixture.read()).entries.get('a')
    expect(entry).toEqual({ keepUntil: start + day, since: start - 9, reserved: 1, nonce: entry?.nonce })
    expect(entry?.nonce).not.toBe('n-a')
    expect(next.indexedUntil).toBe(start + day)
  })

  it('An entry is never shortened, and created if it is missing', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ a: { keepUntil: start + 2 * day } })
    await extendEntry(fixture.context, 'a', { ...record, userId: 'alice' })
    await extendEntry(fixture.context, 'b', { ...record, userId: 'alice' })
    const { entries } = await fixture.read()
    const { nonce } = entries.get('b') ?? {}
    expect(entries.get('a')?.keepUntil).toBe(start + 2 * day)
    expect(entries.get('b')).toEqual({ keepUntil: start + day, since: start, nonce })
    expect(nonce).toMatch(/^[\w-]{13,16}$/)
  })

  it('A write fails with the entry that it needs, and not with one that is only extended for upkeep', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ mine: { keepUntil: start } })
    fixture.fail = true
    const next = { ...firstMetadata('w', hash, start), userId: 'alice' }
    await expect(extendEntry(fixture.context, 'mine', next)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const known = { ...next, indexedUntil: start + 24 * 3_600_000 }
    await expect(extendEntry(fixture.context, 'mine', known, true)).resolves.toBeUndefined()
  })

  it('A record that is kept long enough, or has no user, writes no index', async () => {
    const fixture = createIndexFixture()
    await extendEntry(fixture.context, 'a', record)
    await extendEntry(fixture.context, 'a', { ...record, userId: 'alice', indexedUntil: start + day })
    expect(fixture.writes).toEqual([])
  })
})

describe('dead entries', () => {
  it('Dead entries are removed, but those of logins under way only after a minute', async () => {
    const fixture = createIndexFixture()
    const minute = 60_000
    await fixture.put({
      live: {},
      dead: {},
      under: { reserved: 1, since: start - minute },
      stuck: { reserved: 1, since: start - minute - 1 }
    })
    const read = await readIndex(fixture.context, 'alice')
    await prune(fixture.context, 'alice', read, ['dead', 'under', 'stuck', 'unknown'])
    const { value, index } = await readIndex(fixture.context, 'alice')
    expect([[...index.entries.keys()].sort(), index.epoch]).toEqual([['live', 'under'], 3])
    expect(value).not.toContain('"w":"w"')
  })

  it('Dead entries stay when the index has changed, when the store fails, and when there are none', async () => {
    const fixture = createIndexFixture()
    const left = async (): Promise<string[]> => [...(await fixture.read()).entries.keys()]
    await fixture.put({ a: {} })
    const read = await readIndex(fixture.context, 'alice')
    await prune(fixture.context, 'alice', read, [])
    await prune(fixture.context, 'alice', { ...read, value: undefined }, ['a'])
    expect(fixture.writes).toEqual([])
    await fixture.put({ a: {}, b: {} })
    await prune(fixture.context, 'alice', read, ['a'])
    expect(await left()).toEqual(['a', 'b'])
    fixture.fail = true
    await prune(fixture.context, 'alice', await readIndex(fixture.context, 'alice'), ['a'])
    expect(await left()).toEqual(['a', 'b'])
  })
})

describe('the revocation of all sessions of a user', () => {
  it("revokeAll() ends the user's sessions except the named ones, reports each, and starts a new epoch", async () => {
    const fixture = createIndexFixture()
    await fixture.put({ a: {}, b: {}, other: {}, gone: {}, kept: {} })
    for (const id of ['a', 'b', 'kept']) await fixture.store(id, { userId: 'alice' })
    await fixture.store('other', { userId: 'bob' })
    expect(await revokeUser(fixture.context, 'alice', new Set(['kept']))).toBe(2)
    expect(fixture.events).toEqual([
      { type: 'destroyed', id: 'a', userId: 'alice', by: 'revokeAll' },
      { type: 'destroyed', id: 'b', userId: 'alice', by: 'revokeAll' }
    ])
    const { epoch, entries } = await fixture.read()
    expect([epoch, [...entries.keys()]]).toEqual([4, ['kept']])
    expect(await fixture.stored('kept')).not.toMatch(/"x":1/)
    expect(await fixture.stored('other')).toMatch(/"w":"w"/)
  })

  it('An entry that changed meanwhile is left to its login, and one that is gone does not matter', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ again: {}, gone: {}, done: {} })
    for (const id of ['again', 'gone', 'done']) await fixture.store(id, { userId: 'alice' })
    fixture.meddle('sessions.s.', () => fixture.put({ again: { nonce: 'another login' }, done: {} }, 4))
    expect(await revokeUser(fixture.context, 'alice', new Set())).toBe(3)
    expect([...(await fixture.read()).entries.keys()]).toEqual(['again'])
  })

  it('Nothing is written if the user has no session', async () => {
    const fixture = createIndexFixture()
    expect(await revokeUser(fixture.context, 'alice', new Set())).toBe(0)
    await fixture.put({ kept: {} })
    await fixture.store('kept', { userId: 'alice' })
    expect(await revokeUser(fixture.context, 'alice', new Set(['kept']))).toBe(0)
    expect(fixture.writes).toEqual([indexKey(fixture.context, 'alice')])
  })

  it('Sessions are ended before the epoch rises if only their deletion makes that possible', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ mine: {} })
    await fixture.store('mine', { userId: 'alice' })
    fixture.fail = true
    await expect(revokeUser(fixture.context, 'alice', new Set())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await fixture.stored('mine')).toBeUndefined()
  })

  it('All sessions that can be ended are ended, and then the error of the others is thrown', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ damaged: {}, good: {} })
    await fixture.store('good', { userId: 'alice' })
    const key = fixture.context.recordKey('damaged')
    await fixture.context.access.compareAndSet(key, undefined, 'junk', start + 1e9)
    await expect(revokeUser(fixture.context, 'alice', new Set())).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' })
    await fixture.put({ good: {}, damaged: {} })
    await fixture.store('good', { userId: 'alice' })
    await expect(revokeUser(fixture.context, 'alice', new Set())).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' })
    expect(fixture.events).toMatchObject([
      { type: 'destroyed', id: 'good' },
      { type: 'destroyed', id: 'good' }
    ])
    expect([...(await fixture.read()).entries.keys()]).toEqual(['damaged'])
  })

  it('revokeAll() fails at once if the index cannot be read', async () => {
    const store = createMemoryStore()
    let reads = 0
    const get = (): Promise<never> => {
      reads++
      return Promise.reject(new Error('down'))
    }
    const { context } = createManagerContext({ store: { ...store, get }, secret })
    await expect(revokeUser(context, 'alice', new Set())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(reads).toBe(1)
  })

  it('revokeAll() stops a login under way, whether its record is written yet or not', async () => {
    const fixture = createIndexFixture()
    await fixture.put({ early: { reserved: 1 }, late: { reserved: 1 } })
    await fixture.store('late', { userId: 'bob', indexedUntil: start + 50 })
    expect(await revokeUser(fixture.context, 'alice', new Set())).toBe(0)
    expect(await fixture.stored('early')).toMatch(/"x":1/)
    expect(await fixture.stored('late')).toMatch(/"u":"bob"/)
    expect(await fixture.stored('late')).not.toMatch(/"w":"w"/)
    expect(fixture.ends.get(fixture.context.recordKey('late'))).toBe(start + 50)
  })
})

describe('the end of a session of a user', () => {
  it('The end of a session leaves a tombstone for two minutes', async () => {
    const fixture = createIndexFixture()
    await fixture.store('a', { userId: 'alice' })
    expect(await endSession(fixture.context, 'a', { userId: 'alice' })).toBeDefined()
    expect(fixture.ends.get(fixture.context.recordKey('a'))).toBe(start + 120_000)
    expect(await endSession(fixture.context, 'a', { userId: 'alice' })).toBeUndefined()
  })

  it("A session that is absent, another user's, or ended already is not touched", async () => {
    const fixture = createIndexFixture()
    await fixture.store('other', { userId: 'bob' })
    expect(await endSession(fixture.context, 'other', { userId: 'alice' })).toBeUndefined()
    expect(await endSession(fixture.context, 'none', { userId: 'alice' })).toBeUndefined()
    await fixture.context.access.compareAndSet(fixture.context.recordKey('over'), undefined, encodeTombstone('w'), 9e15)
    const { length } = fixture.writes
    expect(await endSession(fixture.context, 'over', { userId: 'alice', reserved: 1 })).toBeUndefined()
    expect(fixture.writes).toHaveLength(length)
  })

  it('A reserved session is rewritten, and kept until its absolute limit, because its manager may have longer timeouts', async () => {
    const fixture = createIndexFixture()
    await fixture.store('a', {})
    expect(await endSession(fixture.context, 'a', { userId: 'alice', reserved: 1 })).toBeUndefined()
    expect(fixture.ends.get(fixture.context.recordKey('a'))).toBe(start + 24 * 3_600_000)
  })
})

describe('an index that something else has written', () => {
  it('An index that something else has written causes an error that says what to do', async () => {
    const fixture = createIndexFixture()
    const key = indexKey(fixture.context, 'alice')
    for (const stored of ['junk', '{}', 'null']) {
      await fixture.context.access.delete(key)
      await fixture.context.access.compareAndSet(key, undefined, stored, start + 1e9)
      await expect(readIndex(fixture.context, 'alice')).rejects.toThrow(
        'The index of a user cannot be read: something else wrote under its key. Delete that key; its sessions stay until they expire [STORE_MISBEHAVED]'
      )
    }
  })
})
