import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'

/** Its memory store, with callbacks. */
export interface PeerStore {
  get(id: string, done: unknown): void
  set(id: string, data: unknown, done?: unknown): void
  touch(id: string, data: unknown, done: unknown): void
  all(done: unknown): void
}

/** express-session, without its types: they declare `req.sessionID` otherwise than we do, and one program holds one. */
export interface ExpressSessionPeer {
  (options: Readonly<Record<string, unknown>>): RequestHandler
  readonly MemoryStore: new () => PeerStore
}

export const expressSession: ExpressSessionPeer = asPeer(createRequire(import.meta.url)('express-session'))

/** What its documentation says it exports. */
function asPeer(value: unknown): ExpressSessionPeer {
  return value as ExpressSessionPeer
}
