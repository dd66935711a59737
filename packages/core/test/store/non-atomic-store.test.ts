import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionManager, type KeyValueStore, type SessionManager } from '../../src/index.ts'
import { secret, setCookieOf } from '../support/fixture.ts'

function createPlainStore(): KeyValueStore & { keys: NonNullable<KeyValueStore['keys']> } {
  const { get, set, delete: remove, keys } = createMemoryStore()
  return { get, set, delete: remove, keys }
}

async function request(
  manager: SessionManager,
  cookie: string,
  handle: (session: Awaited<ReturnType<SessionManager['open']>>) => unknown
): Promise<string> {
  const session = await manager.open(cookie)
  await handle(session)
  const { headers } = await manager.commit(session)
  return setCookieOf(headers)?.split(';')[0] ?? cookie
}

describe('stores without compareAndSet', () => {
  it('A store without compareAndSet is refused without allowNonAtomicStore', () => {
    expect(() => createSessionManager({ store: createPlainStore(), secret })).toThrow(
      expect.objectContaining({ code: 'STORE_NOT_ATOMIC' })
    )
  })

  it('Nothing is lost within one process: 50 keys, 50 increments', async () => {
    const manager = createSessionManager({ store: createPlainStore(), secret, allowNonAtomicStore: true })
    const cookie = await request(manager, '', ({ data }) => Object.assign(data, { count: 0 }))
    const sessions = await Promise.all(Array.from({ length: 50 }, () => manager.open(cookie)))
    await Promise.all(
      sessions.map(async (session, index) => {
        session.data[`key${index}`] = index
        await manager.commit(session)
      })
    )
    await Promise.all(
      Array.from({ length: 50 }, async () =>
        (await manager.open(cookie)).update((data) => {
          data.count = Number(data.count) + 1
        })
      )
    )
    const { data } = await manager.open(cookie)
    expect([Object.keys(data).length, data.count]).toEqual([51, 50])
  })

  it('A late write does not restore a destroyed session, even from another process', async () => {
    const store = createPlainStore()
    const [here, there] = [0, 1].map(() => createSessionManager({ store, secret, allowNonAtomicStore: true }))
    if (!here || !there) throw new TypeError()
    const cookie = await request(here, '', ({ data }) => Object.assign(data, { a: 1 }))
    const late = await there.open(cookie)
    late.data.late = true
    await request(here, cookie, (session) => session.destroy())
    await there.commit(late)
    expect((await here.open(cookie)).isNew).toBe(true)
  })

  it("A destroyed session leaves a tombstone for two minutes of the manager's clock", async () => {
    const store = createPlainStore()
    const written: number[] = []
    const set: KeyValueStore['set'] = (key, value, expiresAt) => {
      written.push(expiresAt)
      return store.set(key, value, expiresAt)
    }
    const clock = { now: () => Date.UTC(2040, 0, 1) }
    const manager = createSessionManager({ store: { ...store, set }, secret, clock, allowNonAtomicStore: true })
    const cookie = await request(manager, '', ({ data }) => Object.assign(data, { a: 1 }))
    await request(manager, cookie, (session) => session.destroy())
    expect(written.at(-1)).toBe(clock.now() + 120_000)
  })

  it.each(['login', 'regenerate', 'rotate'] as const)(
    '%s() moves the session to a new id and ends the old one (G13)',
    async (verb) => {
      const manager = createSessionManager({ store: createPlainStore(), secret, allowNonAtomicStore: true })
      const before = await request(manager, '', ({ data }) => Object.assign(data, { cart: 1 }))
      const old = await manager.open(before)
      const after = await request(manager, before, (session) => session[verb]('alice' as never))
      const session = await manager.open(after)
      expect(session.data).toEqual({ cart: 1 })
      expect(session.id).not.toBe(old.id)
      expect((await manager.open(before)).isNew).toBe(true)
      old.data.stale = true
      await manager.commit(old)
      expect((await manager.open(before)).isNew).toBe(true)
    }
  )

  it('The sessions of a user are listed and revoked', async () => {
    const manager = createSessionManager({ store: createPlainStore(), secret, allowNonAtomicStore: true })
    const cookie = await request(manager, '', (session) => session.login('alice'))
    expect(await manager.list({ userId: 'alice' })).toHaveLength(1)
    expect(await manager.revokeAll('alice')).toBe(1)
    expect((await manager.open(cookie)).isNew).toBe(true)
  })

  it('A non-atomic store has no touch by default, and refuses rotateAfter', () => {
    const options = { store: createPlainStore(), secret, allowNonAtomicStore: true }
    expect(createSessionManager(options).policy.touchInterval).toBe(Number.POSITIVE_INFINITY)
    expect(createSessionManager({ ...options, touchInterval: '5m' }).policy.touchInterval).toBe(300_000)
    expect(() => createSessionManager({ ...options, rotateAfter: '1h' })).toThrow(/rotateAfter.*compareAndSet/)
  })
})

describe('a swap without compareAndSet', () => {
  const managerOf = (): SessionManager =>
    createSessionManager({ store: createPlainStore(), secret, allowNonAtomicStore: true })
  const fill = (): { cart: number; secret: number } => ({ cart: 1, secret: 2 })

  it.each([
    ['login keeps the named keys', { keepData: ['cart'] }, { cart: 1 }],
    ['login drops the data with keepData: false', { keepData: false }, {}]
  ])('On a store without compareAndSet, %s', async (_, options, expected) => {
    const manager = managerOf()
    const before = await request(manager, '', ({ data }) => Object.assign(data, fill()))
    const after = await request(manager, before, (session) => session.login('alice', options))
    const { data, userId } = await manager.open(after)
    expect([data, userId]).toEqual([expected, 'alice'])
  })

  it('regenerate() keeps data and user', async () => {
    const manager = managerOf()
    const before = await request(manager, '', async (session) => {
      await session.login('alice')
      Object.assign(session.data, fill())
    })
    const after = await request(manager, before, (session) => session.regenerate())
    const { data, userId } = await manager.open(after)
    expect([data, userId, after === before]).toEqual([fill(), 'alice', false])
  })

  it('login() keeps all data of the same user, whatever the options, and none of another user', async () => {
    for (const [userId, options, expected] of [
      ['alice', { keepData: false }, fill()],
      ['bob', { keepData: true }, {}],
      ['bob', { keepData: ['cart'] }, {}]
    ] as const) {
      const manager = managerOf()
      const before = await request(manager, '', async (session) => {
        await session.login('alice')
        Object.assign(session.data, fill())
      })
      const after = await request(manager, before, (session) => session.login(userId, options))
      expect((await manager.open(after)).data).toEqual(expected)
    }
  })

  it('A swap finds that a process with an atomic store has superseded the session', async () => {
    const store = createMemoryStore()
    const { get, set, delete: remove } = store
    const plain = { store: { get, set, delete: remove }, allowNonAtomicStore: true }
    const [atomic, manager] = [createSessionManager({ store, secret }), createSessionManager({ ...plain, secret })]
    const before = await request(atomic, '', ({ data }) => Object.assign(data, fill()))
    const late = await manager.open(before)
    late.data.late = true
    await request(atomic, before, (session) => session.login('alice'))
    await late.regenerate()
    expect(late.toJSON().state).toBe('superseded')
  })

  // The swap saves before it moves, and both find that the session has ended.
  it('A session that has ended meanwhile is reported once', async () => {
    const events: string[] = []
    const onEvent = ({ type }: { readonly type: string }) => events.push(type)
    const manager = createSessionManager({ store: createPlainStore(), secret, allowNonAtomicStore: true, onEvent })
    const before = await request(manager, '', ({ data }) => Object.assign(data, fill()))
    const late = await manager.open(before)
    late.data.late = true
    await request(manager, before, (session) => session.destroy())
    await late.regenerate()
    expect(late.toJSON().state).toBe('ended')
    expect(events.filter((type) => type === 'dropped')).toEqual(['dropped'])
  })

  it('An anonymous regenerate drops data and user', async () => {
    const manager = managerOf()
    const before = await request(manager, '', async (session) => {
      await session.login('alice')
      Object.assign(session.data, fill())
    })
    const after = await request(manager, before, async (session) => {
      await session.regenerate({ anonymous: true })
      session.data.fresh = true
    })
    const { data, userId } = await manager.open(after)
    expect([data, userId]).toEqual([{ fresh: true }, undefined])
  })

  it('If the session has ended meanwhile, a login makes a new one, and a regenerate makes none', async () => {
    for (const verb of ['login', 'regenerate'] as const) {
      const manager = managerOf()
      const before = await request(manager, '', ({ data }) => Object.assign(data, fill()))
      const late = await manager.open(before)
      late.data.late = true
      await request(manager, before, (session) => session.destroy())
      if (verb === 'login') await late.login('alice')
      else await late.regenerate()
      const set = setCookieOf((await manager.commit(late)).headers)
      expect(set === undefined).toBe(verb === 'regenerate')
      expect(late.toJSON().state).toBe(verb === 'regenerate' ? 'ended' : 'live')
    }
  })

  it('No tombstone is left if the old record is already gone', async () => {
    const store = createPlainStore()
    const old: string[] = []
    const vanishing: KeyValueStore = {
      ...store,
      async set(key, value, expiresAt) {
        for (const one of old.splice(0)) await store.delete(one)
        await store.set(key, value, expiresAt)
      }
    }
    const manager = createSessionManager({ store: vanishing, secret, allowNonAtomicStore: true })
    const before = await request(manager, '', ({ data }) => Object.assign(data, fill()))
    const session = await manager.open(before)
    old.push(`sessions.s.${session.id}`)
    await session.regenerate()
    const keys: string[] = []
    for await (const key of store.keys('sessions.s.')) keys.push(key)
    expect(keys).toEqual([`sessions.s.${session.id}`])
  })

  it('The handler keeps its data object', async () => {
    const manager = managerOf()
    const before = await request(manager, '', ({ data }) => Object.assign(data, fill()))
    const after = await request(manager, before, async (session) => {
      const { data } = session
      await session.regenerate()
      Object.assign(data, { later: true })
    })
    expect((await manager.open(after)).data).toEqual({ ...fill(), later: true })
  })

  it.each([
    [true, false],
    [false, true]
  ])('A session whose permanence is %s keeps it, whatever the policy for new ones is', async (own, policy) => {
    const manager = createSessionManager({
      store: createPlainStore(),
      secret,
      allowNonAtomicStore: true,
      permanent: policy
    })
    const before = await request(manager, '', (session) => {
      session.permanent = own
      Object.assign(session.data, fill())
    })
    const after = await request(manager, before, (session) => session.regenerate())
    expect(after).not.toBe(before)
    expect((await manager.open(after)).permanent).toBe(own)
  })

  it('A session whose payload cannot be read starts again under a new id', async () => {
    const store = createPlainStore()
    const manager = createSessionManager({ store, secret, allowNonAtomicStore: true })
    const before = await request(manager, '', ({ data }) => Object.assign(data, fill()))
    const { id } = await manager.open(before)
    const key = `sessions.s.${id}`
    const [line] = ((await store.get(key)) ?? '').split('\n')
    await store.set(key, `${line}\n[1]`, Date.now() + 60_000)
    const after = await request(manager, before, (session) => session.regenerate())
    const session = await manager.open(after)
    expect([session.data, session.isNew, session.id === id]).toEqual([{}, false, false])
    expect((await manager.open(before)).isNew).toBe(true)
  })
})
