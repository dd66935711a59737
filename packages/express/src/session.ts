import type { Connection, NodeHeaders, Session, SessionManager, SessionManagerOptions } from '@kvsession/core'
import { type AdapterOptions, openerOf, type SessionOpener, tokenNameOf } from '@kvsession/core/adapter'
import { entriesOf, type RequestEntry, setEntries } from './request/entry.ts'
import { defineSessionProperties } from './request/session-property.ts'
import { holdResponse } from './response/hold-response.ts'
import { isServerResponse } from './response/server-response.ts'

/** The part of a request that the middleware reads. It can be from Express, Node's `http` or http/2, or an upgrade. */
export interface IncomingRequest {
  readonly headers: NodeHeaders
  readonly url?: string | undefined
  /** Set by Express: the URL before routers removed their prefixes. */
  readonly originalUrl?: string | undefined
  readonly socket?: object | null | undefined
}

export type NextHandler = (error?: unknown) => void

/** `response` may be `{}` or the stub that socket.io passes on upgrades; the session is then only loaded. */
export type SessionMiddleware = (request: IncomingRequest, response: object, next: NextHandler) => void

/** The options of core, and `passive`, which selects requests that do not count as activity. */
export interface SessionOptions<Data extends object = Partial<Express.SessionData>>
  extends SessionManagerOptions<Data>,
    AdapterOptions<IncomingRequest> {}

/**
 * Session middleware. It opens the session before `next`, provides `req.session` and `req.sessionID`, and holds the
 * response until the changes are stored. If storing them fails, it calls `next(error)` instead of sending the response.
 *
 * If a request already has a `req.session` (from another middleware or a test), the middleware leaves it alone and
 * prints one process warning. Mounting it again with the same manager or cookie name has no effect. With several
 * managers, `req.session` belongs to the first one mounted; `getSession(req, manager)` returns the others.
 *
 * @param options of a new manager. Pass a manager instead if other parts of the application administer sessions.
 * @throws SessionError for wrong options.
 */
export function session<Data extends object = Partial<Express.SessionData>>(
  manager: SessionManager<Data>,
  options?: AdapterOptions<IncomingRequest>
): SessionMiddleware
// Last, because TypeScript reports only the last overload: a misspelled option then gets its "did you mean".
export function session<Data extends object = Partial<Express.SessionData>>(
  options: SessionOptions<Data>
): SessionMiddleware
export function session<Data extends object = Partial<Express.SessionData>>(
  source: SessionOptions<Data> | SessionManager<Data>,
  options?: AdapterOptions<IncomingRequest>
): SessionMiddleware {
  const opener: SessionOpener<object, IncomingRequest> = openerOf(source, options)
  const { manager } = opener
  const { path } = manager.policy.cookie
  const name = tokenNameOf(manager.policy)
  const warnOfOther = warnOnce(foreignSession)

  return (request, response, next) => {
    const mounted = entriesOf(request)
    if (mounted?.some((entry) => tokenNameOf(entry.manager.policy) === name) || !isWithin(path, request)) {
      next()
      return
    }
    if (!mounted && Reflect.get(request, 'session')) {
      warnOfOther()
      next()
      return
    }
    const begin = (opened: Session<object>): void => {
      addSession({ manager, session: opened, next }, request, response)
      next()
    }
    void opener.open(request, request.headers, connectionOf(request)).then(begin, next)
  }
}

/**
 * Error-handling middleware for managers with `commitOnError: false`; mount it after the routes. Errors that end in a
 * status below 500 then also count as failures, and the changes of their handlers are not stored.
 */
export function markFailed(error: unknown, request: object, _response: object, next: NextHandler): void {
  for (const { held } of entriesOf(request) ?? []) if (held) held.failed = true
  next(error)
}

const foreignSession =
  'kvsession: req.session was set before session() ran. It stays as it is, and getSession(req) finds no session: ' +
  'remove the code that sets it, or mount session() before it'

function warnOnce(message: string): () => void {
  let warned = false
  return () => {
    if (!warned) process.emitWarning(message)
    warned = true
  }
}

/** Gives the request an opened session; the first one becomes `req.session` and holds the response. */
function addSession(
  opened: Pick<RequestEntry, 'manager' | 'session' | 'next'>,
  request: IncomingRequest,
  response: object
): void {
  const { manager, session, next } = opened
  const entries = entriesOf(request) ?? []
  const [first] = entries
  const held = first ? first.held : isServerResponse(response) ? holdResponse(response, entries) : undefined
  // Without a response there is no cookie: a first write or login must fail rather than create an unreachable session.
  if (!held) manager.responseHeaders(session)
  entries.push({ manager, session, next, held, used: false, requestSession: undefined, ended: false })
  if (first) return
  setEntries(request, entries)
  defineSessionProperties(request)
}

/** RFC 6265 §5.1.4: compares whole segments, so `/foo` does not match `/foobar`. */
function isWithin(cookiePath: string, { originalUrl, url }: IncomingRequest): boolean {
  if (cookiePath === '/') return true
  const path = (originalUrl ?? url ?? '/').replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  if (!path.startsWith(cookiePath)) return false
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/'
}

const plain: Connection = { encrypted: false }
const encrypted: Connection = { encrypted: true }

function connectionOf({ socket }: IncomingRequest): Connection {
  return socket && 'encrypted' in socket && socket.encrypted === true ? encrypted : plain
}
