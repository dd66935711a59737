import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/errors.ts'
import type { SessionEvent } from '../../src/events.ts'
import { firstMetadata } from '../../src/record/metadata-change.ts'
import { encodeRecord } from '../../src/record/record.ts'
import { adoptWrite, finishLogin, type Write } from '../../src/session/after-commit.ts'
import { createState, type SessionState } from '../../src/session/session-state.ts'
import { createManagerContext } from '../../src/session-manager.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { secret } from '../support/fixture.ts'

const metadata = firstMetadata('w', 'h', 1_000)

type Mutable = { -readonly [Name in keyof SessionState]: SessionState[Name] }

/** A live session with unchanged data. */
function setUp(listening = true) {
  const events: SessionEvent[] = []
  const options = { store: createMemoryStore(), secret }
  const { context } = createManagerContext(
    listening ? { ...options, onEvent: (event: SessionEvent) => events.push(event) } : options
  )
  const request = { credentials: '', host: undefined, encrypted: undefined, forwarded: () => false }
  const state: Mutable = Object.assign(
    createState(context.emptyPayload, {
      tokens: [],
      transport: context.cookie.secureTemplate,
      request: request as never,
      hadToken: true,
      passive: false,
      createdAt: 1
    }),
    {
      phase: 'live' as const,
      id: 'id',
      record: encodeRecord(metadata, '{"a":1}'),
      data: { a: 1 },
      baseline: '{"a":1}',
      stored: '{"a":1}',
      reissue: true
    }
  )
  const write = (more: Partial<Write> & { readonly user?: string } = {}): Write => {
    const { user, ...rest } = more
    const record = encodeRecord(
      { ...metadata, createdAt: 2_000, ...(user === undefined ? {} : { userId: user }) },
      'stored'
    )
    const none = {
      ...{ plaintext: undefined, serialized: undefined, swap: undefined, secret: undefined, permanent: undefined },
      ...{ conflicts: [], superseded: false, userChanged: false, extended: false }
    }
    return { ...none, record, ...rest }
  }
  return { context, state, events, write }
}

const newSecret = new Uint8Array(16)

describe('the state and the events after a write', () => {
  it('A write is a touch if neither data nor secret has changed', () => {
    const { context, state, events, write } = setUp()
    const touch = write()
    adoptWrite(context, state, touch)
    expect(events).toEqual([{ type: 'touched', id: 'id' }])
    expect([state.record, state.tokenHeader, state.baseline, state.swapped]).toEqual([
      touch.record,
      'none',
      '{"a":1}',
      false
    ])
  })

  it('A write of data raises saved with its size, and conflict with its keys', () => {
    const { context, state, events, write } = setUp()
    const saved = write({ plaintext: '{"a":2}', serialized: '{"a":2}', conflicts: ['a'] })
    adoptWrite(context, state, saved)
    expect(events).toEqual([
      { type: 'conflict', id: 'id', keys: ['a'] },
      { type: 'saved', id: 'id', bytes: Buffer.byteLength(saved.record.value) }
    ])
    expect([state.baseline, state.stored]).toEqual(['{"a":2}', '{"a":2}'])
  })

  it("The handler's data becomes the merged data, and equal objects in it keep their identity", () => {
    const { context, state, write } = setUp()
    const list = [1]
    const data = { a: 1, list, late: 1 }
    state.data = data
    const plaintext = '{"a":3,"list":[1],"theirs":1}'
    adoptWrite(context, state, write({ plaintext, serialized: '{"a":1,"list":[1]}' }))
    expect(state.data).toBe(data)
    expect(data).toEqual({ a: 3, list: [1], theirs: 1, late: 1 })
    expect(data.list).toBe(list)
  })

  it('Later changes are compared with the merged data as the schema returns it', () => {
    const { context, state, write } = setUp()
    const accepted = { a: 2, b: 0 }
    adoptWrite(context, state, write({ plaintext: '{"a":2}', serialized: '{"a":1}', accepted }))
    expect([state.data, state.stored, state.baseline]).toEqual([accepted, '{"a":2}', '{"a":2,"b":0}'])
  })

  it('Nothing is compared if the stored data equals the data of the handler', () => {
    const { context, state, write } = setUp()
    const never = { ...context, serializer: { serialize: () => expect.fail('compared'), deserialize: JSON.parse } }
    adoptWrite(never, state, write({ plaintext: '{"a":2}', serialized: '{"a":2}' }))
    expect(state.stored).toBe('{"a":2}')
  })

  it('Data that was never accessed stays unset', () => {
    const { context, state, write } = setUp()
    state.data = undefined
    adoptWrite(context, state, write({ plaintext: '{"a":2}' }))
    expect([state.data, state.baseline, state.stored]).toEqual([undefined, '{"a":1}', '{"a":1}'])
  })

  it.each([
    ['rotate', 'rotated'],
    ['regenerate', 'regenerated']
  ] as const)('The cookie with the new secret is sent after %s, with the event %s', (swap, type) => {
    const { context, state, events, write } = setUp()
    state.alias = true
    adoptWrite(context, state, write({ swap, secret: newSecret, user: 'alice' }))
    expect(events).toMatchObject([{ type, id: 'id' }])
    expect(state).toMatchObject({ createdAt: 2_000, alias: false, swapped: true, tokenHeader: 'send' })
    expect(state.secret).toBe(newSecret)
  })

  it('After a login, or a write of data that names another user, an event names the user', () => {
    for (const more of [
      { swap: 'login', secret: newSecret, user: 'alice' },
      { userChanged: true, user: 'alice' }
    ] as const) {
      const { context, state, events, write } = setUp()
      adoptWrite(context, state, write(more))
      expect(events.filter(({ type }) => type !== 'touched')).toMatchObject([
        { type: 'loggedIn', id: 'id', userId: 'alice' }
      ])
    }
    const { context, state, events, write } = setUp()
    adoptWrite(context, state, write({ userChanged: true }))
    expect(events).toEqual([{ type: 'touched', id: 'id' }])
  })

  it('A change of permanent is stored once, and the cookie is sent only if the request has the current secret', () => {
    for (const [wanted, written, left, alias, cookie] of [
      [true, true, undefined, false, 'send'],
      [false, true, false, false, 'send'],
      [true, true, undefined, true, 'none'],
      [true, undefined, true, false, 'none'],
      [undefined, undefined, undefined, false, 'none']
    ] as const) {
      const { context, state, write } = setUp()
      Object.assign(state, { permanent: wanted, alias })
      adoptWrite(context, state, write({ permanent: written }))
      expect([state.permanent, state.tokenHeader]).toEqual([left, cookie])
    }
  })
})

describe('a login whose record is stored', () => {
  const reservation = { userId: 'alice', id: 'id', epoch: 0, keepUntil: 9e12 }

  it('A login is refused and its session ended if revokeAll ran meanwhile', async () => {
    const { context, state } = setUp()
    await expect(finishLogin(context, state, { ...reservation, epoch: 7 })).rejects.toMatchObject({
      code: 'LOGIN_REVOKED'
    })
    expect([state.phase, state.record]).toEqual(['ended', undefined])
  })

  it('The session stays live if its index cannot be written, and the caller gets the error', async () => {
    for (const error of [new Error('down'), new SessionError('STORE_UNAVAILABLE', 'down')]) {
      const { context, state } = setUp()
      const { record } = state
      const failing = { ...context, loop: { ...context.loop, run: () => Promise.reject(error) } }
      await expect(finishLogin(failing, state, reservation)).rejects.toBe(error)
      expect([state.phase, state.record]).toEqual(['live', record])
    }
  })
})

describe('a write of a superseded request', () => {
  it('A superseded request does not see the new record, gets no cookie, and is not stored twice', () => {
    for (const [serialized, baseline] of [
      ['{"a":9}', '{"a":9}'],
      [undefined, '{"a":1}']
    ] as const) {
      const { context, state, events, write } = setUp()
      const { record } = state
      state.tokenHeader = 'send'
      const rest = { superseded: true, permanent: true, user: 'alice' }
      adoptWrite(context, state, write({ plaintext: '{"a":9,"b":1}', serialized, ...rest }))
      expect(events.map(({ type }) => type)).toEqual(['saved', 'superseded'])
      expect(events[1]).toMatchObject({ type: 'superseded', id: 'id', withinGrace: true })
      expect(state).toMatchObject({ tokenHeader: 'none', reissue: false, baseline, stored: '{"a":1}', data: { a: 1 } })
      expect(state.record).toBe(record)
    }
  })

  it('Writes succeed without an event handler', () => {
    const { context, state, write } = setUp(false)
    const all = write({ plaintext: '{}', conflicts: ['a'], user: 'alice' })
    adoptWrite(context, state, { ...all, superseded: true })
    adoptWrite(context, state, { ...all, swap: 'login', secret: newSecret })
    adoptWrite(context, state, write({ swap: 'rotate', secret: newSecret }))
    adoptWrite(context, state, write())
    expect(state.swapped).toBe(true)
  })
})
