import { describe, expect, it } from 'vitest'
import { createManagerContext, type ManagerContext } from '../../src/context.ts'
import type { SessionEvent } from '../../src/events.ts'
import { encodeRecord, encodeTombstone, type RecordMetadata } from '../../src/record/record.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import {
  announce,
  confirm,
  coverByIndex,
  eachOf,
  endSession,
  indexKey,
  prune,
  readIndex,
  revokeUser,
  tombstoneEnd
} from '../../src/users/user-index.ts'
import type { IndexEntry, IndexText } from '../../src/users/user-index-entry.ts'
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
  read(): Promise<IndexText>
  put(sessions: Record<string, Partial<IndexEntry>>, epoch?: number): Promise<void>
  store(id: string, metadata: Partial<RecordMetadata>): Promise<void>
  text(id: string): Promise<string | undefined>
}

const hash = `${'A'.repeat(42)}E`

/** The functions of the index on a store that tells what was written until when. */
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
      const s = Object.fromEntries(
        Object.entries(sessions).map(([id, entry]) => [id, { q: far, t: start, n: `n-${id}`, ...entry }])
      )
      await memory.set(indexKey(context, 'alice'), JSON.stringify({ v: 1, w: 'w', e: epoch, s }), far)
    },
    async store(id: string, metadata: Partial<RecordMetadata>) {
      const { text } = encodeRecord({ v: 1, w: 'w', c: start, s: start, h: hash, g: 0, d: 0, ...metadata }, '{}')
      await memory.set(context.recordKey(id), text, far)
    },
    text: (id: string) => memory.get(context.recordKey(id))
  })
}

describe('a login is announced', () => {
  it('in an index of its own, as pending, in the epoch it finds', async () => {
    const ground = createGround()
    const login = await announce(ground.context, 'alice', 'a', start + 500, undefined)
    expect(login).toEqual({ userId: 'alice', id: 'a', epoch: 0, horizon: start + 500 })
    const { v, w, e, s } = await ground.read()
    expect([v, e, s]).toEqual([1, 0, { a: { q: start + 500, t: start, n: s.a?.n, p: 1 } }])
    expect([w, s.a?.n].every((one) => /^[\w-]{12}$/.test(one ?? ''))).toBe(true)
    expect(ground.ends.get(indexKey(ground.context, 'alice'))).toBe(start + 120_000)
  })

  it('among those that still count; its own entry never ends earlier than before', async () => {
    const ground = createGround()
    await ground.put({ a: { q: start + 900_000 }, past: { q: start }, next: { q: start + 1 } })
    await announce(ground.context, 'alice', 'a', start + 500, undefined)
    const { e, s } = await ground.read()
    expect([e, Object.keys(s).sort(), s.a?.q]).toEqual([3, ['a', 'next'], start + 900_000])
    expect(ground.ends.get(indexKey(ground.context, 'alice'))).toBe(start + 900_000)
  })

  it('again in the same epoch, and for another user in any', async () => {
    const ground = createGround()
    await ground.put({})
    const before = { userId: 'alice', id: 'a', epoch: 3, horizon: 0 }
    expect(await announce(ground.context, 'alice', 'b', 0, before)).toMatchObject({ id: 'b', epoch: 3 })
    const another = { ...before, userId: 'bob', epoch: 1 }
    expect(await announce(ground.context, 'alice', 'b', 0, another)).toMatchObject({ epoch: 3 })
    const revoked = announce(ground.context, 'alice', 'b', 0, { ...before, epoch: 2 })
    await expect(revoked).rejects.toThrow(
      'All sessions of the user were revoked while the login ran; log in again [LOGIN_REVOKED]'
    )
  })
})

describe('a login is confirmed', () => {
  const login = { userId: 'alice', id: 'a', epoch: 3, horizon: start + 500 }

  it('as live, later than all others, and not before now', async () => {
    const ground = createGround()
    await ground.put({ a: { p: 1, q: start + 1, t: start + 99 }, b: { t: start + 7 }, c: { t: start - 7 } })
    const confirmed = await confirm(ground.context, login)
    expect(confirmed.s.a).toEqual({ q: start + 500, t: start + 8, n: confirmed.s.a?.n })
    expect((await ground.read()).s).toEqual(confirmed.s)
    ground.time.now += 60
    expect((await confirm(ground.context, login)).s.a?.t).toBe(start + 60)
  })

  it('and keeps a later end', async () => {
    const ground = createGround()
    await ground.put({ a: { q: start + 900 } })
    expect((await confirm(ground.context, login)).s.a?.q).toBe(start + 900)
  })

  it('not when all were revoked meanwhile: its session is ended, and it fails', async () => {
    const ground = createGround()
    await ground.put({ a: {} }, 4)
    await ground.store('a', { u: 'alice' })
    await expect(confirm(ground.context, login)).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect(await ground.text('a')).toMatch(/"x":1/)
  })

  it('not either when they are revoked while it is; a session that is not there needs no end', async () => {
    const ground = createGround()
    await ground.put({ a: {} })
    ground.meddle('sessions.u.', () => ground.put({ a: {} }, 4))
    await expect(confirm(ground.context, login)).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect(await ground.text('a')).toBe(undefined)
  })

  it('though its entry is gone', async () => {
    const ground = createGround()
    await ground.put({ b: {} })
    const { s } = await confirm(ground.context, login)
    expect([Object.keys(s).sort(), s.a?.q]).toEqual([['a', 'b'], start + 500])
  })
})

describe('a record that may outlive its entry', () => {
  const day = 86_400_000
  const record = { c: start, s: start }

  it('moves the entry before it is written', async () => {
    const ground = createGround()
    await ground.put({ a: { q: start + 5, t: start - 9, p: 1 } })
    const next = { ...record, u: 'alice', q: start + 5 }
    await coverByIndex(ground.context, 'a', next)
    const { s } = await ground.read()
    expect(s.a).toEqual({ q: start + day, t: start - 9, p: 1, n: s.a?.n })
    expect(s.a?.n).not.toBe('n-a')
    expect(next.q).toBe(start + day)
  })

  it('never back, and makes one that is missing', async () => {
    const ground = createGround()
    await ground.put({ a: { q: start + 2 * day } })
    await coverByIndex(ground.context, 'a', { ...record, u: 'alice' })
    await coverByIndex(ground.context, 'b', { ...record, u: 'alice' })
    const { s } = await ground.read()
    expect([s.a?.q, s.b]).toEqual([start + 2 * day, { q: start + day, t: start, n: s.b?.n }])
  })

  it('asks for nothing when it is covered, or nobody’s', async () => {
    const ground = createGround()
    await coverByIndex(ground.context, 'a', record)
    await coverByIndex(ground.context, 'a', { ...record, u: 'alice', q: start + day })
    expect(ground.writes).toEqual([])
  })
})

describe('dead entries', () => {
  it('are removed; those of logins under way only after a minute', async () => {
    const ground = createGround()
    const minute = 60_000
    await ground.put({ live: {}, dead: {}, under: { p: 1, t: start - minute }, stuck: { p: 1, t: start - minute - 1 } })
    const read = await readIndex(ground.context, 'alice')
    await prune(ground.context, 'alice', read, ['dead', 'under', 'stuck', 'unknown'])
    const { w, e, s } = await ground.read()
    expect([Object.keys(s).sort(), e]).toEqual([['live', 'under'], 3])
    expect(w).not.toBe('w')
  })

  it('stay when the index has changed, when the store fails, and when there are none', async () => {
    const ground = createGround()
    await ground.put({ a: {} })
    const read = await readIndex(ground.context, 'alice')
    await prune(ground.context, 'alice', read, [])
    await prune(ground.context, 'alice', { ...read, text: undefined }, ['a'])
    expect(ground.writes).toEqual([])
    await ground.put({ a: {}, b: {} })
    await prune(ground.context, 'alice', read, ['a'])
    expect(Object.keys((await ground.read()).s)).toEqual(['a', 'b'])
    ground.fail = true
    await prune(ground.context, 'alice', await readIndex(ground.context, 'alice'), ['a'])
    expect(Object.keys((await ground.read()).s)).toEqual(['a', 'b'])
  })
})

describe('revoking all of a user', () => {
  it('ends what is theirs but the exceptions, tells each, and starts a new epoch', async () => {
    const ground = createGround()
    await ground.put({ a: {}, b: {}, other: {}, gone: {}, kept: {} })
    for (const id of ['a', 'b', 'kept']) await ground.store(id, { u: 'alice' })
    await ground.store('other', { u: 'bob' })
    expect(await revokeUser(ground.context, 'alice', new Set(['kept']))).toBe(2)
    expect(ground.events).toEqual([
      { type: 'destroyed', id: 'a', by: 'revokeAll' },
      { type: 'destroyed', id: 'b', by: 'revokeAll' }
    ])
    const { e, s } = await ground.read()
    expect([e, Object.keys(s)]).toEqual([4, ['kept']])
    expect(await ground.text('kept')).not.toMatch(/"x":1/)
    expect(await ground.text('other')).toMatch(/"w":"w"/)
  })

  it('leaves an entry that changed meanwhile to its login, and misses none that is gone', async () => {
    const ground = createGround()
    await ground.put({ again: {}, gone: {}, done: {} })
    for (const id of ['again', 'gone', 'done']) await ground.store(id, { u: 'alice' })
    ground.meddle('sessions.s.', () => ground.put({ again: { n: 'another login' }, done: {} }, 4))
    expect(await revokeUser(ground.context, 'alice', new Set())).toBe(3)
    expect(Object.keys((await ground.read()).s)).toEqual(['again'])
  })

  it('writes nothing where there is nobody', async () => {
    const ground = createGround()
    expect(await revokeUser(ground.context, 'alice', new Set())).toBe(0)
    await ground.put({ kept: {} })
    await ground.store('kept', { u: 'alice' })
    expect(await revokeUser(ground.context, 'alice', new Set(['kept']))).toBe(0)
    expect(ground.writes).toEqual([indexKey(ground.context, 'alice')])
  })

  it('stops a login under way, whether its record is there yet or not', async () => {
    const ground = createGround()
    await ground.put({ early: { p: 1 }, late: { p: 1 } })
    await ground.store('late', { u: 'bob', q: start + 50 })
    expect(await revokeUser(ground.context, 'alice', new Set())).toBe(0)
    expect(await ground.text('early')).toMatch(/"x":1/)
    expect(await ground.text('late')).toMatch(/"u":"bob"/)
    expect(await ground.text('late')).not.toMatch(/"w":"w"/)
    expect(ground.ends.get(ground.context.recordKey('late'))).toBe(start + 50)
  })
})

describe('ending a session of a user', () => {
  it('leaves a tombstone for two minutes', async () => {
    const ground = createGround()
    await ground.store('a', { u: 'alice' })
    expect(await endSession(ground.context, 'a', 'alice', false)).toBe(true)
    expect(ground.ends.get(ground.context.recordKey('a'))).toBe(start + 120_000)
    expect(tombstoneEnd(ground.context)).toBe(start + 120_000)
    expect(await endSession(ground.context, 'a', 'alice', false)).toBe(false)
  })

  it('touches nothing that is not there, not theirs, or over already', async () => {
    const ground = createGround()
    await ground.store('other', { u: 'bob' })
    expect(await endSession(ground.context, 'other', 'alice', false)).toBe(false)
    expect(await endSession(ground.context, 'none', 'alice', false)).toBe(false)
    await ground.context.access.compareAndSet(ground.context.recordKey('over'), undefined, encodeTombstone('w'), 9e15)
    const { length } = ground.writes
    expect(await endSession(ground.context, 'over', 'alice', true)).toBe(false)
    expect(ground.writes).toHaveLength(length)
  })

  it('writes a pending one anew until its own end', async () => {
    const ground = createGround()
    await ground.store('a', {})
    expect(await endSession(ground.context, 'a', 'alice', true)).toBe(false)
    expect(ground.ends.get(ground.context.recordKey('a'))).toBe(start + 3_600_000)
  })
})

describe('an index that something else has written', () => {
  it('is an error that says what to do', async () => {
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

describe('many tasks', () => {
  it('run sixteen at a time, and their results are in order', async () => {
    let running = 0
    let most = 0
    const ids = Array.from({ length: 40 }, (_, index) => String(index))
    const results = await eachOf(ids, async (id) => {
      most = Math.max(most, ++running)
      for (let turn = 0; turn < 3; turn++) await Promise.resolve()
      running--
      return Number(id) * 2
    })
    expect(most).toBe(16)
    expect(results).toEqual(ids.map((id) => Number(id) * 2))
  })
})
