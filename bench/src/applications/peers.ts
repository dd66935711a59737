import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'
import type Koa from 'koa'

// Peers whose types conflict with those of kvsession or of the framework: `req.sessionID` is declared twice, koa-session
// brings a Koa of its own. Each is loaded on demand, so that a subject's process holds one library.

const load = createRequire(import.meta.url)

/** A store for express-session, with callbacks. */
export interface PeerStore {
  get(id: string, done: unknown): void
  set(id: string, data: unknown, done?: unknown): void
  touch(id: string, data: unknown, done: unknown): void
}

export interface ExpressSession {
  (options: object): RequestHandler
  readonly MemoryStore: new () => PeerStore
}

export function loadExpressSession(): ExpressSession {
  const library: ExpressSession = load('express-session')
  return library
}

export function createConnectRedis(options: object): PeerStore {
  const { RedisStore }: { readonly RedisStore: new (options: object) => PeerStore } = load('connect-redis')
  return new RedisStore(options)
}

export function createConnectPgSimple(options: object): PeerStore {
  const connect: (library: ExpressSession) => new (options: object) => PeerStore = load('connect-pg-simple')
  return new (connect(loadExpressSession()))(options)
}

export function createKoaSession(options: object, app: Koa): Koa.Middleware {
  const { createSession }: { createSession(options: object, app: Koa): Koa.Middleware } = load('koa-session')
  return createSession(options, app)
}
