import { type Session, SessionError, type SessionManager } from '@kvsession/core'
import { RequestSlot } from '@kvsession/core/adapter'
import type { HeldResponse, HeldSession } from '../response/held-response.ts'
import { noteUse } from '../response/hold-response.ts'

/** One manager's session in one request. */
export interface RequestEntry extends HeldSession {
  /** `undefined`: there is no response to hold, as on an upgrade. */
  readonly held: HeldResponse | undefined
  /** The object that `req.session` returns; `undefined` until it is asked for. */
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

/** The core session for a use by the application: from now on there may be something to store. */
export function useSession(entry: RequestEntry): Session<object> {
  entry.used = true
  if (entry.held) noteUse(entry.held)
  return entry.session
}

/**
 * The core session of a request: `login`, `update`, `take`, `userId` and all that express-session does not have.
 *
 * @param manager whose session, where several middlewares are mounted. Default: the first one's, as `req.session`.
 * @throws SessionError `SESSION_MISSING` when no such middleware ran, or the request is outside its `cookie.path`.
 */
export function getSession(request: object): Session<Partial<Express.SessionData>>
export function getSession<Data extends object>(request: object, manager: SessionManager<Data>): Session<Data>
export function getSession<Data extends object>(request: object, manager?: SessionManager<Data>): Session<Data> {
  const entries = entriesOf(request) ?? []
  const entry = manager ? entries.find((one) => one.manager === manager) : entries[0]
  if (entry) return asSession(useSession(entry))
  throw new SessionError(
    'SESSION_MISSING',
    'This request has no session: mount session() before what uses it, and check cookie.path'
  )
}

/** `manager` made the session; without one, the application names its data by `Express.SessionData`. */
function asSession<Data extends object>(session: Session<object>): Session<Data> {
  return session as Session<Data>
}
