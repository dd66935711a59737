import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../src/events.ts'
import { firstMetadata } from '../../src/record/metadata-change.ts'
import { encodeRecord } from '../../src/record/record.ts'
import {
  becomeEmpty,
  becomeLive,
  becomeNew,
  becomeRevoked,
  becomeStored,
  becomeUnchanged,
  becomeUnwritable,
  createState,
  dataOf,
  detachedOf,
  identityOf,
  needsLoading,
  permanentToStore,
  runExclusive,
  type SessionPhase,
  type SessionState
} from '../../src/session/session-state.ts'
import { createManagerContext } from '../../src/session-manager.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { secret, start } from '../support/fixture.ts'

const record = encodeRecord(firstMetadata('w', 'h', start - 7), '{"a":1}')
const token = {
  id: 'a'.repeat(32),
  secret: new Uint8Array(16),
  created: start - 7,
  retiredKey: false,
  digest: 'd',
  secretHash: undefined
}

const events: SessionEvent[] = []
const { context } = createManagerContext({
  store: createMemoryStore(),
  secret,
  clock: { now: () => start },
  onEvent: (event) => events.push(event)
})
const request = { credentials: '', host: undefined, encrypted: undefined, forwarded: () => false }

/** The state at the start of a request. */
const create = (tokens: readonly (typeof token)[] = []): SessionState =>
  createState(context.emptyPayload, {
    tokens,
    transport: context.cookie.secureTemplate,
    request: request as never,
    hadToken: true,
    passive: false,
    createdAt: start - 1
  })

/** Every field as it is after a request that changes all of them. */
const used = (): SessionState =>
  Object.assign(create(), {
    phase: 'live',
    id: token.id,
    secret: token.secret,
    createdAt: 1,
    alias: true,
    reissue: true,
    record,
    data: { b: 1 },
    stored: '{"b":1}',
    baseline: '{"b":1}',
    permanent: true,
    tokenHeader: 'send'
  })

const noData = { data: undefined, stored: undefined, baseline: '{}' }

describe('the state of a session', () => {
  it('A session is new at first, or unloaded if the request has a genuine token', () => {
    const state = create()
    const { transport, request: of, ...rest } = state
    expect([transport, of]).toEqual([context.cookie.secureTemplate, request])
    expect(rest).toEqual({
      ...noData,
      phase: 'new',
      id: undefined,
      secret: undefined,
      createdAt: start - 1,
      tokens: [],
      alias: false,
      reissue: false,
      record: undefined,
      permanent: undefined,
      tokenHeader: 'none',
      swapped: false,
      accessed: false,
      hadToken: true,
      passive: false,
      headers: undefined,
      watched: false,
      lastOperationFailed: false,
      lastOperation: undefined
    })
    expect(create([token]).phase).toBe('unloaded')
  })

  it('A session that becomes new keeps nothing of its former state', () => {
    const state = used()
    becomeNew(context, state)
    expect(state).toMatchObject({
      ...noData,
      phase: 'new',
      id: undefined,
      secret: undefined,
      createdAt: start,
      alias: false,
      reissue: false,
      record: undefined,
      permanent: undefined,
      tokenHeader: 'none'
    })
  })

  it('A revoked session keeps only its id', () => {
    const state = used()
    becomeRevoked(context, state)
    expect(state).toMatchObject({
      ...noData,
      phase: 'ended',
      id: token.id,
      record: undefined,
      permanent: undefined,
      tokenHeader: 'none',
      reissue: false
    })
  })

  it('A session that is emptied keeps everything but its data', () => {
    const state = used()
    becomeEmpty(context, state)
    expect(state).toMatchObject({ ...noData, phase: 'live', record, permanent: true, tokenHeader: 'send' })
  })

  it.each([
    [false, false, false],
    [true, false, true],
    [true, true, false],
    [false, true, false]
  ])(
    'A session is live by a token (of a retired key: %s, an alias: %s), which is replaced: %s',
    (retiredKey, alias, reissue) => {
      const state = used()
      becomeLive(context, state, { token: { ...token, retiredKey }, record, alias })
      expect(state).toMatchObject({
        ...noData,
        phase: 'live',
        id: token.id,
        createdAt: start - 7,
        alias,
        reissue,
        record
      })
      expect(state.secret).toBe(token.secret)
    }
  )

  it('An id and a secret are drawn when they are first needed', () => {
    const state = create()
    const { id, secret: drawn } = identityOf(context, state)
    expect([id, drawn.length]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), 16])
    const again = identityOf(context, state)
    expect([again.id === id, again.secret === drawn, state.id === id, state.secret === drawn]).toEqual(
      Array(4).fill(true)
    )
  })
})

describe('the phases of a session', () => {
  it.each<[SessionPhase, false | string, boolean]>([
    ['unloaded', false, true],
    ['new', false, false],
    ['live', false, false],
    ['superseded', 'superseded', false],
    ['unavailable', 'unavailable', true],
    ['ended', false, false]
  ])('A session that is %s counts as detached: %s, and must be loaded: %s', (phase, detached, loading) => {
    const state: SessionState = Object.assign(create(), { phase })
    expect([detachedOf(state), needsLoading(state)]).toEqual([detached, loading])
  })
})

describe('the data of a session', () => {
  const live = (payload: string): SessionState =>
    Object.assign(create(), { phase: 'live', id: token.id, record: encodeRecord(record.metadata, payload) })

  it('The data is decoded once, when it is first accessed', () => {
    const state = live('{"a":1}')
    const data = dataOf(context, state)
    expect(state).toMatchObject({ data: { a: 1 }, stored: '{"a":1}', baseline: '{"a":1}' })
    expect(dataOf(context, state)).toBe(data)
  })

  it('The data is an empty object if nothing is stored, whatever record is left', () => {
    const state = create()
    const data = dataOf(context, state)
    expect([data, state.stored, state.phase]).toEqual([{}, undefined, 'new'])
    expect(dataOf(context, state)).toBe(data)
    const ended = Object.assign(live('{"a":1}'), { phase: 'ended' })
    expect([dataOf(context, ended), ended.phase]).toEqual([{}, 'ended'])
  })

  it('Data that cannot be read makes the session a new one, with an event', () => {
    events.length = 0
    const state = live('[')
    expect(dataOf(context, state)).toEqual({})
    expect([state.phase, state.id, state.baseline]).toEqual(['new', undefined, '{}'])
    expect(events).toEqual([{ type: 'rejected', reason: 'corrupt', id: token.id }])
  })
})

describe('the operations on one session', () => {
  it('Operations run one after another, also after one that failed', async () => {
    const state = create()
    const order: string[] = []
    const ends: (() => void)[] = []
    const step = (name: string): Promise<void> => {
      order.push(name)
      return new Promise((resolve, reject) => {
        ends.push(() => (name === 'first' ? reject(new Error(name)) : resolve()))
      })
    }
    const first = runExclusive(context, state, () => step('first'))
    const second = runExclusive(context, state, () => step('second'))
    expect(order).toEqual(['first'])
    ends[0]?.()
    await expect(first).rejects.toThrow('first')
    await new Promise(setImmediate)
    expect(order).toEqual(['first', 'second'])
    ends[1]?.()
    await second
  })

  it('An operation that gives up waiting lets no later one pass the one that it waited for', async () => {
    const state = create()
    let waits = 0
    const waitForEarlier = (earlier: Promise<unknown>): Promise<unknown> =>
      ++waits === 1 ? Promise.reject(new Error('gave up')) : earlier
    const impatient = { access: { ...context.access, waitForEarlier } }
    const order: string[] = []
    let end = (): void => {}
    const first = runExclusive(impatient, state, () => new Promise<void>((resolve) => (end = resolve)))
    await expect(runExclusive(impatient, state, async () => order.push('second'))).rejects.toThrow('gave up')
    const third = runExclusive(impatient, state, async () => order.push('third'))
    await new Promise(setImmediate)
    expect(order).toEqual([])
    end()
    await Promise.all([first, third])
    expect(order).toEqual(['third'])
  })

  it('An operation that has nothing to wait for returns at once, and delays nothing', async () => {
    const state = create()
    expect(runExclusive(context, state, () => undefined)).toBe(undefined)
    expect(state.lastOperation).toBe(undefined)
    const first = runExclusive(context, state, () => Promise.resolve(1))
    const second = runExclusive(context, state, () => undefined)
    expect([await first, await second]).toEqual([1, undefined])
  })
})

describe('the effect of a write', () => {
  it('A session whose end was requested before its first record was stored still ends at the commit', () => {
    for (const [wanted, left] of [
      [0, 0],
      [7, undefined],
      [true, undefined]
    ] as const) {
      const state = Object.assign(create(), { permanent: wanted })
      becomeStored(state, record, { a: 1 }, '{"a":1}')
      expect(state).toMatchObject({ phase: 'live', permanent: left, tokenHeader: 'send', swapped: true })
    }
  })

  it('A session that cannot be written sends no cookie, and has no lifetime to store', () => {
    for (const phase of ['ended', 'superseded'] as const) {
      const state = used()
      becomeUnwritable(state, phase)
      expect([state.phase, state.tokenHeader, state.permanent]).toEqual([phase, 'none', undefined])
    }
  })

  it('Changes that are given up are not reported again', () => {
    const state = used()
    becomeUnchanged(state, '{"late":1}')
    expect([state.baseline, state.stored]).toEqual(['{"late":1}', '{"b":1}'])
  })

  it('The default lifetime is that of the policy for a new session, and none for another one', () => {
    const permanent = { policy: { ...context.policy, permanent: true } }
    expect(permanentToStore(permanent, { permanent: undefined, record: undefined })).toBe(true)
    expect(permanentToStore(permanent, { permanent: 0, record: undefined })).toBe(true)
    expect(permanentToStore(permanent, { permanent: undefined, record })).toBe(undefined)
    expect(permanentToStore(permanent, { permanent: undefined, record }, true)).toBe(true)
    expect(permanentToStore(permanent, { permanent: false, record })).toBe(false)
    expect(permanentToStore(context, { permanent: undefined, record: undefined })).toBe(undefined)
  })
})
