import type { IncomingMessage, ServerResponse } from 'node:http'
import { createMemoryStore } from '@kvsession/core'
import { session } from '@kvsession/koa'
import type { Middleware } from 'koa'
import type { Platform } from '../../src/compare.ts'
import { load } from '../load.ts'
import { type Scenario as CommonScenario, type Site as CommonSite, createPlatform } from '../scenario.ts'
import { secret } from '../serve.ts'

/** `ctx.session` as koa-session documents it. */
export interface ContextSession {
  [key: string]: unknown
  readonly isNew: boolean
  maxAge: number | 'session'
  save(callback?: (error?: unknown) => void): unknown
  regenerate(callback?: (error?: unknown) => void): unknown
}

export interface Context {
  get session(): ContextSession
  set session(value: object | null)
  readonly path: string
  readonly method: string
  readonly state: Record<string, unknown>
  readonly query: Readonly<Record<string, string>>
  readonly request: { body?: unknown }
  readonly host: string
  status: number
  body: unknown
  redirect(location: string): void
  throw(status: number): never
}

export type Handler = (ctx: Context, next: () => Promise<unknown>) => unknown

/** What the scenarios use of a Koa application. */
export interface App {
  keys: readonly string[]
  silent: boolean
  use(handler: Handler): void
  use(handler: Middleware): void
  use(handler: Handler | Middleware): void
  callback(): (req: IncomingMessage, res: ServerResponse) => void
}

/** What a scenario mounts itself on. */
export interface Parts {
  readonly app: App
  /** The session middleware, ours or koa-session; mounted by the platform. */
  readonly session: Handler | Middleware
}

export type Site = CommonSite<Parts>
export type Scenario = CommonScenario<Parts>

/** Koa in one of its versions. @param module the name that it is installed under. */
export function createKoaPlatform(name: string, module: string, scenarios: readonly Scenario[]): Platform {
  const Koa = load<(new () => App) & { readonly default?: new () => App }>(module)
  const Application = Koa.default ?? Koa
  return createPlatform({ name, peer: 'koa-session' }, scenarios, (sessions) => {
    const app = new Application()
    app.silent = true
    const ours = (): Middleware => session({ store: createMemoryStore(), secret, cookie: { secure: false } })
    const handler = sessions === 'ours' ? ours() : createPeer(app)
    return {
      parts: { app, session: handler },
      server: (req, res) => app.callback()(req, res),
      cookieName: sessions === 'ours' ? 'sid' : 'koa.sess',
      useSession: () => app.use(handler),
      finish: () => route(app, { '/': count })
    }
  })
}

/** With a store, as here: without one it keeps the data in the cookie. */
function createPeer(app: App): Handler {
  const { createSession } = load<{ createSession(options: object, app: App): Handler }>('koa-session')
  const records = new Map<string, unknown>()
  app.keys = [secret]
  const store = {
    get: async (key: string) => records.get(key),
    set: async (key: string, value: unknown) => void records.set(key, JSON.parse(JSON.stringify(value))),
    destroy: async (key: string) => void records.delete(key)
  }
  return createSession({ store, key: 'koa.sess' }, app)
}

export type Routes = Readonly<Record<string, (ctx: Context) => unknown>>

/** Responds by path. */
export function route(app: App, routes: Routes): void {
  app.use((ctx, next) => (routes[ctx.path] ?? next)(ctx))
}

/** Counts a view in the session and responds with the number. */
export function count(ctx: Context): void {
  ctx.session.views = Number(ctx.session.views ?? 0) + 1
  ctx.body = { views: ctx.session.views }
}
