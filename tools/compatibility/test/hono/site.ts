import { getRequestListener } from '@hono/node-server'
import { createMemoryStore, type Session } from '@kvsession/core'
import { type SessionVariables, session } from '@kvsession/hono'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Platform } from '../../src/compare.ts'
import { load } from '../load.ts'
import { type Scenario as CommonScenario, type Site as CommonSite, createPlatform } from '../scenario.ts'
import { secret } from '../serve.ts'

/** What both session libraries can do, each by its own API. */
interface SessionAccess {
  readonly middleware: MiddlewareHandler
  readonly cookieName: string
  read(c: Context, key: string): unknown
  write(c: Context, key: string, value: unknown): void
  /** A new token for a login. */
  renew(c: Context): unknown
  end(c: Context): unknown
}

export interface Parts extends SessionAccess {
  readonly app: Hono
}

export type Site = CommonSite<Parts>
export type Scenario = CommonScenario<Parts>

export function createHonoPlatform(scenarios: readonly Scenario[]): Platform {
  return createPlatform({ name: 'Hono 4', peer: 'hono-sessions' }, scenarios, (sessions) => {
    const access = sessions === 'ours' ? createOurs() : createPeer()
    const app = new Hono()
    app.onError(respondToError)
    return {
      parts: { app, ...access },
      server: (req, res) => void getRequestListener(app.fetch)(req, res),
      cookieName: access.cookieName,
      useSession: () => void app.use(access.middleware),
      finish: () => void app.get('/', (c) => c.json({ views: count(access, c) }))
    }
  })
}

function createOurs(): SessionAccess {
  const manage = session({ store: createMemoryStore(), secret, cookie: { secure: false } })
  const sessionOf = (c: Context<{ Variables: SessionVariables }>): Session => c.get('session')
  return {
    middleware: asMiddleware(manage),
    cookieName: 'sid',
    read: (c, key) => sessionOf(c).data[key],
    write: (c, key, value) => {
      sessionOf(c).data[key] = value
    },
    renew: (c) => sessionOf(c).regenerate(),
    end: (c) => sessionOf(c).destroy()
  }
}

/** The adapter's types come from the root's installation of Hono, those of the application from the one beside it. */
function asMiddleware(middleware: unknown): MiddlewareHandler {
  return middleware as MiddlewareHandler
}

/** What the scenarios use of hono-sessions. */
interface PeerSession {
  get(key: string): unknown
  set(key: string, value: unknown): void
  deleteSession(): void
}

/** Without a key for its cookie: with one every response gives the same session another value. */
function createPeer(): SessionAccess {
  const { sessionMiddleware, MemoryStore } = load<{
    sessionMiddleware(options: object): MiddlewareHandler
    MemoryStore: new () => object
  }>('hono-sessions')
  const sessionOf = (c: Context): PeerSession => c.get('session')
  return {
    middleware: sessionMiddleware({
      store: new MemoryStore(),
      expireAfterSeconds: 3_600,
      cookieOptions: { path: '/', httpOnly: true }
    }),
    cookieName: 'session',
    read: (c, key) => sessionOf(c).get(key) ?? undefined,
    write: (c, key, value) => sessionOf(c).set(key, value),
    renew: (c) => c.set('session_key_rotation', true),
    end: (c) => sessionOf(c).deleteSession()
  }
}

/** Hono's own exceptions know their response. */
function respondToError(error: Error, c: Context): Response {
  return error instanceof HTTPException ? error.getResponse() : c.text(`error: ${error.message}`, 500)
}

/** Counts a view in the session. */
export function count({ read, write }: Pick<SessionAccess, 'read' | 'write'>, c: Context): number {
  const views = Number(read(c, 'views') ?? 0) + 1
  write(c, 'views', views)
  return views
}
