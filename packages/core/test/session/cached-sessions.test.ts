import { beforeEach, describe, expect, it } from 'vitest'
import { createSessionManager, type Session, type SessionEvent, type SessionManager } from '../../src/index.ts'
import { createCachedStore } from '../../src/store/cached-store.ts'
import { createWatchedStore, type WatchedStore } from '../support/watched-store.ts'

const secret = 'the secret of both processes in these tests'
const minute = 60_000

/** Two processes on one engine, one of them with a cached store; hints come when the test says so. */
interface Fleet {
  readonly store: WatchedStore
  readonly plain: SessionManager
  readonly cached: SessionManager
  /** Of the process with the cached store. */
  readonly events: SessionEvent[]
  readonly clock: { time: number; now(): number }
  /** A session whose record the process with the cached store has in memory. */
  readonly cookie: string
  readonly id: string
}

let fleet: Fleet
beforeEach(async () => {
  const clock = { time: Date.UTC(2026, 0), now: () => clock.time }
  const store = createWatchedStore(clock)
  const events: SessionEvent[] = []
  const options = { secret, clock, idleTimeout: 60 * minute, graceWindow: 30_000 } as const
  const plain = createSessionManager({ ...options, store })
  // Its own clock stands still: nothing leaves the memory for its age.
  const cachedStore = createCachedStore(store, { clock: { now: () => 0 } })
  const cached = createSessionManager({ ...options, store: cachedStore, onEvent: (event) => events.push(event) })
  const first = await plain.open('')
  first.data.cart = ['book']
  const cookie = cookieOf(await plain.commit(first))
  await cached.open(cookie)
  await cached.open(cookie)
  store.asked.length = 0
  events.length = 0
  fleet = { store, plain, cached, events, clock, cookie, id: first.id }
})

function cookieOf({ headers }: { readonly headers: readonly (readonly [string, string])[] }): string {
  return headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? ''
}

/** A request that runs `handle`; gives the cookie to go on with. */
async function request(
  manager: SessionManager,
  cookie: string,
  handle: (session: Session) => unknown
): Promise<string> {
  const session = await manager.open(cookie)
  await handle(session)
  return cookieOf(await manager.commit(session)) || cookie
}

const typesOf = (events: readonly SessionEvent[]): string[] => events.map(({ type }) => type)

describe('manager with a cached store', () => {
  it('A session is opened without a call of the store while its record is in memory', async () => {
    const { store, cached, cookie } = fleet
    const session = await cached.open(cookie)
    expect(session.data).toEqual({ cart: ['book'] })
    expect(store.asked).toEqual([])
  })

  it('A session that was revoked elsewhere is served until the hint comes, and not after it', async () => {
    const { store, plain, cached, cookie, id } = fleet
    await plain.revoke(id)
    expect((await cached.open(cookie)).isNew).toBe(false)
    store.hint(`sessions.s.${id}`)
    expect((await cached.open(cookie)).isNew).toBe(true)
  })

  it('A token of a login in another process opens the session, although the hint has not come', async () => {
    const { plain, cached, cookie, events } = fleet
    const next = await request(plain, cookie, (session) => session.login('alice'))
    const session = await cached.open(next)
    expect([session.isNew, session.detached, session.userId]).toEqual([false, false, 'alice'])
    expect(typesOf(events)).toEqual(['loaded'])
  })

  it('A token from before a rotation in another process opens the session', async () => {
    const { plain, cached, cookie, events } = fleet
    const next = await request(plain, cookie, (session) => session.rotate())
    for (const token of [next, cookie]) expect((await cached.open(token)).detached).toBe(false)
    expect(typesOf(events)).toEqual(['loaded', 'loaded'])
  })

  it('A superseded token is recognized by what the store says', async () => {
    const { plain, cached, cookie, events } = fleet
    const next = await request(plain, cookie, (session) => session.regenerate())
    await cached.open(next)
    expect((await cached.open(cookie)).detached).toBe('superseded')
    expect(typesOf(events)).toEqual(['loaded', 'superseded'])
  })

  it('A session in memory does not expire if another process has touched it', async () => {
    const { plain, cached, cookie, clock, events } = fleet
    clock.time += 59 * minute
    await request(plain, cookie, () => undefined)
    clock.time += 2 * minute
    expect((await cached.open(cookie)).isNew).toBe(false)
    expect(typesOf(events)).toEqual(['loaded'])
  })

  it('A session in memory expires when its time has come', async () => {
    const { cached, cookie, clock, events } = fleet
    clock.time += 61 * minute
    expect((await cached.open(cookie)).isNew).toBe(true)
    expect(typesOf(events)).toEqual(['rejected'])
  })

  it('A change of another process that this process has not heard of is not lost', async () => {
    const { plain, cached, cookie } = fleet
    await request(plain, cookie, ({ data }) => Object.assign(data, { a: 1 }))
    await request(cached, cookie, ({ data }) => Object.assign(data, { b: 2 }))
    expect((await plain.open(cookie)).data).toEqual({ cart: ['book'], a: 1, b: 2 })
  })

  it('A count by update() starts from what the store says', async () => {
    const { plain, cached, cookie } = fleet
    const count = (session: Session): Promise<boolean> =>
      session.update((data) => {
        data.count = Number(data.count ?? 0) + 1
      })
    for (let round = 0; round < 3; round++) {
      await request(plain, cookie, count)
      await request(cached, cookie, count)
    }
    expect((await plain.open(cookie)).data.count).toBe(6)
  })

  it('take() returns a value once, whichever process takes it first', async () => {
    const { plain, cached, cookie } = fleet
    const taken: unknown[] = []
    for (const manager of [plain, cached]) {
      await request(manager, cookie, async (session) => taken.push(await session.take('cart')))
    }
    expect(taken).toEqual([['book'], undefined])
  })

  it('Nothing is written to a session that was revoked elsewhere', async () => {
    const { plain, cached, cookie, id, events } = fleet
    await plain.revoke(id)
    await request(cached, cookie, ({ data }) => Object.assign(data, { b: 2 }))
    expect(await plain.find(id)).toBeUndefined()
    expect(typesOf(events)).toContain('dropped')
  })

  it('A process sees what it has written itself', async () => {
    const { cached, cookie } = fleet
    await request(cached, cookie, ({ data }) => Object.assign(data, { b: 2 }))
    expect((await cached.open(cookie)).data).toEqual({ cart: ['book'], b: 2 })
  })

  it('destroy() ends the session of a token, and every other one of a request, by what the store says', async () => {
    const { plain, cached, cookie, id } = fleet
    const other = await request(plain, '', ({ data }) => Object.assign(data, { a: 1 }))
    await cached.open(other)
    const next = await request(plain, other, (session) => session.login('alice'))
    await request(cached, `${cookie}; ${next}`, (session) => session.destroy())
    expect(await plain.find(id)).toBeUndefined()
    expect(await plain.list({ userId: 'alice' })).toEqual([])
  })

  it('reload(), find() and list() read what the store says', async () => {
    const { plain, cached, cookie, id } = fleet
    const session = await cached.open(cookie)
    await request(plain, cookie, ({ data }) => Object.assign(data, { a: 1 }))
    const changed = { cart: ['book'], a: 1 }
    expect((await cached.find(id))?.data).toEqual(changed)
    for await (const listed of cached.list()) expect(listed.data).toEqual(changed)
    await session.reload()
    expect(session.data).toEqual(changed)
  })
})
