import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionAdministration, type SessionManagerOptions } from '../../src/index.ts'
import { createFixture, start } from '../support/fixture.ts'

const hour = 3_600_000
const web: Partial<SessionManagerOptions> = { idleTimeout: '8h', absoluteTimeout: '7d', maxRecordBytes: 262_144 }

/** A user of a web server with long timeouts, idle for two hours; the other managers have the options given. */
async function idleUser(data: object = { a: 1 }) {
  const fixture = createFixture(web)
  const tab = fixture.browser()
  await tab.request(async (session) => {
    await session.login('alice')
    Object.assign(session.data, data)
  })
  const { id } = await tab.open()
  fixture.now += 2 * hour
  return {
    fixture,
    tab,
    id,
    admin: fixture.another({ idleTimeout: '1h', absoluteTimeout: '24h', maxRecordBytes: 65_536 })
  }
}

describe('managers of one namespace that disagree', () => {
  it('revokeAll() of a manager with shorter timeouts ends a session that is live for another manager', async () => {
    const { tab, admin } = await idleUser()
    expect(await admin.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('revoke() of a manager with shorter timeouts ends it, too', async () => {
    const { tab, id, admin } = await idleUser()
    expect(await admin.revoke(id)).toBe(true)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('A listing by a manager with shorter timeouts leaves the entry, so that revokeAll still finds the session', async () => {
    const { fixture, tab, admin } = await idleUser()
    expect(await admin.list({ userId: 'alice' })).toEqual([])
    expect(await fixture.manager.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('revokeAll() ends a session whose data is above the limit of the calling manager', async () => {
    const { tab, admin } = await idleUser({ large: 'x'.repeat(200_000) })
    expect(await admin.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('revokeAll() by a clock that is 70 minutes ahead ends a session in its last hour', async () => {
    const { fixture, tab } = await idleUser()
    fixture.now = start
    const ahead = fixture.another({ clock: { now: () => fixture.now + 70 * 60_000 } })
    for (let day = 0; day < 21; day++) {
      fixture.now += 7.9 * hour
      await tab.request(() => {})
    }
    fixture.now = start + 7 * 24 * hour - 30 * 60_000
    await fixture.browser().request((session) => session.login('alice'), ahead)
    expect((await tab.open()).userId).toBe('alice')
    expect(await ahead.revokeAll('alice')).toBe(2)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('Ordinary logins on a node with shorter timeouts hide no session from revokeAll', async () => {
    const fixture = createFixture(web)
    const tabs = Array.from({ length: 20 }, () => fixture.browser())
    for (const tab of tabs) await tab.request((session) => session.login('alice'))
    fixture.now += 2 * hour
    const node = fixture.another({ idleTimeout: '1h', absoluteTimeout: '24h' })
    for (let i = 0; i < 30; i++) await fixture.browser().request((session) => session.login('alice'), node)
    expect(await fixture.manager.revokeAll('alice')).toBe(50)
    for (const tab of tabs) expect((await tab.open()).isNew).toBe(true)
  })

  it('A session that cannot be read makes revoke and revokeAll fail, and the others are ended nevertheless', async () => {
    const { fixture, tab, id, admin } = await idleUser()
    for (let i = 0; i < 20; i++) await fixture.browser().request((session) => session.login('alice'))
    const key = `sessions.s.${id}`
    const value = (await fixture.store.get(key)) ?? ''
    await fixture.store.set(key, value.replace('{"v":1', '{"v":2'), fixture.now + hour)
    await expect(admin.revoke(id)).rejects.toMatchObject({ code: 'RECORD_UNREADABLE', status: 500 })
    await expect(admin.revokeAll('alice')).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' })
    await fixture.store.set(key, value.slice(1), fixture.now + hour)
    await expect(admin.revoke(id)).rejects.toThrow(`Session ${id} is damaged, and may live on`)
    expect(await admin.list({ userId: 'alice' })).toEqual([])
    await fixture.store.set(key, value, fixture.now + hour)
    expect((await tab.open()).userId).toBe('alice')
    expect(await admin.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('An update by a manager with shorter timeouts does not shorten the session', async () => {
    const { fixture, tab, id } = await idleUser()
    fixture.now -= 1.5 * hour
    const admin = fixture.another({ idleTimeout: '1h', absoluteTimeout: '24h' })
    expect(await admin.update(id, (data) => Object.assign(data, { b: 2 }))).toBe(true)
    fixture.now += 7 * hour
    expect((await tab.open()).data).toEqual({ a: 1, b: 2 })
  })

  it('The session limit counts sessions that are live for a node with longer timeouts', async () => {
    const { fixture, tab } = await idleUser()
    const node = fixture.another({ idleTimeout: '1h', maxSessionsPerUser: 1 })
    await fixture.browser().request((session) => session.login('alice'), node)
    expect((await tab.open()).isNew).toBe(true)
  })
})

describe('an administration without the secret of the servers', () => {
  it('The administration finds, lists, updates and ends their sessions', async () => {
    const { fixture, tab, id } = await idleUser()
    const sessions = createSessionAdministration({ store: fixture.store, clock: { now: () => fixture.now }, ...web })
    expect(await sessions.find(id)).toMatchObject({ id, userId: 'alice', data: { a: 1 } })
    expect(await sessions.list({ userId: 'alice' })).toHaveLength(1)
    expect(await sessions.update(id, (data) => Object.assign(data, { b: 2 }))).toBe(true)
    expect((await tab.open()).data).toEqual({ a: 1, b: 2 })
    expect(await sessions.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
    await sessions.close()
    await expect(sessions.find(id)).rejects.toMatchObject({ code: 'MANAGER_CLOSED' })
  })

  it('The administration opens no session for a request', () => {
    const sessions = createSessionAdministration({ store: createMemoryStore() })
    expect(Object.keys(sessions).sort()).toEqual([
      'close',
      'find',
      'list',
      'policy',
      'revoke',
      'revokeAll',
      'startSweeper',
      'sweep',
      'update'
    ])
  })
})

describe('an engine that evicts the index of a user', () => {
  it('A touch restores the entry of its session', async () => {
    const { fixture, tab } = await idleUser()
    const [key = ''] = await keysOf(fixture.store, 'sessions.u.')
    await fixture.store.delete(key)
    await tab.request(() => {})
    expect(await fixture.manager.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('A touch costs no write when the entry is there, and a failed read does not fail the request', async () => {
    const { fixture, tab } = await idleUser()
    const { calls } = await fixture.store.during(() => tab.request(({ data }) => Object.assign(data, { b: 2 })))
    expect(calls.map(({ operation, key }) => `${operation} ${key.slice(0, 11)}`)).toEqual([
      'get sessions.s.',
      'get sessions.u.',
      'compareAndSet sessions.s.'
    ])
    fixture.now += 2 * hour
    fixture.store.break('error-before', ({ key }) => key.startsWith('sessions.u.'))
    await tab.request(({ data }) => Object.assign(data, { c: 3 }))
    fixture.store.break(undefined)
    expect((await tab.open()).data).toEqual({ a: 1, b: 2, c: 3 })
  })

  it('The memory store evicts sessions before the index of their user', async () => {
    const fixture = createFixture({}, createMemoryStore({ maxEntries: 4, clock: { now: () => start } }))
    const tab = fixture.browser()
    await tab.request((session) => session.login('alice'))
    for (let i = 0; i < 20; i++) {
      await fixture.browser().request(({ data }) => Object.assign(data, { i }))
      await tab.request(({ data }) => Object.assign(data, { i }))
    }
    expect(await fixture.manager.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })
})

describe('a full store, which refuses writes but still deletes', () => {
  it('A session and all sessions of a user are ended', async () => {
    const { fixture, tab, id } = await idleUser()
    await fixture.browser().request((session) => session.login('alice'))
    let written = 0
    fixture.store.break('error-before', ({ operation }) => operation === 'compareAndSet' && written++ < 1e9)
    expect(await fixture.manager.revoke(id)).toBe(true)
    expect((await tab.open()).isNew).toBe(true)
    await expect(fixture.manager.revokeAll('alice')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await fixture.manager.list({ userId: 'alice' })).toEqual([])
    fixture.store.break(undefined)
    expect(await fixture.manager.revokeAll('alice')).toBe(0)
  })

  it('revokeAll() reports how many sessions it has ended once the deletions have made writes possible again', async () => {
    const { fixture, tab } = await idleUser()
    let deleted = false
    fixture.store.break('error-before', ({ operation }) => {
      if (operation === 'delete') deleted = true
      return operation === 'compareAndSet' && !deleted
    })
    expect(await fixture.manager.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('A session on a full store without compareAndSet is ended', async () => {
    const { set: _, compareAndSet: __, ...memory } = createMemoryStore({ clock: { now: () => start } })
    const store = createMemoryStore({ clock: { now: () => start } })
    let full = false
    const plain = {
      get: memory.get,
      delete: memory.delete,
      set: async (key: string, value: string, expiresAt: number) => {
        if (full) throw new Error('no space left on device')
        await store.set(key, value, expiresAt)
      }
    }
    const fixture = createFixture()
    const manager = fixture.another({
      store: { ...plain, get: store.get, delete: store.delete },
      allowNonAtomicStore: true
    })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }), manager)
    full = true
    const session = await tab.open(manager)
    await session.destroy()
    expect((await tab.open(manager)).isNew).toBe(true)
  })
})

async function keysOf(store: { keys?(prefix: string): AsyncIterable<string> }, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys?.(prefix) ?? []) keys.push(key)
  return keys
}
