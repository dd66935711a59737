import {
  applyHeaders,
  createMemoryStore,
  createSessionManager,
  type HeaderList,
  type KeyValueStore,
  type Session,
  type SessionEvent,
  type SessionManager,
  type SessionManagerOptions
} from '../../src/index.ts'
import { createFaultyStore, type FaultyStore } from './faulty-store.ts'

export const secret = 'a secret for tests that is long enough'
export const start: number = Date.UTC(2026, 0, 1)

/** A client with one cookie, as a browser keeps it. */
export interface Browser {
  cookie: string
  open(through?: SessionManager): Promise<Session>
  /** Commits, and keeps the cookie of the response. */
  commit(session: Session, through?: SessionManager): Promise<HeaderList>
  /** One whole request. */
  request(handle: (session: Session) => unknown, through?: SessionManager): Promise<HeaderList>
  receive(headers: HeaderList): void
}

export interface Fixture {
  readonly store: FaultyStore
  readonly manager: SessionManager
  readonly events: SessionEvent[]
  now: number
  /** Another manager on the same store, as another process would have. */
  another(options?: Partial<SessionManagerOptions>): SessionManager
  /** A manager without an event handler. */
  silent(options?: Partial<SessionManagerOptions>): SessionManager
  browser(cookie?: string): Browser
  /** The types of the events since the last call. */
  eventTypes(): string[]
}

/** A manager on a store with faults on request, with a clock that stands still until it is moved. */
export function createFixture(options: Partial<SessionManagerOptions> = {}, inner?: KeyValueStore): Fixture {
  const events: SessionEvent[] = []
  const time = { now: start }
  const clock = { now: () => time.now, sleep: () => Promise.resolve() }
  const memory = inner ?? createMemoryStore({ clock })
  const { compareAndSet } = memory
  if (!compareAndSet) throw new TypeError('an atomic store')
  const store = createFaultyStore({ ...memory, compareAndSet })
  const another: Fixture['another'] = (more = {}) =>
    createSessionManager({ store, secret, clock, onEvent: (event) => events.push(event), ...options, ...more })
  const silent: Fixture['silent'] = (more = {}) => {
    const { onEvent: _, ...rest } = { ...options, ...more }
    return createSessionManager({ store, secret, clock, ...rest })
  }
  let seen = 0
  const manager = another()
  const fixture: Fixture = {
    store,
    manager,
    events,
    get now() {
      return time.now
    },
    set now(value) {
      time.now = value
    },
    another,
    silent,
    browser: (cookie = '') => createBrowser(manager, cookie),
    eventTypes() {
      const types = events.slice(seen).map((event) => event.type)
      seen = events.length
      return types
    }
  }
  return fixture
}

function createBrowser(manager: SessionManager, cookie: string): Browser {
  const browser: Browser = {
    cookie,
    open: (through = manager) => through.open(browser.cookie),
    async commit(session, through = manager) {
      const { headers } = await through.commit(session)
      browser.receive(headers)
      return headers
    },
    async request(handle, through = manager) {
      const session = await browser.open(through)
      await handle(session)
      return browser.commit(session, through)
    },
    receive(headers) {
      const target = new Headers()
      applyHeaders(headers, target)
      for (const line of target.getSetCookie()) {
        browser.cookie = line.includes('Max-Age=0') ? '' : (line.split(';')[0] ?? '')
      }
    }
  }
  return browser
}

/** The `Set-Cookie` of a header list, if there is one. */
export function setCookieOf(headers: HeaderList): string | undefined {
  return headers.find(([name]) => name === 'Set-Cookie')?.[1]
}

/** A gate that opens once. */
export function createGate(): { readonly gate: Promise<void>; open(): void } {
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  return { gate, open: () => open() }
}
