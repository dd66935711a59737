import { describe, expect, it } from 'vitest'
import { createManagerContext, type ManagerContext } from '../../src/context.ts'
import type { NextMetadata } from '../../src/record/metadata-change.ts'
import type { Change } from '../../src/session/commit.ts'
import { ownerOf, type Payload, payloadOf, userOf } from '../../src/session/next-data.ts'
import { createState, type SessionState } from '../../src/session/session-state.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { secret } from '../support/world.ts'

type Named = { user?: string }

const contextOf = (more: object = {}): ManagerContext =>
  createManagerContext({ store: createMemoryStore(), secret, ...more }).context

const plain = contextOf()
const naming = contextOf({ userIdFrom: ({ user }: Named) => user })

function stateOf(context: ManagerContext, baseline: object, stored: string | undefined): SessionState {
  const request = { cookieHeader: '', host: undefined, encrypted: undefined, forwarded: () => false }
  const state = createState(context, [], context.cookie.secureForm, request as never, false, 0)
  return Object.assign(state, { baseline: JSON.stringify(baseline), stored })
}

describe('the payload of a write', () => {
  const text = JSON.stringify
  const put = (
    mine: object | undefined,
    there: string | undefined,
    change: Pick<Change, 'update'> = {},
    context = plain,
    base: object = { a: 1 }
  ): Omit<Payload, 'stored'> | undefined => {
    const state = stateOf(context, base, text(base))
    const payload = payloadOf(context, state, change, mine && text(mine), () => there)
    return payload && { plain: payload.plain, conflicts: payload.conflicts }
  }

  it('is nothing where nothing changed, and nobody asks what is stored', () => {
    const state = stateOf(plain, {}, undefined)
    const payload = payloadOf(plain, state, {}, undefined, () => expect.fail('asked'))
    expect([payload?.plain, payload?.conflicts]).toEqual([undefined, []])
  })

  it('is ours as it is while nobody else has written', () => {
    expect(put({ a: 2 }, text({ a: 1 }))).toEqual({ plain: '{"a":2}', conflicts: [] })
  })

  it('is merged with what others wrote', () => {
    expect(put({ a: 1, mine: 1 }, text({ a: 1, theirs: 1 }))?.plain).toBe('{"a":1,"theirs":1,"mine":1}')
    expect(put({ a: 2 }, text({ a: 3 }))).toEqual({ plain: '{"a":2}', conflicts: ['a'] })
  })

  it('is updated at last, from what is stored or merged', () => {
    const update = (data: Record<string, unknown>): void => {
      data.n = Number(data.n ?? 0) + 1
    }
    expect(put(undefined, text({ n: 4 }), { update })?.plain).toBe('{"n":5}')
    expect(put({ a: 1, b: 1 }, text({ a: 1, n: 7 }), { update })?.plain).toBe('{"a":1,"n":8,"b":1}')
  })

  it('cannot be told where what is stored cannot be read', () => {
    const update = (): void => expect.fail('there is nothing to update')
    for (const there of [undefined, 'junk', '[1]']) {
      expect(put({ a: 2 }, there)).toBe(undefined)
      expect(put(undefined, there, { update })).toBe(undefined)
    }
  })

  it('cannot be told either where nobody has read what is stored', () => {
    const state = stateOf(plain, { a: 1 }, undefined)
    expect(payloadOf(plain, state, {}, '{"a":2}', () => undefined)).toBe(undefined)
  })

  it('takes nothing that others wrote for a user who leaves', () => {
    const alice = { user: 'alice', a: 1 }
    const theirs = text({ ...alice, private: 1 })
    expect(put({ user: 'bob', a: 1 }, theirs, {}, naming, alice)?.plain).toBe('{"user":"bob","a":1}')
    expect(put({ a: 1 }, theirs, {}, naming, alice)?.plain).toBe('{"a":1}')
    expect(put({ ...alice, b: 1 }, theirs, {}, naming, alice)?.plain).toBe('{"user":"alice","a":1,"private":1,"b":1}')
    expect(put({ user: 'bob' }, text({ theirs: 1 }), {}, naming, {})?.plain).toBe('{"theirs":1,"user":"bob"}')
  })
})

describe('the owner of a write', () => {
  const metadata = (more: Partial<NextMetadata> = {}): NextMetadata => ({
    ...{ v: 1, w: 'w', c: 1, s: 1, h: 'h', g: 0, d: 5 },
    ...more
  })
  const own = (
    context: ManagerContext,
    before: Partial<NextMetadata>,
    data: { readonly plain?: string; readonly stored?: string },
    change: Change = {},
    blind = false
  ) => {
    const next = metadata(before)
    const payload = { plain: data.plain, stored: () => data.stored, conflicts: [] }
    return { ...ownerOf(context, next, payload, change, blind), next }
  }
  const login = (keepData: boolean | readonly string[]): Change => ({
    login: { userId: 'alice', keepData, announced: undefined }
  })
  const data = { plain: '{"a":1,"b":2}' }

  it.each<[string, Partial<NextMetadata>, boolean | readonly string[], string, number]>([
    ['an anonymous visitor keeps all', {}, true, '{"a":1,"b":2}', 5],
    ['an anonymous visitor keeps nothing', {}, false, '{}', 6],
    ['an anonymous visitor keeps what is named', {}, ['b', 'c'], '{"b":2}', 6],
    ['the same user keeps all, whatever is said', { u: 'alice' }, false, '{"a":1,"b":2}', 5],
    ['another user’s data is kept by nobody', { u: 'bob' }, true, '{}', 6],
    ['nor what is named of it', { u: 'bob' }, ['a'], '{}', 6]
  ])('after a login: %s', (_, before, keepData, expected, epoch) => {
    const { plain: kept, moved, next } = own(plain, before, data, login(keepData))
    expect([kept, moved, next]).toEqual([expected, false, metadata({ u: 'alice', d: epoch })])
  })

  it('after a login that keeps names: they are taken from what is stored, if nothing else changed', () => {
    expect(own(plain, {}, { stored: '{"a":1,"b":2}' }, login(['a'])).plain).toBe('{"a":1}')
    expect(own(plain, {}, {}, login(['a'])).plain).toBe('{}')
  })

  it('is nobody after an anonymous regenerate, and nothing of it is left', () => {
    const before = { u: 'alice', p: 7, f: 8 } as const
    const { plain: kept, moved, next } = own(plain, before, data, { anonymous: true })
    expect([kept, moved]).toEqual(['{}', false])
    expect(Object.keys(next)).toEqual(Object.keys(metadata()))
    expect(next.d).toBe(6)
  })

  it('stays who the data names where it is not looked at', () => {
    const { plain: kept, moved, next } = own(naming, { u: 'alice' }, { stored: '{"user":"alice"}' })
    expect([kept, moved, next.u]).toEqual([undefined, false, 'alice'])
  })

  it('is who the data names, where the application says how', () => {
    const named = { plain: '{"user":"bob"}', stored: '{}' }
    expect(own(naming, {}, named)).toMatchObject({ ...{ plain: named.plain, moved: true }, next: { u: 'bob' } })
    expect(own(naming, { u: 'alice' }, named)).toMatchObject({ moved: true, next: { u: 'bob' } })
    expect(own(naming, { u: 'bob' }, named)).toMatchObject({ moved: false, next: { u: 'bob' } })
    const gone = own(naming, { u: 'bob' }, { plain: '{}', stored: '{"user":"bob"}' })
    expect([gone.moved, 'u' in gone.next]).toEqual([true, false])
  })

  it('stays where the data says the same, is not looked at, nobody reads it, or the holder is superseded', () => {
    const named = { plain: '{"user":"bob"}', stored: '{}' }
    const still = (result: ReturnType<typeof own>): unknown[] => [result.plain, result.moved, result.next.u]
    expect(still(own(naming, { u: 'alice' }, { ...named, stored: named.plain }))).toEqual([named.plain, false, 'alice'])
    expect(still(own(naming, { u: 'alice' }, { stored: '{}' }))).toEqual([undefined, false, 'alice'])
    expect(still(own(plain, { u: 'alice' }, named))).toEqual([named.plain, false, 'alice'])
    expect(still(own(naming, { u: 'alice' }, named, {}, true))).toEqual([named.plain, false, 'alice'])
  })

  it('is read from data that can be read', () => {
    expect([userOf(naming, '{"user":"bob"}'), userOf(naming, '{}'), userOf(naming, 'junk')]).toEqual([
      'bob',
      undefined,
      undefined
    ])
    expect(userOf(plain, '{"user":"bob"}')).toBe(undefined)
  })
})
