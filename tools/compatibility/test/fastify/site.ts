import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createMemoryStore } from '@kvsession/core'
import { session } from '@kvsession/fastify'
import type { Platform } from '../../src/compare.ts'
import { load } from '../load.ts'
import { type Scenario as CommonScenario, type Site as CommonSite, createPlatform } from '../scenario.ts'
import { secret } from '../serve.ts'

/** `request.session` as @fastify/session documents it. */
export interface RequestSession {
  [key: string]: unknown
  readonly sessionId: string
  readonly cookie: { maxAge?: number | null; readonly path?: string; readonly httpOnly?: boolean }
  get(key: string): unknown
  set(key: string, value: unknown): void
  save(): Promise<unknown>
  save(callback: (error?: unknown) => void): void
  reload(): Promise<unknown>
  regenerate(keep?: readonly string[]): Promise<unknown>
  destroy(): Promise<unknown>
  destroy(callback: (error?: unknown) => void): void
}

export interface Request {
  get session(): RequestSession
  set session(value: object | null)
  readonly headers: IncomingHttpHeaders
  readonly user?: unknown
}

export interface Reply {
  code(status: number): this
  send(body?: unknown): this
  redirect(location: string): this
}

export type Handler = (request: Request, reply: Reply) => unknown

interface RouteHooks {
  readonly preValidation?: unknown
  readonly preHandler?: unknown
}

/** What the scenarios use of a Fastify instance. */
export interface App {
  register(plugin: unknown, options?: object): unknown
  addHook(name: 'onRequest', hook: (request: Request) => Promise<void>): unknown
  setErrorHandler(
    handler: (error: Error & { readonly statusCode?: number }, request: Request, reply: Reply) => void
  ): void
  get(path: string, handler: Handler): unknown
  get(path: string, hooks: RouteHooks, handler: Handler): unknown
  post(path: string, hooks: RouteHooks, handler: Handler): unknown
  hasRoute(route: { readonly method: string; readonly url: string }): boolean
  ready(): PromiseLike<unknown>
  routing(req: IncomingMessage, res: ServerResponse): void
}

/** What a scenario mounts itself on. */
export interface Parts {
  readonly app: App
}

export type Site = CommonSite<Parts>
export type Scenario = CommonScenario<Parts>

export function createFastifyPlatform(scenarios: readonly Scenario[]): Platform {
  const createFastify = load<() => App>('fastify')
  return createPlatform({ name: 'Fastify 5', peer: '@fastify/session' }, scenarios, (sessions) => {
    const app = createFastify()
    app.setErrorHandler(respondToError)
    return {
      parts: { app },
      server: (req, res) => app.routing(req, res),
      cookieName: sessions === 'ours' ? 'sid' : 'sessionId',
      useSession: () => (sessions === 'ours' ? registerOurs(app) : registerPeer(app)),
      async finish() {
        route(app, (routes) => {
          if (!routes.hasRoute({ method: 'GET', url: '/' })) routes.get('/', count)
        })
        await app.ready()
      }
    }
  })
}

function registerOurs(app: App): void {
  app.register(session, { store: createMemoryStore(), secret, cookie: { secure: false } })
}

/** Visitors who store nothing get no record, as here. */
function registerPeer(app: App): void {
  app.register(load('@fastify/cookie'))
  app.register(load('@fastify/session'), { secret, saveUninitialized: false, cookie: { secure: false } })
}

/** Adds routes behind the plugins that were registered before. */
export function route(app: App, add: (routes: App) => void): void {
  app.register(async (routes: App) => add(routes))
}

/** Without a code of the error, which both libraries name in their own way. */
function respondToError(error: Error & { readonly statusCode?: number }, _request: Request, reply: Reply): void {
  reply.code(error.statusCode ?? 500).send(`error: ${error.message}`)
}

/** Counts a view in the session, and responds with the number. */
export function count({ session: data }: Request): object {
  data.views = Number(data.views ?? 0) + 1
  return { views: data.views }
}
