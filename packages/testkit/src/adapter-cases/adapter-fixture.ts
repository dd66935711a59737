import assert from 'node:assert/strict'
import {
  createSessionManager,
  type KeyValueStore,
  type SessionEvent,
  type SessionManager,
  type SessionManagerOptions,
  systemClock
} from '@kvsession/core'
import type { AdapterExchange, CreateApp, RunningApp } from '../app-under-test.ts'
import { type ClientAnswer, type CookieJarClient, createCookieJarClient } from '../cookie-jar-client.ts'
import { createGate } from '../gate.ts'
import { createRecordingStore, type RecordingStore } from '../recording-store.ts'
import type { TestClock } from '../test-clock.ts'

/** One handler per path, for `GET`, `HEAD` and `POST`. */
export type Routes = Readonly<Record<string, (exchange: AdapterExchange) => unknown>>

/** One application under test, with its store and its browsers. */
export interface AdapterSite {
  readonly store: RecordingStore
  readonly clock: TestClock
  readonly events: readonly SessionEvent[]
  readonly manager: SessionManager
  /** Of the application, without a trailing slash. */
  readonly url: string
  /** A browser on the same machine, over plain HTTP: the cookie is `sid`. */
  browser(): CookieJarClient
  /** A browser that uses HTTPS, through a proxy that terminates TLS: the cookie is `__Host-sid`. */
  httpsBrowser(headers?: Readonly<Record<string, string>>): CookieJarClient
  /** Asserts that `response` has not arrived although the application had time to send it. */
  stillWaiting(response: Promise<unknown>): Promise<void>
  /** The number of sessions in the store. */
  sessions(): Promise<number>
}

export interface AdapterFixture {
  /** The request header that carries the token, in lower case. */
  readonly tokenHeader: 'cookie' | 'authorization'
  /** Starts an application. Several applications share one store, like several processes. */
  serve(routes: Routes, options?: Partial<SessionManagerOptions>): Promise<AdapterSite>
  close(): Promise<void>
}

export interface AdapterCaseDefinition {
  readonly name: string
  /** The case concerns one transport alone. Default: both. */
  readonly transport?: 'cookie' | 'bearer'
  /** The case needs an adapter that can detect the end of a response. */
  readonly needsResponseEnd?: boolean
  check(fixture: AdapterFixture): Promise<void>
}

export const cookieName = 'sid'
export const secret = 'the adapter suite signs its tokens with this'

/** Routes that every case can use besides its own. */
const commonRoutes: Routes = {
  '/ping': ({ send }) => send(200, 'pong'),
  '/read': ({ session, send }) => send(200, JSON.stringify(session.data)),
  '/who': ({ session, send }) => send(200, session.userId ?? 'nobody'),
  '/start': ({ session, send }) => {
    session.data.started = true
    return send(200, 'started')
  },
  '/login': async ({ session, send }) => {
    await session.login('alice')
    return send(200, 'welcome')
  },
  '/logout': async ({ session, send }) => {
    await session.destroy()
    return send(200, 'bye')
  }
}

export interface AdapterFixtureOptions {
  readonly createApp: CreateApp
  readonly clock: TestClock
  readonly store: KeyValueStore
  readonly transport: 'cookie' | 'bearer'
}

export function createAdapterFixture({
  createApp,
  clock,
  store: inner,
  transport
}: AdapterFixtureOptions): AdapterFixture {
  const store = createRecordingStore(inner)
  const apps: RunningApp[] = []

  return {
    tokenHeader: transport === 'bearer' ? 'authorization' : 'cookie',
    async serve(routes, options = {}) {
      const events: SessionEvent[] = []
      const manager = createSessionManager({
        store,
        secret,
        storeTimeout: 15_000,
        clock: { now: () => clock.now(), sleep: systemClock.sleep },
        onEvent: (event) => events.push(event),
        ...(transport === 'bearer' && { transport }),
        ...options
      })
      const all: Routes = { ...commonRoutes, ...routes }
      const app = await createApp({
        manager,
        async handle(exchange) {
          const route = all[exchange.path]
          if (route) await route(exchange)
          else await exchange.send(404, 'no such route')
        }
      })
      apps.push(app)
      const now = (): number => clock.now()
      const browser = (): CookieJarClient => createCookieJarClient(app.url, { now, transport })
      return {
        store,
        clock,
        events,
        manager,
        url: app.url,
        browser,
        httpsBrowser: (headers = { 'x-forwarded-proto': 'https' }) =>
          createCookieJarClient(app.url, { host: 'shop.example', encrypted: true, headers, now, transport }),
        async stillWaiting(response) {
          let settled = false
          const settle = (): void => {
            settled = true
          }
          void response.then(settle, settle)
          const other = browser()
          for (let round = 0; round < 5; round++) await other.get('/ping')
          assert.equal(settled, false, 'the response arrived too early')
        },
        async sessions() {
          let count = 0
          for await (const _ of manager.list()) count++
          return count
        }
      }
    },
    async close() {
      store.recover()
      for (const app of apps) await app.close()
    }
  }
}

/** A route that reports its start and then waits for `proceed`. */
export interface SlowRoute {
  readonly begun: Promise<void>
  proceed(): void
  readonly route: (exchange: AdapterExchange) => Promise<void>
}

export function slowRoute(
  work: (exchange: AdapterExchange) => unknown,
  before?: (exchange: AdapterExchange) => unknown
): SlowRoute {
  const begun = createGate()
  const gate = createGate()
  return {
    begun: begun.passed,
    proceed: gate.open,
    async route(exchange) {
      await before?.(exchange)
      begun.open()
      await gate.passed
      await work(exchange)
      await exchange.send(200, 'late')
    }
  }
}

/** The values of the session cookie that a response sets; '' for a cleared cookie. */
export function ourCookies({ setCookies }: Pick<ClientAnswer, 'setCookies'>): string[] {
  return setCookies
    .filter((header) => /^(?:__Host-)?sid=/.test(header))
    .map((header) => header.replace(/^[^=]*=([^;]*).*$/, '$1'))
}

export function assertNoCookie(response: Pick<ClientAnswer, 'setCookies'>): void {
  assert.deepEqual(ourCookies(response), [], 'the response sets the session cookie')
}

export function assertFailed(response: ClientAnswer): void {
  assert.ok(response.status >= 500, `expected a server error, got ${response.status}`)
}
