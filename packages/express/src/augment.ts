import type { SessionCookie } from './request/session-cookie.ts'

export type SessionCallback = (error?: Error) => void

/**
 * `req.session`: the data as plain properties, and express-session's members, which data cannot shadow. Assigning to
 * one of their names throws `DATA_RESERVED_NAME`.
 */
export type RequestSession<Data extends object = Express.SessionData> = SessionMembers & Partial<Data>

interface SessionMembers {
  /**
   * The core's `tokenId`: public, grants no access, and changes with every login and regenerate. CSRF tokens can be
   * bound to it.
   */
  readonly id: string
  readonly cookie: SessionCookie
  /** Stores the changes now. If the session has ended, it resolves to false, or calls back without an error. */
  save(): Promise<boolean>
  save(callback: SessionCallback): this
  /** Replaces `req.session` with the stored session. Fails with `SESSION_MISSING` if the session has ended. */
  reload(): Promise<void>
  reload(callback: SessionCallback): this
  /**
   * Starts a new session: new secret, no data, no user. `req.session` becomes a new, empty object; the old object can
   * still be read, but its methods do nothing.
   */
  regenerate(): Promise<void>
  regenerate(callback: SessionCallback): this
  /** Ends the session. `req.session` is undefined immediately; the record is deleted before the callback runs. */
  destroy(): Promise<void>
  destroy(callback: SessionCallback): this
  /** Restarts a lifetime that was set by `cookie.maxAge`. The idle timeout restarts without it. */
  touch(callback?: SessionCallback): this
  /** Same as `touch`, as in express-session. */
  resetMaxAge(callback?: SessionCallback): this
}

declare global {
  namespace Express {
    /** The data of a session. Add fields by declaration merging, as with express-session's `SessionData`. */
    interface SessionData {}

    interface Request {
      /** Assigning `null` destroys the session when the response starts; assigning an object replaces the data. */
      get session(): RequestSession
      set session(value: Partial<SessionData> | null)
      /** The core's `tokenId`: safe to log. */
      readonly sessionID: string
    }
  }
}
