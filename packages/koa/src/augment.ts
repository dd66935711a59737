import type { KoaSession, SessionFields } from './session-properties.ts'

declare module 'koa' {
  interface DefaultContext {
    /** The session's data. `null` ends the session, an object replaces the data; `null` after it was set to that. */
    get session(): KoaSession | null
    set session(value: SessionFields | null)
  }
}
