import { describe, expect, it } from 'vitest'
import type { SessionManager } from '../../src/index.ts'
import { createFixture } from '../support/fixture.ts'

/** Values that applications pass when a user id is missing or comes from a database. */
const noUserIds: readonly unknown[] = [undefined, null, '', 1, Promise.resolve('alice'), {}, ['alice']]

function misuse(call: (...args: never[]) => unknown, ...args: readonly unknown[]): unknown {
  return Reflect.apply(call, undefined, args)
}

const uses: readonly (readonly [string, (manager: SessionManager, userId: unknown) => unknown])[] = [
  ['revokeAll(userId)', (manager, userId) => misuse(manager.revokeAll, userId)],
  ['list({ userId })', (manager, userId) => misuse(manager.list, { userId })],
  ['revoke(id, { userId })', (manager, userId) => misuse(manager.revoke, 'f'.repeat(32), { userId })],
  [
    'login(userId)',
    async (manager, userId) => Reflect.apply((await manager.open('')).login, await manager.open(''), [userId])
  ]
]

describe('an invalid user id', () => {
  it.each(uses)('%s is refused, without a store call', async (_, use) => {
    const { manager, store } = createFixture()
    for (const userId of noUserIds) {
      await expect(async () => use(manager, userId)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
    expect(store.calls).toEqual([])
  })

  it.each([{}, { user: 'alice' }, null, 'alice', 7])(
    'list(%j) is refused, because it names no user',
    async (filter) => {
      const { manager, store } = createFixture()
      await expect(async () => misuse(manager.list, filter)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
      expect(store.calls).toEqual([])
    }
  )

  it('A number is refused with a hint', async () => {
    const { manager } = createFixture()
    await expect(async () => misuse(manager.revokeAll, 7)).rejects.toThrow('String(id)')
  })

  it.each([[7], [[undefined]], [null], [{}]])(
    'revokeAll() with except %j is refused, and ends nothing',
    async (except) => {
      const { manager, store } = createFixture()
      const revoking = async (): Promise<unknown> => misuse(manager.revokeAll, 'alice', { except })
      await expect(revoking).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
      expect(store.calls).toEqual([])
    }
  )
})

describe('a userIdFrom that returns an invalid user id', () => {
  it.each([7, '', null, true, 'x'.repeat(513), '\ud800'])(
    '%j: the request that logs in fails, and stores nothing',
    async (user) => {
      const fixture = createFixture({ userIdFrom: ({ user }) => user as string })
      const tab = fixture.browser()
      const login = tab.request(({ data }) => Object.assign(data, { user }))
      await expect(login).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
      expect(tab.cookie).toBe('')
      expect(fixture.store.calls).toEqual([])
    }
  )

  it('A number is refused with the option and a hint, and a live session stays as it is', async () => {
    const fixture = createFixture({ userIdFrom: ({ user }) => user as string })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    await expect(tab.request(({ data }) => Object.assign(data, { user: 7 }))).rejects.toThrow(
      'userIdFrom must return undefined or a well-formed string of 1 to 512 characters; pass String(id)'
    )
    expect((await tab.open()).data).toEqual({ a: 1 })
    expect(fixture.eventTypes()).not.toContain('rejected')
  })
})
