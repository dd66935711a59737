import type { SessionCookie } from './request/session-cookie.ts'

export type SessionCallback = (error?: Error) => void

/**
 * `req.session`: the data as plain properties, and express-session's members, which data cannot shadow. Assigning to
 * one of their names throws `DATA_RESERVED_NAME`.
 */
export type RequestSession<Data extends object = Express.SessionData> = SessionMembers & Partial<Data>

interface SessionMembers {
  /** The core's `tokenId`: public, changes with every login and regenerate, opens nothing. What CSRF tokens bind to. */
  readonly id: string
  readonly cookie: SessionCookie
  /** Stores what changed now. Resolves to false, calls back without error, when the session is over. */
  save(): Promise<boolean>
  save(callback: SessionCallback): this
  /** Replaces `req.session` by what is stored. Fails with `SESSION_MISSING` when the session is over. */
  reload(): Promise<void>
  reload(callback: SessionCallback): this
  /** A new secret, no data, no user: `req.session` is a new, empty object; the old one stays readable and is inert. */
  regenerate(): Promise<void>
  regenerate(callback: SessionCallback): this
  /** Ends the session. `req.session` is undefined at once, the record gone when this calls back. */
  destroy(): Promise<void>
  destroy(callback: SessionCallback): this
  /** Starts a lifetime set by `cookie.maxAge` anew. Idle time is kept without it. */
  touch(callback?: SessionCallback): this
  /** The same as `touch`, under express-session's other name. */
  resetMaxAge(callback?: SessionCallback): this
}

declare global {
  namespace Express {
    /** What sessions hold. Add to it by declaration merging, as to express-session's interface of that name. */
    interface SessionData {}

    interface Request {
      /** `null` destroys the session when the response starts; an object replaces the data. */
      get session(): RequestSession
      set session(value: Partial<SessionData> | null)
      /** The core's `tokenId`: safe to log. */
      readonly sessionID: string
    }
  }
}
