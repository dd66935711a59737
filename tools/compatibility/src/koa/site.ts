import type { IncomingMessage, ServerResponse } from 'node:http'
import { createMemoryStore } from '@kvsession/core'
import { session } from '@kvsession/koa'
import type { Middleware } from 'koa'
import { load } from '../load.ts'
import { createPlatform, type Opened, type Platform, type Scenario, type Sessions } from '../scenario.ts'
import { secret, serve } from '../serve.ts'

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

export interface Site {
  readonly app: App
  /** The session middleware, ours or koa-session. */
  readonly session: Handler | Middleware
  /** Closes what the scenario has opened beside the server. */
  onClose(close: () => Promise<void>): void
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

/** Koa in one of its versions. @param module the name that it is installed under. */
export function createKoaPlatform(name: string, module: string, scenarios: readonly Scenario<Site>[]): Platform {
  const Koa = load<(new () => App) & { readonly default?: new () => App }>(module)
  const Application = Koa.default ?? Koa
  return createPlatform({ name, peer: 'koa-session' }, scenarios, (scenario, sessions) =>
    openSite(new Application(), scenario, sessions)
  )
}

async function openSite(app: App, scenario: Scenario<Site>, sessions: Sessions): Promise<Opened> {
  app.silent = true
  const closing: (() => Promise<void>)[] = []
  const ours = (): Middleware => session({ store: createMemoryStore(), secret, cookie: { secure: false } })
  await scenario.mount({
    app,
    session: sessions === 'ours' ? ours() : createPeer(app),
    onClose: (task) => closing.push(task)
  })
  const { url, close } = await serve(app.callback())
  return {
    url,
    cookieName: sessions === 'ours' ? 'sid' : 'koa.sess',
    async close() {
      for (const task of [...closing, close]) await task()
    }
  }
}
