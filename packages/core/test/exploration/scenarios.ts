import { loginTimeout } from '../../src/record/tombstone.ts'
import type { Client } from '../support/client.ts'
import type { Actor, Final, Scenario } from '../support/interleaving.ts'
import { factsOf, liveRecords, shortId } from '../support/stored-facts.ts'
import {
  administrator,
  counter,
  destroyer,
  expiry,
  lister,
  login,
  reader,
  regenerator,
  revoker,
  rotator,
  sweeper,
  taker,
  writer
} from './actors.ts'

/** One visitor with something in the cart. */
async function visitor(client: Client): Promise<string[]> {
  return [await client.request('', ({ data }) => void Object.assign(data, { cart: '1' }))]
}

async function user(client: Client, name: string, cookie = ''): Promise<string> {
  return client.request(cookie, async (session) => {
    await session.login(name)
    session.data.private = `${name}:things`
    return undefined
  })
}

/** A visitor whose last visit is long enough ago for a touch. */
async function idleVisitor(client: Client): Promise<string[]> {
  const cookies = await visitor(client)
  await client.jump(10 * 60_000)
  return cookies
}

function simple(name: string, title: string, actors: (cookie: string) => readonly Actor[]): Scenario {
  return { name, title, prepare: visitor, actors: ([cookie = '']) => actors(cookie) }
}

/**
 * An entry that was in the index when `revokeAll` began does not survive it: a live session, or a login that had reserved
 * its entry, unless that took longer than the login timeout.
 */
export function noLoginEscapes({ ledger, contents, fail }: Final): void {
  const began = ledger.steps.find(({ by }) => by === 'revoker')
  const ended = ledger.failures.every(({ by }) => by !== 'revoker')
  const known = began?.verb === 'get' && typeof began.result === 'string' ? factsOf(began.result).ids : undefined
  if (!ended || ledger.crashes > 0) return
  const live = liveRecords(contents)
  for (const [id, { reserved: pending, nonce }] of known ?? []) {
    if (live.get(id)?.userId !== 'alice') continue
    const announced = ledger.steps.find(({ key, value = '' }) => key.includes('.u.') && value.includes(nonce))
    const through = ledger.logins.some((login) => login.id === id && login.by === announced?.by)
    if (pending && (!through || contents.now > ledger.began + loginTimeout)) continue
    fail('revoke-all-misses-none', `${shortId(id)} was in the index when revokeAll began, and lives on`)
  }
  const wrong = ledger.failures.find(({ code }) => code !== 'LOGIN_REVOKED')
  if (wrong && ledger.faults === 0) fail('unexpected-error', `${wrong.by}: ${wrong.code}`)
}

function takenOnce({ ledger, fail }: Final): void {
  if (ledger.takes.length > 1) fail('taken-once', `${ledger.takes.length} requests took the same value`)
  if (ledger.takes.length === 0 && ledger.failures.length + ledger.crashes === 0) {
    fail('taken-once', 'no request got the value')
  }
}

const s: Record<string, Scenario> = {
  S1: simple('S1', 'writer, destroy', (c) => [writer(c, 'a'), destroyer(c)]),
  S2: simple('S2', 'three writers', (c) => [writer(c, 'a'), writer(c, 'b'), writer(c, 'c')]),
  S3: simple('S3', 'two regenerates', (c) => [regenerator(c, 'first'), regenerator(c, 'second')]),
  S4: simple('S4', 'two regenerates, writer', (c) => [
    regenerator(c, 'first'),
    regenerator(c, 'second'),
    writer(c, 'a')
  ]),
  S5: simple('S5', 'regenerate, destroy', (c) => [regenerator(c), destroyer(c)]),
  S6: simple('S6', 'two regenerates, destroy', (c) => [
    regenerator(c, 'first'),
    regenerator(c, 'second'),
    destroyer(c)
  ]),
  S7: simple('S7', 'two writers, regenerate, destroy', (c) => [
    writer(c, 'a'),
    writer(c, 'b'),
    regenerator(c),
    destroyer(c)
  ]),
  S8: {
    name: 'S8',
    title: 'touch, destroy',
    prepare: idleVisitor,
    actors: ([c = '']) => [reader(c, 'visitor', undefined), destroyer(c)]
  },
  S9: {
    name: 'S9',
    title: 'touch, sweep',
    prepare: idleVisitor,
    actors: ([c = '']) => [reader(c, 'visitor'), sweeper()]
  },
  S11: {
    name: 'S11',
    title: 'revokeAll, two logins of the user',
    prepare: async (client) => [...(await visitor(client)), await user(client, 'alice')],
    actors: ([c = '']) => [
      login(c, 'alice', { name: 'login' }),
      login('', 'alice', { name: 'new login' }),
      revoker('alice')
    ],
    check: noLoginEscapes
  },
  S12: {
    name: 'S12',
    title: 'at most three sessions, four logins',
    options: { maxSessionsPerUser: 3 },
    prepare: async () => [],
    actors: () => ['1', '2', '3', '4'].map((n) => limited(login('', 'alice', { name: `login ${n}` }))),
    check: (final) => atMost(final, 3)
  },
  S12a: {
    name: 'S12a',
    title: 'at most one session, two logins',
    options: { maxSessionsPerUser: 1 },
    prepare: async (client) => [await user(client, 'alice')],
    actors: () => ['1', '2'].map((n) => limited(login('', 'alice', { name: `login ${n}` }))),
    check: (final) => atMost(final, 1)
  },
  S13: simple('S13', 'rotate, three readers', (c) => [
    rotator(c),
    reader(c, 'reader 1', 'cart'),
    reader(c, 'reader 2', 'cart'),
    reader(c, 'reader 3', 'cart')
  ]),
  S14: simple('S14', 'login, writer and reader holding the old secret', (c) => [
    login(c, 'alice', { writes: true }),
    writer(c, 'a'),
    reader(c, 'reader')
  ]),
  S15: simple('S15', 'login as alice, login as bob, one token', (c) => [
    login(c, 'alice', { writes: true }),
    login(c, 'bob', { writes: true })
  ]),
  S15a: simple('S15a', 'the same user twice, one token', (c) => [
    login(c, 'alice', { name: 'first', writes: true }),
    login(c, 'alice', { name: 'second' })
  ]),
  S16: {
    name: 'S16',
    title: 'login without a record yet, pruning, revokeAll',
    prepare: deadEntry,
    actors: () => [login('', 'alice', { name: 'login' }), lister('alice'), revoker('alice')],
    check: noLoginEscapes
  },
  S16a: {
    name: 'S16a',
    title: 'login of a visitor, pruning, revokeAll',
    prepare: async (client) => {
      await deadEntry(client)
      return visitor(client)
    },
    actors: ([c = '']) => [login(c, 'alice', { name: 'login' }), lister('alice'), revoker('alice')],
    check: noLoginEscapes
  },
  S17: simple('S17', 'two updates', (c) => [counter(c, 'first'), counter(c, 'second')]),
  S17a: simple('S17a', 'three updates', (c) => [counter(c, 'first'), counter(c, 'second'), counter(c, 'third')]),
  S18: simple('S18', 'rotate, login', (c) => [rotator(c), login(c, 'alice', { writes: true })]),
  X1: {
    name: 'X1',
    title: 'take, take, writer',
    prepare: async (client) => [
      await client.request('', ({ data }) => void Object.assign(data, { cart: '1', once: 'flash' }))
    ],
    actors: ([c = '']) => [taker(c, 'taker 1'), taker(c, 'taker 2'), writer(c, 'a')],
    check: takenOnce
  },
  X2: simple('X2', 'anonymous regenerate, two writers', (c) => [
    regenerator(c, 'regenerator', true),
    writer(c, 'a'),
    writer(c, 'b')
  ]),
  X3: {
    name: 'X3',
    title: 'login as bob in a session of alice, two writers of hers',
    prepare: async (client) => [await user(client, 'alice')],
    actors: ([c = '']) => [login(c, 'bob', { writes: true }), writer(c, 'a', 'alice:a'), writer(c, 'b', 'alice:b')]
  },
  X4: {
    name: 'X4',
    title: 'three requests when a rotation is due',
    options: { rotateAfter: '5m' },
    prepare: idleVisitor,
    actors: ([c = '']) => [reader(c, 'reader 1', 'cart'), reader(c, 'reader 2', 'cart'), writer(c, 'a')]
  },
  X5: {
    name: 'X5',
    title: 'administrator, login, writer',
    prepare: visitor,
    actors: ([c = '']) => [administrator(idOf(c), 'x'), login(c, 'alice'), writer(c, 'a')]
  },
  X6: {
    name: 'X6',
    title: 'session made permanent, login of the same user, pruning',
    prepare: async (client) => {
      await deadEntry(client)
      return [await user(client, 'alice')]
    },
    actors: ([c = '']) => [permanent(c), login('', 'alice', { name: 'new login' }), lister('alice')]
  },
  X6a: {
    name: 'X6a',
    title: 'session made permanent, expiry of all others, login of the same user',
    prepare: async (client) => {
      await deadEntry(client)
      return [await user(client, 'alice')]
    },
    actors: ([c = '']) => [permanent(c), expiry(), login('', 'alice', { name: 'new login' })]
  },
  X7: {
    name: 'X7',
    title: 'login again as the same user, revokeAll except that session, writer',
    prepare: async (client) => [await user(client, 'alice')],
    actors: ([c = '']) => [login(c, 'alice', { name: 'login' }), revoker('alice', idOf(c)()), writer(c, 'a')]
  },
  X8: {
    name: 'X8',
    title: 'a library logs alice in with the planted token, its planter regenerates',
    options: { userIdFrom: userOfData },
    prepare: visitor,
    actors: ([c = '']) => [libraryLogin(c, 'alice'), regenerator(c, 'planter')],
    check: dataNamesTheUser
  },
  X9: {
    name: 'X9',
    title: 'a library logs bob in where alice was, two writers of hers',
    options: { userIdFrom: userOfData },
    prepare: libraryUser,
    actors: ([c = '']) => [libraryLogin(c, 'bob'), owned(c, 'a', 'alice'), owned(c, 'b', 'alice')],
    check: dataNamesTheUser
  },
  X10: {
    name: 'X10',
    title: 'a library logs alice out, a writer of hers',
    options: { userIdFrom: userOfData },
    prepare: libraryUser,
    actors: ([c = '']) => [libraryLogin(c, undefined), owned(c, 'a', 'alice'), reader(c, 'reader', undefined)],
    check: dataNamesTheUser
  },
  X11: {
    name: 'X11',
    title: 'idle saver, writer, and a writer with the new token in one process, login in another',
    prepare: visitor,
    actors: ([c = '']) => [idleSaver(c), { ...writer(c, 'b'), process: 0 }, loginThenWrite(c)]
  },
  X12: {
    name: 'X12',
    title: 'two writers in one process, login in another',
    prepare: visitor,
    actors: ([c = '']) => [
      { ...writer(c, 'a'), process: 0 },
      { ...writer(c, 'b'), process: 0 },
      { ...login(c, 'alice', { writes: true }), process: 1 }
    ]
  }
}

export const scenarios: readonly Scenario[] = Object.values(s)

/**
 * S19: two processes on a store without compareAndSet. Losses between them are documented. Nevertheless it must
 * hold that a login gets a session of its own, and that no secret from before it reads or changes that.
 */
export const nonAtomic: Scenario = {
  name: 'S19',
  title: 'login, writer and reader holding the old secret, without compareAndSet',
  nonAtomic: true,
  losesUpdates: true,
  prepare: visitor,
  actors: ([c = '']) => [login(c, 'alice', { writes: true }), writer(c, 'a'), reader(c, 'reader')],
  async check({ ledger, checker, fail }) {
    const [done] = ledger.logins
    const session = done && (await checker.manager.open(done.cookie))
    if (session?.userId !== 'alice') fail('logins-last', 'the login does not open its session')
    if (session?.data.private !== 'alice:secret') fail('logins-last', 'the session of the login lost its data')
    const [before] = ledger.sent
    const old = before && (await checker.manager.open(before.cookie))
    if (old?.userId !== undefined) fail('old-secret-sees-nothing', 'a secret from before the login opens its session')
  }
}

/** S10: the session's time runs out at any moment of a scenario. These are the scenarios for that. */
export const expiring: readonly string[] = 'S1 S2 S3 S4 S5 S6 S7 S8 S9 S14 S15 S18 X1 X2 X5 X7'.split(' ')

/** The same with a jump past every limit, and a sweep. */
export function withExpiry({ name, title, prepare, actors, options }: Scenario): Scenario {
  return {
    name: `${name}+expiry`,
    title: `${title}, expiry`,
    ...(options && { options }),
    prepare,
    actors: (cookies) => [...actors(cookies).filter(({ name }) => name !== 'sweeper'), expiry(), sweeper()],
    check({ ledger, contents, fail }) {
      const before = ledger.sent.filter(({ by }) => by === 'preparation').map(({ id }) => id)
      const live = liveRecords(contents)
      const revived = before.find((id) => live.has(id))
      if (revived !== undefined) fail('expired-stays-expired', `${shortId(revived)} outlives its time`)
    }
  }
}

async function deadEntry(client: Client): Promise<string[]> {
  const cookie = await user(client, 'alice')
  await client.request(cookie, async (session) => {
    client.ledger.mayEnd.add(session.id)
    await session.destroy()
    return undefined
  })
  return []
}

export function idOf(cookie: string): () => string {
  // The id is public and in the token: bytes 9 to 24.
  return () =>
    Buffer.from(cookie.split('=')[1] ?? '', 'base64url')
      .subarray(9, 25)
      .toString('hex')
}

export function permanent(cookie: string): Actor {
  return {
    name: 'permanent',
    run: (client) =>
      client.request(cookie, (session) => {
        session.permanent = true
        return undefined
      })
  }
}

export function limited(actor: Actor): Actor {
  return {
    ...actor,
    run: async (client, elsewhere) => {
      client.ledger.endsAny = true
      await actor.run(client, elsewhere)
    }
  }
}

/** A fault may leave one session too many: a missing eviction, or a first record that arrived late. */
function atMost({ ledger, contents, fail }: Final, limit: number): void {
  const { size } = liveRecords(contents)
  const expected = ledger.faults === 0 ? size === limit : size <= limit + ledger.faults
  if (!expected) fail('session-limit', `${size} live sessions, ${limit} allowed and as many wanted`)
}

function userOfData(data: Record<string, unknown>): string | undefined {
  const { passport } = data
  if (typeof passport !== 'object' || passport === null || !('user' in passport)) return undefined
  return typeof passport.user === 'string' ? passport.user : undefined
}

async function libraryUser(client: Client): Promise<string[]> {
  const data = { passport: { user: 'alice' }, private: 'alice:things' }
  return [await client.request('', (session) => void Object.assign(session.data, data))]
}

/** Login and logout of a library that changes only data, and does not call `regenerate`. */
function libraryLogin(cookie: string, userId: string | undefined): Actor {
  return {
    name: 'library',
    run: (client) =>
      client.request(cookie, (session) => {
        client.ledger.emptied.add(session.id)
        session.data = userId === undefined ? {} : { passport: { user: userId } }
        return undefined
      })
  }
}

/** Writes data of the user, if the session is the user's. */
function owned(cookie: string, key: string, userId: string): Actor {
  return {
    name: `writer of ${key}`,
    run: (client) =>
      client.request(cookie, (session) => {
        if (session.userId === userId) session.data[key] = `${userId}:${key}`
        return undefined
      })
  }
}

function dataNamesTheUser({ contents, fail }: Final): void {
  for (const { payload = '{}', userId } of liveRecords(contents).values()) {
    const named = userOfData(JSON.parse(payload))
    if (named !== userId) fail('data-names-the-user', `the data is ${named}'s, the session ${userId}'s: ${payload}`)
  }
}

function idleSaver(cookie: string): Actor {
  return {
    name: 'idle saver',
    run: (client) =>
      client.request(cookie, async (session) => {
        await session.save()
        return undefined
      })
  }
}

/** One browser: logs in in one process, and continues in the other. */
function loginThenWrite(cookie: string): Actor {
  return {
    name: 'roamer',
    process: 1,
    roams: true,
    run: async (client, elsewhere) => {
      const fresh = await login(cookie, 'alice').run(client, elsewhere)
      if (typeof fresh !== 'string' || fresh === cookie) return
      const there = elsewhere(0)
      await there.request(fresh, (session) => {
        session.data.new = 'new!'
        return ({ dropped }) => {
          if (dropped) there.violated('newest-token-is-heard', 'a write with the newest token was dropped')
        }
      })
    }
  }
}
