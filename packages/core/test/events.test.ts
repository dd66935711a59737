import { describe, expect, it } from 'vitest'
import type { SessionEvent, SessionManager } from '../src/index.ts'
import { type Browser, createFixture, type Fixture } from './support/fixture.ts'

interface Stage {
  readonly fixture: Fixture
  readonly manager: SessionManager
  /** A fixture with one stored session. */
  readonly tab: Browser
  readonly id: string
}

type Happening = (stage: Stage) => unknown

const keyOf = (id: string): string => `sessions.s.${id}`

/** Two requests of one client at once, the second committed last. */
async function race(
  { tab, manager }: Stage,
  first: (session: Opened) => unknown,
  second: (session: Opened) => unknown
) {
  const [one, other] = [await tab.open(manager), await tab.open(manager)]
  await second(other)
  await first(one)
  await manager.commit(one)
  await manager.commit(other)
}

type Opened = Awaited<ReturnType<SessionManager['open']>>

const tokenId = expect.stringMatching(/^[\w-]{22}$/)

/** Triggers for each kind of event. */
const happenings: readonly (readonly [SessionEvent['type'], string, Happening, (id: string) => object])[] = [
  [
    'created',
    '',
    ({ fixture, manager }) => fixture.browser().request(({ data }) => Object.assign(data, { a: 1 }), manager),
    () => ({ id: expect.stringMatching(/^[0-9a-f]{32}$/), tokenId })
  ],
  ['loaded', '', ({ tab, manager }) => tab.open(manager), (id) => ({ id, userId: undefined })],
  ['rejected', 'malformed', ({ tab, manager }) => manager.open(`${tab.cookie}x`), () => ({ reason: 'malformed' })],
  [
    'rejected',
    'unknown',
    async ({ fixture, tab, manager, id }) => {
      await fixture.store.delete(keyOf(id))
      await tab.open(manager)
    },
    (id) => ({ reason: 'unknown', id })
  ],
  [
    'rejected',
    'corrupt',
    async ({ fixture, tab, manager, id }) => {
      await fixture.store.set(keyOf(id), 'junk', fixture.now + 1_000_000)
      await tab.open(manager)
    },
    (id) => ({ reason: 'corrupt', id })
  ],
  [
    'rejected',
    'corrupt data',
    async ({ fixture, tab, manager, id }) => {
      const stored = (await fixture.store.get(keyOf(id))) ?? ''
      await fixture.store.set(keyOf(id), `${stored.split('\n')[0]}\n[`, fixture.now + 1_000_000)
      expect((await tab.open(manager)).data).toEqual({})
    },
    (id) => ({ reason: 'corrupt', id })
  ],
  [
    'rejected',
    'ambiguous',
    async ({ fixture, tab, manager }) => {
      const other = fixture.browser()
      await other.request(({ data }) => Object.assign(data, { b: 1 }))
      await manager.open(`${tab.cookie}; ${other.cookie}`)
    },
    () => ({ reason: 'ambiguous', id: expect.stringMatching(/^[0-9a-f]{32}$/) })
  ],
  [
    'touched',
    '',
    async ({ fixture, tab, manager }) => {
      fixture.now += 20 * 60_000
      await tab.request(() => {}, manager)
    },
    (id) => ({ id })
  ],
  [
    'saved',
    '',
    ({ tab, manager }) => tab.request(({ data }) => Object.assign(data, { b: 2 }), manager),
    (id) => ({ id, bytes: expect.any(Number) })
  ],
  [
    'conflict',
    '',
    (stage) =>
      race(
        stage,
        ({ data }) => Object.assign(data, { a: 2 }),
        ({ data }) => Object.assign(data, { a: 3 })
      ),
    (id) => ({ id, keys: ['a'] })
  ],
  [
    'loggedIn',
    '',
    ({ tab, manager }) => tab.request((session) => session.login('alice'), manager),
    (id) => ({ id, userId: 'alice', tokenId, previousTokenId: tokenId })
  ],
  [
    'loggedIn',
    'in a new session',
    ({ fixture, manager }) => fixture.browser().request((session) => session.login('alice'), manager),
    () => ({ id: expect.any(String), userId: 'alice', tokenId, previousTokenId: undefined })
  ],
  [
    'regenerated',
    '',
    ({ tab, manager }) => tab.request((session) => session.regenerate(), manager),
    (id) => ({ id, userId: undefined, tokenId, previousTokenId: tokenId })
  ],
  [
    'rotated',
    '',
    ({ tab, manager }) => tab.request((session) => session.rotate(), manager),
    (id) => ({ id, userId: undefined, tokenId, previousTokenId: tokenId })
  ],
  [
    'destroyed',
    'by the request',
    ({ tab, manager }) => tab.request((session) => session.destroy(), manager),
    (id) => ({ id, userId: undefined, by: 'request' })
  ],
  [
    'destroyed',
    'by revoke',
    async ({ tab, manager, id }) => {
      await tab.request((session) => session.login('alice'))
      expect(await manager.revoke(id)).toBe(true)
    },
    (id) => ({ id, userId: 'alice', by: 'revoke' })
  ],
  [
    'destroyed',
    'by revokeAll',
    async ({ tab, manager }) => {
      await tab.request((session) => session.login('alice'))
      expect(await manager.revokeAll('alice')).toBe(1)
    },
    (id) => ({ id, userId: 'alice', by: 'revokeAll' })
  ],
  [
    'expired',
    '',
    async ({ fixture, tab, manager, id }) => {
      const stored = (await fixture.store.get(keyOf(id))) ?? ''
      fixture.now += 3 * 3_600_000
      // As a store with a slow clock would still return it.
      await fixture.store.set(keyOf(id), stored, fixture.now + 1_000_000)
      await tab.open(manager)
    },
    (id) => ({ id, limit: 'idle' })
  ],
  [
    'superseded',
    '',
    async ({ tab, manager }) => {
      const { cookie } = tab
      await tab.request((session) => session.regenerate())
      await manager.open(cookie)
    },
    (id) => ({ id, userId: undefined, withinGrace: true })
  ],
  [
    'dropped',
    'gone',
    (stage) =>
      race(
        stage,
        (session) => session.destroy(),
        ({ data }) => Object.assign(data, { b: 1 })
      ),
    (id) => ({ id, reason: 'gone' })
  ],
  [
    'dropped',
    'detached',
    async ({ tab, manager }) => {
      const { cookie } = tab
      await tab.request((session) => session.regenerate())
      const late = await manager.open(cookie)
      late.data.b = 1
      await manager.commit(late)
    },
    (id) => ({ id, reason: 'detached' })
  ],
  [
    'evicted',
    '',
    async ({ fixture, tab, manager }) => {
      await tab.request((session) => session.login('alice'), manager)
      await fixture.browser().request((session) => session.login('alice'), manager)
    },
    (id) => ({ id, userId: 'alice', by: expect.stringMatching(/^[0-9a-f]{32}$/) })
  ],
  ['swept', '', ({ manager }) => manager.sweep(), () => ({ deleted: 0 })],
  [
    'storeError',
    '',
    async ({ fixture, tab, manager }) => {
      fixture.store.break('error-before')
      await expect(tab.open(manager)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    },
    () => ({ operation: 'get', code: 'STORE_UNAVAILABLE', cause: expect.any(Error) })
  ],
  [
    'cookieSkipped',
    'insecure-transport',
    async ({ manager }) => {
      const session = await manager.open('', { encrypted: false })
      session.data.a = 1
      await manager.commit(session)
    },
    () => ({ reason: 'insecure-transport', hint: expect.stringContaining('X-Forwarded-Proto') })
  ],
  [
    'cookieSkipped',
    'headers-sent',
    async ({ manager }) => {
      const session = await manager.open('')
      await manager.commit(session)
      session.data.a = 1
      await expect(manager.commit(session)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    },
    () => ({ reason: 'headers-sent', hint: 'store before the response starts' })
  ],
  [
    'cacheControlTightened',
    '',
    async ({ manager }) => {
      const session = await manager.open('')
      session.data.a = 1
      await manager.commit(session, { cacheControl: 'public' })
    },
    () => ({ was: 'public' })
  ],
  [
    'commitFailed',
    'unserializable data',
    async ({ tab, manager }) => {
      const session = await tab.open(manager)
      session.data.task = () => undefined
      await expect(manager.commit(session)).rejects.toMatchObject({ code: 'DATA_UNSERIALIZABLE' })
    },
    (id) => ({ id, code: 'DATA_UNSERIALIZABLE' })
  ],
  [
    'commitFailed',
    'error of the application',
    async ({ tab, manager }) => {
      const session = await tab.open(manager)
      void session.update(() => {
        throw new TypeError('a fault of the handler')
      })
      await expect(manager.commit(session)).rejects.toThrow('a fault of the handler')
    },
    (id) => ({ id, code: undefined })
  ]
]

async function setTheStage(choose: (fixture: Fixture) => SessionManager): Promise<Stage> {
  const fixture = createFixture({ maxSessionsPerUser: 1 })
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  const { id } = await tab.open()
  fixture.eventTypes()
  return { fixture, manager: choose(fixture), tab, id }
}

describe('every kind of event', () => {
  it.each(happenings)('%s %s is reported', async (type, _, happen, facts) => {
    const stage = await setTheStage(({ manager }) => manager)
    const { length } = stage.fixture.events
    await happen(stage)
    expect(stage.fixture.events.slice(length)).toContainEqual({ type, ...facts(stage.id) })
  })

  it.each(happenings)('%s %s has the same effect without an event handler', async (_type, _, happen) => {
    const stage = await setTheStage((fixture) => fixture.silent())
    await happen(stage)
  })
})

describe('the events of an audit', () => {
  it('The loggedIn event has the tokenIds before and after, as the sessions of the two requests have them', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const { tokenId: before } = await tab.open()
    await tab.request((session) => session.login('alice'))
    const { tokenId: after, id } = await tab.open()
    expect(before).not.toBe(after)
    expect(fixture.events).toContainEqual({
      type: 'loggedIn',
      id,
      userId: 'alice',
      tokenId: after,
      previousTokenId: before
    })
  })
})
