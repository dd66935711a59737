import { type Session, SessionError, type SessionManager } from '@kvsession/core'
import { RequestSlot } from '@kvsession/core/adapter'
import type { HeldResponse, HeldSession } from '../response/held-response.ts'
import { noteUse } from '../response/hold-response.ts'

/** One manager's session in one request. */
export interface RequestEntry extends HeldSession {
  /** `undefined` if there is no response to hold, as on an upgrade. */
  readonly held: HeldResponse | undefined
  /** The object that `req.session` returns; `undefined` until it is first read. */
  requestSession: object | undefined
}

const slot = new RequestSlot<RequestEntry[]>()

/** The sessions of a request, in the order of their middlewares; the first one is `req.session`. */
export function entriesOf(request: object): RequestEntry[] | undefined {
  return slot.get(request)
}

/** Gives a request its list of sessions. */
export function setEntries(request: object, entries: RequestEntry[]): void {
  slot.set(request, entries)
}

/** Returns the core session for use by the application, and records that it may now need a commit. */
export function useSession(entry: RequestEntry): Session<object> {
  entry.used = true
  if (entry.held) noteUse(entry.held)
  return entry.session
}

/**
 * The core session of a request, with `login`, `update`, `take`, `userId` and everything else that express-session lacks.
 *
 * @param manager selects the session if several middlewares are mounted. Default: the first one, as for `req.session`.
 * @throws SessionError `SESSION_MISSING` if the middleware did not run, or the request is outside its `cookie.path`.
 */
export function getSession(request: object): Session<Partial<Express.SessionData>>
export function getSession<Data extends object>(request: object, manager: SessionManager<Data>): Session<Data>
export function getSession<Data extends object>(request: object, manager?: SessionManager<Data>): Session<Data> {
  const entries = entriesOf(request) ?? []
  const entry = manager ? entries.find((one) => one.manager === manager) : entries[0]
  if (entry) return asSession(useSession(entry))
  throw new SessionError(
    'SESSION_MISSING',
    'This request has no session: mount session() before the routes that use it, and check cookie.path'
  )
}

/** `manager` created the session and knows its type; without a manager the type is `Express.SessionData`. */
function asSession<Data extends object>(session: Session<object>): Session<Data> {
  return session as Session<Data>
}
