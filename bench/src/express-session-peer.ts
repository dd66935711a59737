import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'

/** express-session, without its types: they declare `req.sessionID` otherwise than we do, and one program holds one. */
export interface ExpressSessionPeer {
  (options: Readonly<Record<string, unknown>>): RequestHandler
  readonly Store: new () => object
}

export const expressSession: ExpressSessionPeer = asPeer(createRequire(import.meta.url)('express-session'))

/** What its documentation says it exports. */
function asPeer(value: unknown): ExpressSessionPeer {
  return value as ExpressSessionPeer
}
