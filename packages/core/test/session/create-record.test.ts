import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../src/events.ts'
import { decodeRecord, type RecordMetadata } from '../../src/record/record.ts'
import { createRecord } from '../../src/session/create-record.ts'
import { createState, type SessionState } from '../../src/session/session-state.ts'
import { createManagerContext } from '../../src/session-manager.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { readIndex } from '../../src/users/user-index.ts'
import { createFaultyStore, type Fault } from '../support/faulty-store.ts'
import { createFixture, secret, start } from '../support/fixture.ts'

const day = 86_400_000

type Mutable = { -readonly [Name in keyof SessionState]: SessionState[Name] }

/** A new session, with ids that are all `01`, all `02` and so on. */
function setUp(more: object = {}, listening = true) {
  const clock = { now: () => start, sleep: () => Promise.resolve() }
  const events: SessionEvent[] = []
  const store = createFaultyStore(createMemoryStore({ clock }))
  let drawn = 0
  const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(++drawn)
  const listener = listening ? { onEvent: (event: SessionEvent) => events.push(event) } : {}
  const { context } = createManagerContext({ store, secret, clock, randomBytes, ...listener, ...more })
  const request = { credentials: '', host: undefined, encrypted: undefined, forwarded: () => false }
  const state: Mutable = createState(context.emptyPayload, {
    tokens: [],
    transport: context.cookie.secureTemplate,
    request: request as never,
    hadToken: false,
    passive: false,
    createdAt: start - 1
  })
  const metadata = async (): Promise<RecordMetadata> => {
    const record = decodeRecord((await store.get(context.recordKey(state.id ?? ''))) ?? '')
    if (typeof record === 'string') throw new TypeError(record)
    return record.metadata
  }
  /** The faults of the first writes, in order; `undefined` lets a write succeed. */
  const fail = (...faults: readonly (Fault | undefined)[]): void => {
    const left = [...faults]
    store.break(({ operation }) => (operation === 'compareAndSet' ? left.shift() : undefined))
  }
  const writes = (): string[] =>
    store.calls.filter(({ operation }) => operation === 'compareAndSet').map(({ key }) => key)
  return { context, state, store, events, metadata, fail, writes }
}

describe('the first write of a session', () => {
  it('The first write makes a session live, and later changes are compared with what was stored', async () => {
    const { context, state, events, metadata } = setUp()
    state.data = { a: 1 }
    state.permanent = true
    const { data } = state
    await createRecord(context, state)
    expect(state).toMatchObject({
      phase: 'live',
      createdAt: start,
      baseline: '{"a":1}',
      stored: '{"a":1}',
      tokenHeader: 'send',
      swapped: true,
      permanent: undefined,
      record: { payload: '{"a":1}' }
    })
    expect(state.data).toBe(data)
    expect(await metadata()).toMatchObject({ createdAt: start, lastSeenAt: start, permanent: true })
    expect(events).toMatchObject([{ type: 'created', id: state.id }])
  })

  it('An empty object is stored if the data was never accessed', async () => {
    const { context, state } = setUp()
    await createRecord(context, state)
    expect([state.data, state.record?.payload]).toEqual([{}, '{}'])
  })

  it('Data that the caller has serialized already is stored unchanged', async () => {
    const { context, state } = setUp()
    state.data = { a: 1 }
    await createRecord(context, state, { serialized: '{"a":1,"made":"before"}' })
    expect([state.record?.payload, state.baseline]).toEqual(['{"a":1,"made":"before"}', '{"a":1,"made":"before"}'])
  })

  it('A session that moved here from another id keeps its start', async () => {
    const { context, state, metadata } = setUp()
    await createRecord(context, state, { createdAt: start - day / 2 })
    expect(await metadata()).toMatchObject({ createdAt: start - day / 2, lastSeenAt: start })
    expect(state.createdAt).toBe(start - day / 2)
  })

  it('A first write after the headers were sent is refused', async () => {
    const { context, state, writes } = setUp()
    state.headers = []
    await expect(createRecord(context, state)).rejects.toThrow(
      'The response has started, so no cookie can be set: log in, regenerate or store first, then write [HEADERS_SENT]'
    )
    expect([writes(), state.phase]).toEqual([[], 'new'])
  })
})

describe('the first write of a user’s session', () => {
  it('The index entry of a login is reserved before the first write, and activated after it', async () => {
    const { context, state, events, metadata, writes } = setUp()
    const login = { userId: 'alice', reservation: undefined }
    await createRecord(context, state, { login })
    expect(await metadata()).toMatchObject({
      createdAt: start,
      lastSeenAt: start,
      authenticatedAt: start,
      indexedUntil: start + day,
      userId: 'alice'
    })
    expect(login.reservation).toMatchObject({ userId: 'alice', id: state.id, epoch: 0, keepUntil: start + day })
    const key = context.recordKey(state.id ?? '')
    expect(writes().map((one) => (one === key ? 'record' : 'index'))).toEqual(['index', 'record', 'index'])
    const { index } = await readIndex(context, 'alice')
    expect(index.entries.get(state.id ?? '')).toMatchObject({ keepUntil: start + day })
    expect(index.entries.get(state.id ?? '')?.reserved).toBeUndefined()
    expect(events).toMatchObject([
      { type: 'created', id: state.id },
      { type: 'loggedIn', id: state.id, userId: 'alice' }
    ])
  })

  it('A user that the data names is indexed in the same way', async () => {
    const { context, state, events, metadata } = setUp({ userIdFrom: ({ user }: { user?: string }) => user })
    state.data = { user: 'alice' }
    await createRecord(context, state)
    expect(await metadata()).toMatchObject({ userId: 'alice', authenticatedAt: start, indexedUntil: start + day })
    expect((await readIndex(context, 'alice')).index.entries.has(state.id ?? '')).toBe(true)
    expect(events.at(-1)).toMatchObject({ type: 'loggedIn', id: state.id, userId: 'alice' })
  })

  it('A session without a user is in no index', async () => {
    const { context, state, metadata, writes } = setUp()
    await createRecord(context, state)
    const { authenticatedAt, indexedUntil, userId } = await metadata()
    expect([authenticatedAt, indexedUntil, userId]).toEqual([undefined, undefined, undefined])
    expect(writes()).toEqual([context.recordKey(state.id ?? '')])
  })

  it('A first write succeeds without an event handler', async () => {
    const { context, state, metadata } = setUp({}, false)
    await createRecord(context, state, { login: { userId: 'alice', reservation: undefined } })
    expect(await metadata()).toMatchObject({ userId: 'alice' })
  })
})

describe('a first write that fails', () => {
  it('A first write that fails is retried under at most two other ids', async () => {
    for (const [faults, tries] of [
      [['error-before'], 2],
      [['error-after'], 1],
      [['error-before', 'error-before'], 3]
    ] as const) {
      const { context, state, fail, writes, metadata } = setUp()
      fail(...faults)
      await createRecord(context, state)
      expect(new Set(writes()).size).toBe(tries)
      expect(writes().at(-1)).toBe(context.recordKey(state.id ?? ''))
      expect(await metadata()).toMatchObject({ createdAt: start })
    }
  })

  it('A first write that is retried under another id uses another secret', async () => {
    const { context, state, fail } = setUp()
    state.id = 'a'.repeat(32)
    state.secret = new Uint8Array(16)
    const first = state.secret
    fail('error-before')
    await createRecord(context, state)
    expect([state.id === 'a'.repeat(32), state.secret === first]).toEqual([false, false])
  })

  it('After three failed first writes the error of the store is thrown', async () => {
    const { context, state, fail, writes } = setUp()
    fail('error-before', 'error-before', 'error-before')
    await expect(createRecord(context, state)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect([writes().length, state.phase]).toEqual([3, 'new'])
  })

  it('A first write throws CONFLICT if three ids in a row are taken', async () => {
    const taken = setUp({ randomBytes: (length: number) => new Uint8Array(length) })
    await createRecord(taken.context, taken.state)
    const [key] = taken.writes()
    const stored = await taken.store.get(key ?? '')
    const state = { ...taken.state, phase: 'new' as const, id: undefined, secret: undefined }
    await expect(createRecord(taken.context, state)).rejects.toThrow(
      'No free session id in 3 tries: check randomBytes, or the store [CONFLICT]'
    )
    expect(await taken.store.get(key ?? '')).toBe(stored)
  })
})

it('A new session is not stored if the schema refuses its data', async () => {
  const validate = (
    value: unknown
  ): { value: Record<string, unknown> } | { issues: { message: string; path: string[] }[] } =>
    'bad' in Object(value) ? { issues: [{ message: 'no', path: ['bad'] }] } : { value: Object(value) }
  const fixture = createFixture({ schema: { '~standard': { version: 1, vendor: 'test', validate } } })
  const session = await fixture.manager.open('')
  session.data.bad = 1
  const { calls } = await fixture.store.during(() =>
    expect(session.save()).rejects.toThrow('The schema refuses data.bad: nothing was stored [DATA_INVALID]')
  )
  expect([calls, session.isNew]).toEqual([[], true])
})
