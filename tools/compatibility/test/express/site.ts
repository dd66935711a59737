import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createMemoryStore } from '@kvsession/core'
import { session } from '@kvsession/express'
import type { Platform } from '../../src/compare.ts'
import { load } from '../load.ts'
import { type Scenario as CommonScenario, type Site as CommonSite, createPlatform } from '../scenario.ts'
import { secret } from '../serve.ts'

type Done = (error?: unknown) => void

/** `req.session` as express-session documents it. */
export interface RequestSession {
  [key: string]: unknown
  readonly id: string
  readonly cookie: {
    maxAge: number | null
    expires: Date | null
    readonly originalMaxAge: number | null
    readonly path: string
  }
  save(done?: Done): unknown
  reload(done: Done): unknown
  regenerate(done: Done): unknown
  destroy(done?: Done): unknown
  touch(): unknown
}

export interface Request extends IncomingMessage {
  get session(): RequestSession
  set session(value: null | undefined | object)
  readonly sessionID: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, string>>
  readonly user?: unknown
}

export interface Response extends ServerResponse {
  readonly locals: Record<string, unknown>
  send(body: unknown): void
  json(body: unknown): void
  status(code: number): this
  redirect(location: string): void
  set(name: string, value: string): this
  cookie(name: string, value: string): this
}

export type Next = (error?: unknown) => void
export type Handler = (req: Request, res: Response, next: Next) => unknown
type ErrorHandler = (error: Error & { readonly code?: string }, req: Request, res: Response, next: Next) => unknown

/** What the scenarios use of an Express application. */
export interface App {
  (req: IncomingMessage, res: ServerResponse): void
  use(...handlers: readonly Handler[]): void
  use(path: string, ...handlers: readonly Handler[]): void
  use(handler: ErrorHandler): void
  get(path: string, ...handlers: readonly Handler[]): void
  post(path: string, ...handlers: readonly Handler[]): void
  all(path: string, ...handlers: readonly Handler[]): void
  set(name: string, value: unknown): void
  readonly locals: Record<string, unknown>
}

export interface Framework {
  (): App
  json(): Handler
  urlencoded(options: { readonly extended: boolean }): Handler
}

/** What a scenario mounts itself on. */
export interface Parts {
  readonly app: App
  readonly server: Server
  readonly express: Framework
  /** The session middleware, ours or express-session; mounted by the platform. */
  readonly session: Handler
}

export type Site = CommonSite<Parts>
export type Scenario = CommonScenario<Parts>

/** Express in one of its versions. @param module the name that it is installed under. */
export function createExpressPlatform(name: string, module: string, scenarios: readonly Scenario[]): Platform {
  const express = load<Framework>(module)
  return createPlatform({ name, peer: 'express-session' }, scenarios, (sessions, lossy) => {
    const app = express()
    // Express then logs no errors.
    app.set('env', 'test')
    const server = createServer(app)
    const handler = sessions === 'ours' ? createOurs(lossy) : createPeer()
    return {
      parts: { app, server, express, session: handler },
      server,
      cookieName: sessions === 'ours' ? 'sid' : 'connect.sid',
      useSession: () => app.use(handler),
      finish() {
        app.get('/', (req, res) => res.json({ views: count(req) }))
        app.use(respondToError)
      }
    }
  })
}

/** As its documentation recommends: neither of the deprecated defaults. */
function createPeer(): Handler {
  const create = load<(options: object) => Handler>('express-session')
  return create({ secret, resave: false, saveUninitialized: false })
}

function createOurs(lossy: boolean): Handler {
  const options = { store: createMemoryStore(), secret, cookie: { secure: false } }
  return session(lossy ? { ...options, serializer: 'json-lossy' } : options)
}

function respondToError(error: Error & { readonly status?: number }, _req: Request, res: Response, next: Next): void {
  if (res.headersSent) next(error)
  else res.status(error.status ?? 500).send(`error: ${error.message}`)
}

/** Counts a view in the session. */
export function count({ session: data }: Request): number {
  const views = Number(data.views ?? 0) + 1
  data.views = views
  return views
}

/** Stores a user in the session. */
export const logIn: Handler = (req, res) => {
  req.session.user = 'alice'
  res.send('in')
}
