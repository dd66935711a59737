import { describe, expect, it } from 'vitest'
import type { ManagerContext } from '../../src/context.ts'
import { firstMetadata, type NextMetadata } from '../../src/record/metadata-change.ts'
import type { Change } from '../../src/session/change.ts'
import { type NextData, type NextOwner, nextData, nextOwner, userIdOf } from '../../src/session/next-data.ts'
import { createManagerContext } from '../../src/session-manager.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { secret } from '../support/fixture.ts'

type Named = { user?: string }

const contextOf = (more: object = {}): ManagerContext =>
  createManagerContext({ store: createMemoryStore(), secret, ...more }).context

const plain = contextOf()
const naming = contextOf({ userIdFrom: ({ user }: Named) => user })

describe('the data of a write', () => {
  const json = JSON.stringify

  interface Given {
    readonly base?: object
    readonly update?: Change['update']
    readonly context?: ManagerContext
  }

  const put = (ours: object | undefined, theirs: string | undefined, given: Given = {}): NextData | undefined => {
    const { base = { a: 1 }, update, context = plain } = given
    const loaded = json(base)
    const change = update ? { update } : {}
    const serialized = ours && json(ours)
    const state = { baseline: loaded, stored: loaded }
    const next = nextData(context, { state, change, serialized }, { stored: () => theirs })
    return next instanceof Promise ? expect.fail('without a schema there is nothing to wait for') : next
  }

  it('Unchanged data is not written, and the stored payload is not decoded', () => {
    const stored = (): string => expect.fail('decoded')
    const change = { state: { baseline: '{}', stored: undefined }, change: {}, serialized: undefined }
    expect(nextData(plain, { ...change, serialized: '{}' }, { stored })).toEqual({
      plaintext: undefined,
      conflicts: []
    })
    expect(nextData(plain, change, { stored })).toEqual({ plaintext: undefined, conflicts: [] })
  })

  it('Our data is written as it is if there was no other write', () => {
    expect(put({ a: 2 }, json({ a: 1 }))).toEqual({ plaintext: '{"a":2}', conflicts: [] })
  })

  it('Our data is merged with other writes', () => {
    expect(put({ a: 1, ours: 1 }, json({ a: 1, theirs: 1 }))?.plaintext).toBe('{"a":1,"theirs":1,"ours":1}')
    expect(put({ a: 2 }, json({ a: 3 }))).toEqual({ plaintext: '{"a":2}', conflicts: ['a'] })
  })

  it('An update runs last, on the stored or merged data', () => {
    const update = (data: Record<string, unknown>): void => {
      data.n = Number(data.n ?? 0) + 1
    }
    expect(put(undefined, json({ n: 4 }), { update })?.plaintext).toBe('{"n":5}')
    expect(put({ a: 1, b: 1 }, json({ a: 1, n: 7 }), { update })?.plaintext).toBe('{"a":1,"n":8,"b":1}')
  })

  it('A stored payload that cannot be read stops the write', () => {
    const update = (): void => expect.fail('there is nothing to update')
    for (const theirs of [undefined, 'junk', '[1]']) {
      expect(put({ a: 2 }, theirs)).toBe(undefined)
      expect(put(undefined, theirs, { update })).toBe(undefined)
    }
  })

  it('A stored payload that cannot be read stops the write even if it was never read before', () => {
    const change = { state: { baseline: '{"a":1}', stored: undefined }, change: {}, serialized: '{"a":2}' }
    expect(nextData(plain, change, { stored: () => undefined })).toBe(undefined)
  })

  it('Other writes are not merged when our change removes the user', () => {
    const alice = { user: 'alice', a: 1 }
    const theirs = json({ ...alice, private: 1 })
    const given = { context: naming, base: alice }
    expect(put({ user: 'bob', a: 1 }, theirs, given)?.plaintext).toBe('{"user":"bob","a":1}')
    expect(put({ a: 1 }, theirs, given)?.plaintext).toBe('{"a":1}')
    expect(put({ ...alice, b: 1 }, theirs, given)?.plaintext).toBe('{"user":"alice","a":1,"private":1,"b":1}')
    const anonymous = { context: naming, base: {} }
    expect(put({ user: 'bob' }, json({ theirs: 1 }), anonymous)?.plaintext).toBe('{"theirs":1,"user":"bob"}')
  })
})

describe('the owner of a write', () => {
  const metadata: NextMetadata = firstMetadata('w', 'h', 1)

  interface Given {
    readonly context?: ManagerContext
    readonly userId?: string
    readonly plaintext?: string
    readonly stored?: string
    readonly change?: Pick<Change, 'login' | 'anonymous'>
    readonly superseded?: boolean
  }

  const ownerOf = (given: Given): NextOwner => {
    const { context = plain, userId, plaintext, stored, change = {}, superseded = false } = given
    const record = { metadata: userId === undefined ? metadata : { ...metadata, userId } }
    const standing = superseded ? 'stale' : 'current'
    return nextOwner(context, { record, standing, stored: () => stored }, change, plaintext)
  }
  const login = (keepData: boolean | readonly string[]): Change => ({
    login: { userId: 'alice', keepData, reservation: undefined }
  })
  const plaintext = '{"a":1,"b":2}'

  it.each<[string, string | undefined, boolean | readonly string[], string, boolean]>([
    ['an anonymous visitor keeps all', undefined, true, plaintext, false],
    ['an anonymous visitor keeps nothing', undefined, false, '{}', true],
    ['an anonymous visitor keeps the named keys', undefined, ['b', 'c'], '{"b":2}', true],
    ['the same user keeps all, whatever keepData is', 'alice', false, plaintext, false],
    ['no data of another user is kept', 'bob', true, '{}', true],
    ['no named key of another user is kept', 'bob', ['a'], '{}', true]
  ])('The owner after a login: %s', (_, userId, keepData, kept, emptied) => {
    const owner = ownerOf({ ...(userId === undefined ? {} : { userId }), plaintext, change: login(keepData) })
    expect(owner).toEqual({ userId: 'alice', plaintext: kept, emptied, userChanged: false })
  })

  it('A login that keeps named keys takes them from the stored data if nothing else has changed', () => {
    expect(ownerOf({ stored: plaintext, change: login(['a']) }).plaintext).toBe('{"a":1}')
    expect(ownerOf({ change: login(['a']) }).plaintext).toBe('{}')
  })

  it('An anonymous regenerate removes the user and the data', () => {
    const owner = ownerOf({ userId: 'alice', plaintext, change: { anonymous: true } })
    expect(owner).toEqual({ userId: undefined, plaintext: '{}', emptied: true, userChanged: false })
  })

  const bob = '{"user":"bob"}'

  it('Data that was not accessed leaves the user as before', () => {
    const owner = ownerOf({ context: naming, userId: 'alice', stored: '{"user":"alice"}' })
    expect(owner).toMatchObject({ userId: 'alice', plaintext: undefined, userChanged: false })
  })

  it('userIdFrom takes the user from the data', () => {
    const named = { context: naming, plaintext: bob, stored: '{}' }
    expect(ownerOf(named)).toMatchObject({ userId: 'bob', plaintext: bob, userChanged: true, emptied: false })
    expect(ownerOf({ ...named, userId: 'alice' })).toMatchObject({ userId: 'bob', userChanged: true })
    expect(ownerOf({ ...named, userId: 'bob' })).toMatchObject({ userId: 'bob', userChanged: false })
    const left = ownerOf({ context: naming, userId: 'bob', plaintext: '{}', stored: bob })
    expect(left).toMatchObject({ userId: undefined, userChanged: true })
  })

  it('The user stays if the data names the same one, there is no userIdFrom, or the request is superseded', () => {
    const alice = { userId: 'alice', plaintext: bob, stored: '{}' }
    const same = { userId: 'alice', plaintext: bob, userChanged: false }
    expect(ownerOf({ ...alice, context: naming, stored: bob })).toMatchObject(same)
    expect(ownerOf(alice)).toMatchObject(same)
    expect(ownerOf({ ...alice, context: naming, superseded: true })).toMatchObject(same)
  })

  it('The user is read only from data that can be decoded', () => {
    expect([userIdOf(naming, bob), userIdOf(naming, '{}'), userIdOf(naming, 'junk')]).toEqual([
      'bob',
      undefined,
      undefined
    ])
    expect(userIdOf(plain, bob)).toBe(undefined)
  })
})
