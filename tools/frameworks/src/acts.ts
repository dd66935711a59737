import assert from 'node:assert/strict'
import { createVisitor, type Visitor, type VisitorResponse } from './visitor.ts'

/** What an example shows of a visitor's session. */
export interface SessionView {
  readonly user: string | null
  readonly items: readonly string[]
  /** Whether the change that the stream makes after its first chunk is stored. */
  readonly streamed: boolean
}

/** How the acts reach an example. The routes of most examples are those of {@link routes}. */
export interface Driver {
  logIn(visitor: Visitor, user: string): Promise<VisitorResponse>
  addItem(visitor: Visitor, item: string): Promise<VisitorResponse>
  /** Reads a response, or a socket, that changes the session after its first chunk. */
  stream(visitor: Visitor): Promise<VisitorResponse>
  /** Logs `bob` in, then fails. */
  failAfterLogin(visitor: Visitor): Promise<VisitorResponse>
  view(visitor: Visitor): Promise<SessionView>
  /** What becomes of the change that the stream makes. Default `'stored'`. */
  readonly lateChange?: 'stored' | 'refused'
  /** Where a failed request says so. Default `'status'`: 400 or more. */
  readonly failureIn?: 'status' | 'body'
  /** Acts of this example alone. */
  readonly more?: readonly Act[]
  /** The scripts that start the example, each of which plays all acts. Default: `start`. */
  readonly scripts?: readonly string[]
}

export interface Act {
  readonly name: string
  run(application: ApplicationUnderTest): Promise<void>
}

export interface ApplicationUnderTest {
  readonly driver: Driver
  readonly url: string
  /** What the application has printed so far. */
  output(): string
}

/**
 * `POST /login` (form `user`), `POST /items` (form `item`), `GET /stream`, `POST /fail`, and `GET /session`, which responds with
 * a {@link SessionView} as JSON.
 */
export const routes: Driver = {
  logIn: (visitor, user) => visitor.send('/login', { form: { user } }),
  addItem: (visitor, item) => visitor.send('/items', { form: { item } }),
  stream: (visitor) => visitor.send('/stream'),
  failAfterLogin: (visitor) => visitor.send('/fail', { form: {} }),
  async view(visitor) {
    const { status, body } = await visitor.send('/session')
    assert.equal(status, 200, `GET /session: ${body}`)
    return readView(body)
  }
}

export function readView(json: string): SessionView {
  const view: unknown = JSON.parse(json)
  assert.ok(typeof view === 'object' && view !== null, json)
  const { user, items, streamed }: Partial<Record<keyof SessionView, unknown>> = view
  assert.ok(user === null || typeof user === 'string', json)
  assert.ok(Array.isArray(items), json)
  assert.equal(typeof streamed, 'boolean', json)
  return { user, items: items.map(String), streamed: streamed === true }
}

const parallelWrites = 10

/** The four acts that each example plays, in the order in which they run. */
export const acts: readonly Act[] = [
  {
    name: 'a visitor logs in, gets a new cookie, and is known to the next request',
    async run({ driver, url }) {
      const visitor = createVisitor(url)
      assertAccepted(await driver.addItem(visitor, 'before'))
      const before = visitor.jar.header('/')
      assert.notEqual(before, '', 'the first write set no cookie')
      assertAccepted(await driver.logIn(visitor, 'alice'))
      assert.notEqual(visitor.jar.header('/'), before, 'the login set no new cookie')
      const { user, items } = await driver.view(visitor)
      assert.equal(user, 'alice')
      assert.deepEqual(items, ['before'])
      assert.equal((await driver.view(createVisitor(url))).user, null, 'another visitor is logged in')
    }
  },
  {
    name: 'parallel writes of one visitor survive, all of them',
    async run({ driver, url }) {
      const visitor = createVisitor(url)
      assertAccepted(await driver.logIn(visitor, 'alice'))
      const items = Array.from({ length: parallelWrites }, (_, index) => `item-${index}`)
      const responses = await Promise.all(items.map((item) => driver.addItem(visitor, item)))
      for (const response of responses) assertAccepted(response)
      assert.deepEqual([...(await driver.view(visitor)).items].sort(), items)
    }
  },
  {
    name: 'a change that a stream makes after the response has started is stored, or refused with a message',
    async run({ driver, url, output }) {
      const visitor = createVisitor(url)
      assertAccepted(await driver.logIn(visitor, 'alice'))
      assertAccepted(await driver.stream(visitor))
      const { streamed } = await driver.view(visitor)
      if (driver.lateChange !== 'refused') return assert.equal(streamed, true, 'the late change is lost')
      assert.equal(streamed, false, 'the late change is stored: say so in the driver')
      assert.match(output(), /dropped.*late|HEADERS_SENT/s, 'the late change is lost without a message')
    }
  },
  {
    name: 'an error after the login still delivers the cookie of the login',
    async run({ driver, url }) {
      const visitor = createVisitor(url)
      assertAccepted(await driver.addItem(visitor, 'before'))
      const { status, body } = await driver.failAfterLogin(visitor)
      if (driver.failureIn === 'body') assert.match(body, /"errors":/)
      else assert.ok(status >= 400, `the failing request got ${status}`)
      assert.equal((await driver.view(visitor)).user, 'bob', 'the cookie of the login is lost')
    }
  }
]

function assertAccepted({ status, body }: VisitorResponse): void {
  assert.ok(status < 400, `the response is ${status}: ${body.slice(0, 500)}`)
}
