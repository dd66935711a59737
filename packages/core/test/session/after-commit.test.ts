import { describe, expect, it } from 'vitest'
import { createManagerContext } from '../../src/context.ts'
import { SessionError } from '../../src/errors.ts'
import type { SessionEvent } from '../../src/events.ts'
import { encodeRecord, type RecordMetadata } from '../../src/record/record.ts'
import { adopt, settleLogin, type Write } from '../../src/session/after-commit.ts'
import { createState, type SessionState } from '../../src/session/session-state.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { secret } from '../support/world.ts'

const metadata: RecordMetadata = { v: 1, w: 'w', c: 1_000, s: 1, h: 'h', g: 0, d: 0 }

/** A live session whose data is as stored. */
function createGround(listening = true) {
  const events: SessionEvent[] = []
  const options = { store: createMemoryStore(), secret }
  const { context } = createManagerContext(
    listening ? { ...options, onEvent: (event: SessionEvent) => events.push(event) } : options
  )
  const request = { cookieHeader: '', host: undefined, encrypted: undefined, forwarded: () => false }
  const state: SessionState = Object.assign(
    createState(context, [], context.cookie.secureForm, request as never, true, 1),
    {
      phase: 'live',
      record: encodeRecord(metadata, '{"a":1}'),
      data: { a: 1 },
      baseline: '{"a":1}',
      stored: '{"a":1}',
      reissue: true
    }
  )
  const write = (more: Partial<Write> & { readonly user?: string } = {}): Write => {
    const { user, ...rest } = more
    const record = encodeRecord({ ...metadata, c: 2_000, ...(user === undefined ? {} : { u: user }) }, 'stored')
    const none = { plain: undefined, swap: undefined, secret: undefined, conflicts: [], blind: false, moved: false }
    return { ...none, record, ...rest }
  }
  return { context, state, events, write }
}

const newSecret = new Uint8Array(16)

describe('what a request makes of its write', () => {
  it('is a touch where neither data nor secret changed', () => {
    const { context, state, events, write } = createGround()
    const touch = write()
    adopt(context, state, 'id', touch, undefined, undefined)
    expect(events).toEqual([{ type: 'touched', id: 'id' }])
    expect([state.record, state.cookie, state.baseline, state.swapped]).toEqual([
      touch.record,
      'none',
      '{"a":1}',
      false
    ])
  })

  it('is saved data, with its bytes and its conflicts', () => {
    const { context, state, events, write } = createGround()
    const saved = write({ plain: '{"a":2}', conflicts: ['a'] })
    adopt(context, state, 'id', saved, '{"a":2}', undefined)
    expect(events).toEqual([
      { type: 'conflict', id: 'id', keys: ['a'] },
      { type: 'saved', id: 'id', bytes: Buffer.byteLength(saved.record.text) }
    ])
    expect([state.baseline, state.stored]).toEqual(['{"a":2}', '{"a":2}'])
  })

  it('brings the handler’s data up to what was merged, and leaves its objects where they are the same', () => {
    const { context, state, write } = createGround()
    const list = [1]
    const data = { a: 1, list, late: 1 }
    state.data = data
    const plain = '{"a":3,"list":[1],"theirs":1}'
    adopt(context, state, 'id', write({ plain }), '{"a":1,"list":[1]}', undefined)
    expect(state.data).toBe(data)
    expect(data).toEqual({ a: 3, list: [1], theirs: 1, late: 1 })
    expect(data.list).toBe(list)
  })

  it('compares nothing where what was stored is what the handler has', () => {
    const { context, state, write } = createGround()
    const never = { ...context, serializer: { serialize: () => expect.fail('compared'), deserialize: JSON.parse } }
    adopt(never, state, 'id', write({ plain: '{"a":2}' }), '{"a":2}', undefined)
    expect(state.stored).toBe('{"a":2}')
  })

  it('leaves data alone that nobody has looked at', () => {
    const { context, state, write } = createGround()
    state.data = undefined
    adopt(context, state, 'id', write({ plain: '{"a":2}' }), undefined, undefined)
    expect([state.data, state.baseline, state.stored]).toEqual([undefined, '{"a":1}', '{"a":1}'])
  })

  it.each([
    ['rotate', 'rotated'],
    ['regenerate', 'regenerated']
  ] as const)('after %s is a new secret, sent at once', (swap, type) => {
    const { context, state, events, write } = createGround()
    state.alias = true
    adopt(context, state, 'id', write({ swap, secret: newSecret, user: 'alice' }), undefined, undefined)
    expect(events).toEqual([{ type, id: 'id' }])
    expect(state).toMatchObject({ created: 2_000, alias: false, swapped: true, cookie: 'send' })
    expect(state.secret).toBe(newSecret)
  })

  it('after a login, or data that names another user, is that user’s', () => {
    for (const more of [
      { swap: 'login', secret: newSecret, user: 'alice' },
      { moved: true, user: 'alice' }
    ] as const) {
      const { context, state, events, write } = createGround()
      adopt(context, state, 'id', write(more), undefined, undefined)
      expect(events.filter(({ type }) => type !== 'touched')).toEqual([{ type: 'loggedIn', id: 'id', userId: 'alice' }])
    }
    const { context, state, events, write } = createGround()
    adopt(context, state, 'id', write({ moved: true }), undefined, undefined)
    expect(events).toEqual([{ type: 'touched', id: 'id' }])
  })

  it('stores a permanence once, and sends it to whoever holds the current secret', () => {
    for (const [wanted, written, left, alias, cookie] of [
      [true, true, undefined, false, 'send'],
      [false, true, false, false, 'send'],
      [true, true, undefined, true, 'none'],
      [true, undefined, true, false, 'none'],
      [undefined, undefined, undefined, false, 'none']
    ] as const) {
      const { context, state, write } = createGround()
      Object.assign(state, { permanent: wanted, alias })
      adopt(context, state, 'id', write(), undefined, written)
      expect([state.permanent, state.cookie]).toEqual([left, cookie])
    }
  })
})

describe('a login whose record is stored', () => {
  const login = { userId: 'alice', id: 'id', epoch: 0, horizon: 9e12 }

  it('is over when all sessions of the user were revoked meanwhile', async () => {
    const { context, state } = createGround()
    await expect(settleLogin(context, state, { ...login, epoch: 7 })).rejects.toMatchObject({ code: 'LOGIN_REVOKED' })
    expect([state.phase, state.record]).toEqual(['over', undefined])
  })

  it('stays when its index cannot be reached, and the caller is told', async () => {
    for (const error of [new Error('down'), new SessionError('STORE_UNAVAILABLE', 'down')]) {
      const { context, state } = createGround()
      const { record } = state
      const failing = { ...context, loop: { ...context.loop, run: () => Promise.reject(error) } }
      await expect(settleLogin(failing, state, login)).rejects.toBe(error)
      expect([state.phase, state.record]).toEqual(['live', record])
    }
  })
})

describe('a write of a superseded holder', () => {
  it('shows it nothing, sends nothing, and is not stored twice', () => {
    for (const [mine, baseline] of [
      ['{"a":9}', '{"a":9}'],
      [undefined, '{"a":1}']
    ] as const) {
      const { context, state, events, write } = createGround()
      const { record } = state
      state.cookie = 'send'
      adopt(context, state, 'id', write({ plain: '{"a":9,"b":1}', blind: true, user: 'alice' }), mine, true)
      expect(events.map(({ type }) => type)).toEqual(['saved', 'superseded'])
      expect(events[1]).toEqual({ type: 'superseded', id: 'id', withinGrace: true })
      expect(state).toMatchObject({ cookie: 'none', reissue: false, baseline, stored: '{"a":1}', data: { a: 1 } })
      expect(state.record).toBe(record)
    }
  })

  it('needs nobody who listens', () => {
    const { context, state, write } = createGround(false)
    const all = write({ plain: '{}', conflicts: ['a'], user: 'alice' })
    adopt(context, state, 'id', { ...all, blind: true }, undefined, undefined)
    adopt(context, state, 'id', { ...all, swap: 'login', secret: newSecret }, undefined, undefined)
    adopt(context, state, 'id', write({ swap: 'rotate', secret: newSecret }), undefined, undefined)
    adopt(context, state, 'id', write(), undefined, undefined)
    expect(state.swapped).toBe(true)
  })
})
