import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Browser, createFixture, type Fixture } from '../support/fixture.ts'

/** The state of a session in the reference model: only data, user and times. */
interface ModelSession {
  data: Record<string, number>
  userId: string | undefined
  createdAt: number
  lastSeenAt: number
}

interface Model {
  readonly sessions: Map<Browser, ModelSession>
  /** Cookies that a login, a regenerate or a logout has invalidated. */
  readonly ended: { readonly cookie: string; readonly owner: Browser }[]
}

interface Real {
  readonly fixture: Fixture
  readonly browsers: readonly Browser[]
}

type Command = (model: Model, real: Real, browser: Browser) => Promise<void>

const hour = 3_600_000
const minute = 60_000

/** The session of a browser, if it has not expired; a use moves lastSeenAt as a touch or a write does. */
function liveSession(model: Model, { fixture }: Real, browser: Browser, writes: boolean): ModelSession | undefined {
  const session = model.sessions.get(browser)
  if (!session) return undefined
  const over = fixture.now >= session.lastSeenAt + hour || fixture.now >= session.createdAt + 24 * hour
  if (over) {
    model.sessions.delete(browser)
    return undefined
  }
  if (writes || fixture.now - session.lastSeenAt >= minute) session.lastSeenAt = fixture.now
  return session
}

function newSession({ fixture }: Real): ModelSession {
  return { data: {}, userId: undefined, createdAt: fixture.now, lastSeenAt: fixture.now }
}

const read: Command = async (model, real, browser) => {
  const expected = liveSession(model, real, browser, false)
  await browser.request((session) => {
    expect({ data: session.data, userId: session.userId, isNew: session.isNew }).toEqual({
      data: expected?.data ?? {},
      userId: expected?.userId,
      isNew: expected === undefined
    })
  })
}

const write =
  (key: string, value: number): Command =>
  async (model, real, browser) => {
    const before = model.sessions.get(browser)
    const same = before !== undefined && before.data[key] === value
    const session = liveSession(model, real, browser, !same) ?? newSession(real)
    session.data[key] = value
    model.sessions.set(browser, session)
    await browser.request(({ data }) => {
      data[key] = value
    })
  }

const remove =
  (key: string): Command =>
  async (model, real, browser) => {
    const had = model.sessions.get(browser)?.data[key] !== undefined
    const session = liveSession(model, real, browser, had)
    if (session) delete session.data[key]
    await browser.request(({ data }) => {
      delete data[key]
    })
  }

const increment: Command = async (model, real, browser) => {
  const session = liveSession(model, real, browser, true) ?? newSession(real)
  session.data.count = (session.data.count ?? 0) + 1
  model.sessions.set(browser, session)
  await browser.request((real) =>
    real.update((data) => {
      data.count = Number(data.count ?? 0) + 1
    })
  )
}

const login =
  (userId: string, keepData: boolean): Command =>
  async (model, real, browser) => {
    const before = liveSession(model, real, browser, true)
    const keeps = before?.userId === userId || (before?.userId === undefined && keepData)
    if (before) model.ended.push({ cookie: browser.cookie, owner: browser })
    model.sessions.set(browser, { ...newSession(real), data: keeps ? { ...before?.data } : {}, userId })
    await browser.request((session) => session.login(userId, { keepData }))
  }

const regenerate: Command = async (model, real, browser) => {
  if (liveSession(model, real, browser, true)) model.ended.push({ cookie: browser.cookie, owner: browser })
  await browser.request((session) => session.regenerate())
}

const rotate: Command = async (model, real, browser) => {
  liveSession(model, real, browser, true)
  await browser.request((session) => session.rotate())
  // The new token is used at once, which ends the old one after the grace window.
  await browser.request(() => {})
}

const destroy: Command = async (model, real, browser) => {
  if (liveSession(model, real, browser, false)) model.ended.push({ cookie: browser.cookie, owner: browser })
  model.sessions.delete(browser)
  await browser.request((session) => session.destroy())
}

const revokeAll =
  (userId: string): Command =>
  async (model, real) => {
    let expected = 0
    for (const browser of real.browsers) {
      const session = model.sessions.get(browser)
      if (session?.userId !== userId) continue
      const live = real.fixture.now < session.lastSeenAt + hour && real.fixture.now < session.createdAt + 24 * hour
      if (live) expected++
      model.sessions.delete(browser)
    }
    expect(await real.fixture.manager.revokeAll(userId)).toBe(expected)
  }

const list =
  (userId: string): Command =>
  async (model, real) => {
    const expected = [...model.sessions.values()].filter(
      (session) =>
        session.userId === userId &&
        real.fixture.now < session.lastSeenAt + hour &&
        real.fixture.now < session.createdAt + 24 * hour
    )
    const listed = await real.fixture.manager.list({ userId })
    const dataOf = (sessions: readonly { data: object }[]): string[] =>
      sessions.map(({ data }) => JSON.stringify(Object.entries(data).sort())).sort()
    expect(dataOf(listed)).toEqual(dataOf(expected))
  }

const replay =
  (pick: number): Command =>
  async (model, { fixture }) => {
    const old = model.ended[pick % Math.max(1, model.ended.length)]
    if (!old) return
    const session = await fixture.browser(old.cookie).open()
    expect({ data: session.data, userId: session.userId }).toEqual({ data: {}, userId: undefined })
  }

const tamper =
  (at: number): Command =>
  async (_, { fixture }, browser) => {
    if (browser.cookie === '') return
    const position = '__Host-sid='.length + (at % 76)
    const other = browser.cookie[position] === 'A' ? 'B' : 'A'
    const cookie = browser.cookie.slice(0, position) + other + browser.cookie.slice(position + 1)
    const { calls, result } = await fixture.store.during(() => fixture.browser(cookie).open())
    expect([calls.length, result.isNew]).toEqual([0, true])
  }

const advance =
  (milliseconds: number): Command =>
  async (_, { fixture }) => {
    fixture.now += milliseconds
  }

const outage: Command = async (model, { fixture }, browser) => {
  if (browser.cookie === '') return
  const known = model.sessions.get(browser)
  fixture.store.break('error-before')
  const opened = browser.open().then(
    () => 'opened',
    () => 'refused'
  )
  // A cookie that is too old is refused without a store read.
  if (known && fixture.now < known.createdAt + 24 * hour) expect(await opened).toBe('refused')
  else await opened
  fixture.store.break(undefined)
}

const key = fc.constantFrom('a', 'b', '__proto__x', 'c')
const user = fc.constantFrom('alice', 'bob')

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(read) },
  { weight: 4, arbitrary: fc.tuple(key, fc.integer({ min: 0, max: 3 })).map(([k, v]) => write(k, v)) },
  { weight: 2, arbitrary: key.map(remove) },
  { weight: 2, arbitrary: fc.constant(increment) },
  { weight: 3, arbitrary: fc.tuple(user, fc.boolean()).map(([id, keep]) => login(id, keep)) },
  { weight: 2, arbitrary: fc.constant(regenerate) },
  { weight: 1, arbitrary: fc.constant(rotate) },
  { weight: 1, arbitrary: fc.constant(destroy) },
  { weight: 1, arbitrary: user.map(revokeAll) },
  { weight: 2, arbitrary: user.map(list) },
  { weight: 2, arbitrary: fc.nat().map(replay) },
  { weight: 1, arbitrary: fc.nat().map(tamper) },
  { weight: 3, arbitrary: fc.constantFrom(1_000, 59_999, 60_000, 1_800_000, hour - 1, hour, 5 * hour).map(advance) },
  { weight: 1, arbitrary: fc.constant(outage) }
)

describe('the manager against a model that only knows data, users and times', () => {
  it('The manager behaves as the model in every sequence of requests', async () => {
    const numRuns = Number(process.env.KVSESSION_MODEL_RUNS ?? 500)
    const step = fc.tuple(fc.nat({ max: 2 }), command)
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 80 }), async (steps) => {
        const fixture = createFixture()
        const browsers = [fixture.browser(), fixture.browser(), fixture.browser()]
        const model: Model = { sessions: new Map(), ended: [] }
        for (const [index, act] of steps) {
          const browser = browsers[index]
          if (browser) await act(model, { fixture, browsers }, browser)
        }
      }),
      { numRuns }
    )
  }, 120_000)
})
