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
import { secret, start } from '../support/world.ts'

interface Ground {
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
  text(id: string): Promise<string | undefined>
}

const hash = `${'A'.repeat(42)}E`

/** The functions of the index on a store that records what was written, and until when. */
function createGround(): Ground {
  const time = { now: start }
  const clock = { now: () => time.now, sleep: () => Promise.resolve() }
  const memory = createMemoryStore({ clock })
  const events: SessionEvent[] = []
  const ends = new Map<string, number>()
  const writes: string[] = []
  const ground = { fail: false }
  let meddling: { readonly before: string; readonly act: () => Promise<unknown> } | undefined
  const compareAndSet: typeof memory.compareAndSet = async (key, expected, value, expiresAt) => {
    if (ground.fail) throw new Error('down')
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
  return Object.assign(ground, {
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
    text: (id: string) => memory.get(context.recordKey(id))
  })
}

describe('a reservation', () => {
  const ask = { userId: 'alice', id: 'a', keepUntil: start + 500 }

  it('The first reservation makes the index, in the epoch it finds', async () => {
    const ground = createGround()
    const login = await reserve(ground.context, ask, undefined)
    expect(login).toEqual({ ...ask, epoch: 0 })
    const { epoch, entries } = await ground.read()
    const nonce = entries.get('a')?.nonce ?? ''
    expect(epoch).toBe(0)
    expect([...entries]).toEqual([['a', { keepUntil: start + 500, since: start, nonce, reserved: 1 }]])
    expect(nonce).toMatch(/^[\w-]{12}$/)
    expect((await readIndex(ground.context, 'alice')).value).toMatch(/"w":"[\w-]{12}"/)
    expect(ground.ends.get(indexKey(ground.context, 'alice'))).toBe(start + 120_000)
  })

  it('A reservation drops the entries that have expired by any clock, and never shortens its own', async () => {
    const ground = createGround()
    const tolerance = 2 * 3_600_000
    await ground.put({
      a: { keepUntil: start + 900_000 },
      past: { keepUntil: start - tolerance },
      next: { keepUntil: start + 1 - tolerance }
    })
    await reserve(ground.context, ask, undefined)
    const { epoch, entries } = await ground.read()
    expect([epoch, [...entries.keys()].sort(), entries.get('a')?.keepUntil]).toEqual([
      3,
      ['a', 'next'],
      start + 900_000
    ])
    expect(ground.ends.get(indexKey(ground.context, 'alice'))).toBe(start + 900_000)
  })

  it('A login reserves again in the same epoch, and for another user in any', async () => {
    const ground = createGround()
    await ground.put({})
    const again = { ...ask, id: 'b', keepUntil: 0 }
    const before = { ...ask, epoch: 3 }
    expect(await reserve(ground.context, again, before)).toMatchObject({ id: 'b', epoch: 3 })
    expect(await reserve(ground.context, again, { ...before, userId: 'bob', epoch: 1 })).toMatchObject({ epoch: 3 })
    await expect(reserve(ground.context, again, { ...before, epoch: 2 })).rejects.toThrow(
      'All sessions of the user were revoked while the login ran; log in again [LOGIN_REVOKED]'
    )
  })
})

describe('an activation', () => {
  const login = { userId: 'alice', id: 'a', epoch: 3, keepUntil: start + 500 }

  it('An active entry is later than all others, and not before now', async () => {
    const ground = createGround()
    await ground.put({
      a: { reserved: 1, keepUntil: start + 1, since: start + 99 },
      b: { since: start + 7 },
      c: { since: start - 7 }
    })
    const index = await activate(ground.context, login)
    const nonce = index.entries.get('a')?.nonce
    expect(index.entries.get('a')).toEqual({ keepUntil: start + 500, since: start + 8, nonce })
    expect(nonce).toMatch(/^[\w-]{12}$/)
    expect((await ground.read()).entries).toEqual(index.entries)
    ground.time.now += 60
    expect((await activate(ground.context, login)).entries.get('a')?.since).toBe(start + 60)
  })

  it('An activation keeps a later end', async () => {
    const ground = createGround()
    await ground.put({ a: { keepUntil: start + 900 } })
    expect((await activate(ground.context, login)).entries.get('a')?.keepUntil).toBe(start + 900)
  })

  it('An activation after a revokeAll ends its session and fails', async () => {
    const ground = createGround()
    await ground.put({ a: {} }, 4)
    await ground.store('a', { userId: 'alice' })
    await expect(activate(ground.context, login)).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect(await ground.text('a')).toMatch(/"x":1/)
  })

  it('An activation during a revokeAll fails, and an absent session need not be ended', async () => {
    const ground = createGround()
    await ground.put({ a: {} })
    ground.meddle('sessions.u.', () => ground.put({ a: {} }, 4))
    await expect(activate(ground.context, login)).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect(await ground.text('a')).toBe(undefined)
  })

  it("An activation after a revokeAll ends no session that has become another user's", async () => {
    const ground = createGround()
    await ground.put({ mine: {} }, 7)
    await ground.store('mine', { userId: 'bob' })
    const login = { userId: 'alice', id: 'mine', epoch: 3, keepUntil: start + 1e9 }
    await expect(activate(ground.context, login)).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect(await ground.text('mine')).toContain('"u":"bob"')
  })

  it('An activation restores an entry that is gone', async () => {
    const ground = createGround()
    await ground.put({ b: {} })
    const { entries } = await activate(ground.context, login)
    expect([[...entries.keys()].sort(), entries.get('a')?.keepUntil]).toEqual([['a', 'b'], start + 500])
  })
})

describe('a record that may outlive its entry', () => {
  const day = 86_400_000
  const record = { createdAt: start, lastSeenAt: start }

  it('A longer lifetime extends the entry before the record is written', async () => {
    const ground = createGround()
    await ground.put({ a: { keepUntil: start + 5, since: start - 9, reserved: 1 } })
    const next = { ...record, userId: 'alice', indexedUntil: start + 5 }
    await extendEntry(ground.context, 'a', next)
    const entry = (await ground.read()).entries.get('a')
    expect(entry).toEqual({ keepUntil: start + day, since: start - 9, reserved: 1, nonce: entry?.nonce })
    expect(entry?.nonce).not.toBe('n-a')
    expect(next.indexedUntil).toBe(start + day)
  })

  it('An entry is never shortened, and created if it is missing', async () => {
    const ground = createGround()
    await ground.put({ a: { keepUntil: start + 2 * day } })
    await extendEntry(ground.context, 'a', { ...record, userId: 'alice' })
    await extendEntry(ground.context, 'b', { ...record, userId: 'alice' })
    const { entries } = await ground.read()
    const { nonce } = entries.get('b') ?? {}
    expect(entries.get('a')?.keepUntil).toBe(start + 2 * day)
    expect(entries.get('b')).toEqual({ keepUntil: start + day, since: start, nonce })
    expect(nonce).toMatch(/^[\w-]{12}$/)
  })

  it('A write fails with the entry that it needs, and not with one that is only extended for upkeep', async () => {
    const ground = createGround()
    await ground.put({ mine: { keepUntil: start } })
    ground.fail = true
    const next = { ...firstMetadata('w', hash, start), userId: 'alice' }
    await expect(extendEntry(ground.context, 'mine', next)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const known = { ...next, indexedUntil: start + 24 * 3_600_000 }
    await expect(extendEntry(ground.context, 'mine', known, true)).resolves.toBeUndefined()
  })

  it('A record that is kept long enough, or has no user, writes no index', async () => {
    const ground = createGround()
    await extendEntry(ground.context, 'a', record)
    await extendEntry(ground.context, 'a', { ...record, userId: 'alice', indexedUntil: start + day })
    expect(ground.writes).toEqual([])
  })
})

describe('dead entries', () => {
  it('Dead entries are removed, but those of logins under way only after a minute', async () => {
    const ground = createGround()
    const minute = 60_000
    await ground.put({
      live: {},
      dead: {},
      under: { reserved: 1, since: start - minute },
      stuck: { reserved: 1, since: start - minute - 1 }
    })
    const read = await readIndex(ground.context, 'alice')
    await prune(ground.context, 'alice', read, ['dead', 'under', 'stuck', 'unknown'])
    const { value, index } = await readIndex(ground.context, 'alice')
    expect([[...index.entries.keys()].sort(), index.epoch]).toEqual([['live', 'under'], 3])
    expect(value).not.toContain('"w":"w"')
  })

  it('Dead entries stay when the index has changed, when the store fails, and when there are none', async () => {
    const ground = createGround()
    const left = async (): Promise<string[]> => [...(await ground.read()).entries.keys()]
    await ground.put({ a: {} })
    const read = await readIndex(ground.context, 'alice')
    await prune(ground.context, 'alice', read, [])
    await prune(ground.context, 'alice', { ...read, value: undefined }, ['a'])
    expect(ground.writes).toEqual([])
    await ground.put({ a: {}, b: {} })
    await prune(ground.context, 'alice', read, ['a'])
    expect(await left()).toEqual(['a', 'b'])
    ground.fail = true
    await prune(ground.context, 'alice', await readIndex(ground.context, 'alice'), ['a'])
    expect(await left()).toEqual(['a', 'b'])
  })
})

describe('the revocation of all sessions of a user', () => {
  it("revokeAll() ends the user's sessions except the named ones, reports each, and starts a new epoch", async () => {
    const ground = createGround()
    await ground.put({ a: {}, b: {}, other: {}, gone: {}, kept: {} })
    for (const id of ['a', 'b', 'kept']) await ground.store(id, { userId: 'alice' })
    await ground.store('other', { userId: 'bob' })
    expect(await revokeUser(ground.context, 'alice', new Set(['kept']))).toBe(2)
    expect(ground.events).toEqual([
      { type: 'destroyed', id: 'a', userId: 'alice', by: 'revokeAll' },
      { type: 'destroyed', id: 'b', userId: 'alice', by: 'revokeAll' }
    ])
    const { epoch, entries } = await ground.read()
    expect([epoch, [...entries.keys()]]).toEqual([4, ['kept']])
    expect(await ground.text('kept')).not.toMatch(/"x":1/)
    expect(await ground.text('other')).toMatch(/"w":"w"/)
  })

  it('An entry that changed meanwhile is left to its login, and one that is gone does not matter', async () => {
    const ground = createGround()
    await ground.put({ again: {}, gone: {}, done: {} })
    for (const id of ['again', 'gone', 'done']) await ground.store(id, { userId: 'alice' })
    ground.meddle('sessions.s.', () => ground.put({ again: { nonce: 'another login' }, done: {} }, 4))
    expect(await revokeUser(ground.context, 'alice', new Set())).toBe(3)
    expect([...(await ground.read()).entries.keys()]).toEqual(['again'])
  })

  it('Nothing is written if the user has no session', async () => {
    const ground = createGround()
    expect(await revokeUser(ground.context, 'alice', new Set())).toBe(0)
    await ground.put({ kept: {} })
    await ground.store('kept', { userId: 'alice' })
    expect(await revokeUser(ground.context, 'alice', new Set(['kept']))).toBe(0)
    expect(ground.writes).toEqual([indexKey(ground.context, 'alice')])
  })

  it('Sessions are ended before the epoch rises if only their deletion makes that possible', async () => {
    const ground = createGround()
    await ground.put({ mine: {} })
    await ground.store('mine', { userId: 'alice' })
    ground.fail = true
    await expect(revokeUser(ground.context, 'alice', new Set())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await ground.text('mine')).toBeUndefined()
  })

  it('All sessions that can be ended are ended, and then the error of the others is thrown', async () => {
    const ground = createGround()
    await ground.put({ damaged: {}, good: {} })
    await ground.store('good', { userId: 'alice' })
    const key = ground.context.recordKey('damaged')
    await ground.context.access.compareAndSet(key, undefined, 'junk', start + 1e9)
    await expect(revokeUser(ground.context, 'alice', new Set())).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' })
    await ground.put({ good: {}, damaged: {} })
    await ground.store('good', { userId: 'alice' })
    await expect(revokeUser(ground.context, 'alice', new Set())).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' })
    expect(ground.events).toMatchObject([
      { type: 'destroyed', id: 'good' },
      { type: 'destroyed', id: 'good' }
    ])
    expect([...(await ground.read()).entries.keys()]).toEqual(['damaged'])
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
    const ground = createGround()
    await ground.put({ early: { reserved: 1 }, late: { reserved: 1 } })
    await ground.store('late', { userId: 'bob', indexedUntil: start + 50 })
    expect(await revokeUser(ground.context, 'alice', new Set())).toBe(0)
    expect(await ground.text('early')).toMatch(/"x":1/)
    expect(await ground.text('late')).toMatch(/"u":"bob"/)
    expect(await ground.text('late')).not.toMatch(/"w":"w"/)
    expect(ground.ends.get(ground.context.recordKey('late'))).toBe(start + 50)
  })
})

describe('the end of a session of a user', () => {
  it('The end of a session leaves a tombstone for two minutes', async () => {
    const ground = createGround()
    await ground.store('a', { userId: 'alice' })
    expect(await endSession(ground.context, 'a', { userId: 'alice' })).toBeDefined()
    expect(ground.ends.get(ground.context.recordKey('a'))).toBe(start + 120_000)
    expect(await endSession(ground.context, 'a', { userId: 'alice' })).toBeUndefined()
  })

  it("A session that is absent, another user's, or ended already is not touched", async () => {
    const ground = createGround()
    await ground.store('other', { userId: 'bob' })
    expect(await endSession(ground.context, 'other', { userId: 'alice' })).toBeUndefined()
    expect(await endSession(ground.context, 'none', { userId: 'alice' })).toBeUndefined()
    await ground.context.access.compareAndSet(ground.context.recordKey('over'), undefined, encodeTombstone('w'), 9e15)
    const { length } = ground.writes
    expect(await endSession(ground.context, 'over', { userId: 'alice', reserved: 1 })).toBeUndefined()
    expect(ground.writes).toHaveLength(length)
  })

  it('A reserved session is rewritten, and kept until its absolute limit, because its manager may have longer timeouts', async () => {
    const ground = createGround()
    await ground.store('a', {})
    expect(await endSession(ground.context, 'a', { userId: 'alice', reserved: 1 })).toBeUndefined()
    expect(ground.ends.get(ground.context.recordKey('a'))).toBe(start + 24 * 3_600_000)
  })
})

describe('an index that something else has written', () => {
  it('An index that something else has written causes an error that says what to do', async () => {
    const ground = createGround()
    const key = indexKey(ground.context, 'alice')
    for (const text of ['junk', '{}', 'null']) {
      await ground.context.access.delete(key)
      await ground.context.access.compareAndSet(key, undefined, text, start + 1e9)
      await expect(readIndex(ground.context, 'alice')).rejects.toThrow(
        'The index of a user cannot be read: something else wrote under its key. Delete that key; its sessions stay until they expire [STORE_MISBEHAVED]'
      )
    }
  })
})
