import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionAdministration, type SessionManagerOptions } from '../../src/index.ts'
import { createWorld, start } from '../support/world.ts'

const hour = 3_600_000
const web: Partial<SessionManagerOptions> = { idleTimeout: '8h', absoluteTimeout: '7d', maxRecordBytes: 262_144 }

/** A user of a web server with long timeouts, idle for two hours; the other managers have the options given. */
async function idleUser(data: object = { a: 1 }) {
  const world = createWorld(web)
  const tab = world.browser()
  await tab.request(async (session) => {
    await session.login('alice')
    Object.assign(session.data, data)
  })
  const { id } = await tab.open()
  world.now += 2 * hour
  return { world, tab, id, admin: world.another({ idleTimeout: '1h', absoluteTimeout: '24h', maxRecordBytes: 65_536 }) }
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
    const { world, tab, admin } = await idleUser()
    expect(await admin.list({ userId: 'alice' })).toEqual([])
    expect(await world.manager.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('revokeAll() ends a session whose data is above the limit of the calling manager', async () => {
    const { tab, admin } = await idleUser({ large: 'x'.repeat(200_000) })
    expect(await admin.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('revokeAll() by a clock that is 70 minutes ahead ends a session in its last hour', async () => {
    const { world, tab } = await idleUser()
    world.now = start
    const ahead = world.another({ clock: { now: () => world.now + 70 * 60_000 } })
    for (let day = 0; day < 21; day++) {
      world.now += 7.9 * hour
      await tab.request(() => {})
    }
    world.now = start + 7 * 24 * hour - 30 * 60_000
    await world.browser().request((session) => session.login('alice'), ahead)
    expect((await tab.open()).userId).toBe('alice')
    expect(await ahead.revokeAll('alice')).toBe(2)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('Ordinary logins on a node with shorter timeouts hide no session from revokeAll', async () => {
    const world = createWorld(web)
    const tabs = Array.from({ length: 20 }, () => world.browser())
    for (const tab of tabs) await tab.request((session) => session.login('alice'))
    world.now += 2 * hour
    const node = world.another({ idleTimeout: '1h', absoluteTimeout: '24h' })
    for (let i = 0; i < 30; i++) await world.browser().request((session) => session.login('alice'), node)
    expect(await world.manager.revokeAll('alice')).toBe(50)
    for (const tab of tabs) expect((await tab.open()).isNew).toBe(true)
  })

  it('A session that cannot be read makes revoke and revokeAll fail, and the others are ended nevertheless', async () => {
    const { world, tab, id, admin } = await idleUser()
    for (let i = 0; i < 20; i++) await world.browser().request((session) => session.login('alice'))
    const key = `sessions.s.${id}`
    const value = (await world.store.get(key)) ?? ''
    await world.store.set(key, value.replace('{"v":1', '{"v":2'), world.now + hour)
    await expect(admin.revoke(id)).rejects.toMatchObject({ code: 'RECORD_UNREADABLE', status: 500 })
    await expect(admin.revokeAll('alice')).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' })
    await world.store.set(key, value.slice(1), world.now + hour)
    await expect(admin.revoke(id)).rejects.toThrow(`Session ${id} is damaged, and may live on`)
    expect(await admin.list({ userId: 'alice' })).toEqual([])
    await world.store.set(key, value, world.now + hour)
    expect((await tab.open()).userId).toBe('alice')
    expect(await admin.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('An update by a manager with shorter timeouts does not shorten the session', async () => {
    const { world, tab, id } = await idleUser()
    world.now -= 1.5 * hour
    const admin = world.another({ idleTimeout: '1h', absoluteTimeout: '24h' })
    expect(await admin.update(id, (data) => Object.assign(data, { b: 2 }))).toBe(true)
    world.now += 7 * hour
    expect((await tab.open()).data).toEqual({ a: 1, b: 2 })
  })

  it('The session limit counts sessions that are live for a node with longer timeouts', async () => {
    const { world, tab } = await idleUser()
    const node = world.another({ idleTimeout: '1h', maxSessionsPerUser: 1 })
    await world.browser().request((session) => session.login('alice'), node)
    expect((await tab.open()).isNew).toBe(true)
  })
})

describe('an administration without the secret of the servers', () => {
  it('The administration finds, lists, updates and ends their sessions', async () => {
    const { world, tab, id } = await idleUser()
    const sessions = createSessionAdministration({ store: world.store, clock: { now: () => world.now }, ...web })
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
    const { world, tab } = await idleUser()
    const [key = ''] = await keysOf(world.store, 'sessions.u.')
    await world.store.delete(key)
    await tab.request(() => {})
    expect(await world.manager.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('A touch costs no write when the entry is there, and a failed read does not fail the request', async () => {
    const { world, tab } = await idleUser()
    const { calls } = await world.store.during(() => tab.request(({ data }) => Object.assign(data, { b: 2 })))
    expect(calls.map(({ operation, key }) => `${operation} ${key.slice(0, 11)}`)).toEqual([
      'get sessions.s.',
      'get sessions.u.',
      'compareAndSet sessions.s.'
    ])
    world.now += 2 * hour
    world.store.break('error-before', ({ key }) => key.startsWith('sessions.u.'))
    await tab.request(({ data }) => Object.assign(data, { c: 3 }))
    world.store.break(undefined)
    expect((await tab.open()).data).toEqual({ a: 1, b: 2, c: 3 })
  })

  it('The memory store evicts sessions before the index of their user', async () => {
    const world = createWorld({}, createMemoryStore({ maxEntries: 4, clock: { now: () => start } }))
    const tab = world.browser()
    await tab.request((session) => session.login('alice'))
    for (let i = 0; i < 20; i++) {
      await world.browser().request(({ data }) => Object.assign(data, { i }))
      await tab.request(({ data }) => Object.assign(data, { i }))
    }
    expect(await world.manager.revokeAll('alice')).toBe(1)
    expect((await tab.open()).isNew).toBe(true)
  })
})

describe('a full store, which refuses writes but still deletes', () => {
  it('A session and all sessions of a user are ended', async () => {
    const { world, tab, id } = await idleUser()
    await world.browser().request((session) => session.login('alice'))
    let written = 0
    world.store.break('error-before', ({ operation }) => operation === 'compareAndSet' && written++ < 1e9)
    expect(await world.manager.revoke(id)).toBe(true)
    expect((await tab.open()).isNew).toBe(true)
    await expect(world.manager.revokeAll('alice')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await world.manager.list({ userId: 'alice' })).toEqual([])
    world.store.break(undefined)
    expect(await world.manager.revokeAll('alice')).toBe(0)
  })

  it('revokeAll() reports how many sessions it has ended once the deletions have made writes possible again', async () => {
    const { world, tab } = await idleUser()
    let deleted = false
    world.store.break('error-before', ({ operation }) => {
      if (operation === 'delete') deleted = true
      return operation === 'compareAndSet' && !deleted
    })
    expect(await world.manager.revokeAll('alice')).toBe(1)
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
    const world = createWorld()
    const manager = world.another({
      store: { ...plain, get: store.get, delete: store.delete },
      allowNonAtomicStore: true
    })
    const tab = world.browser()
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
