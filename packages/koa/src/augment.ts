import type { KoaSession, SessionFields } from './session-properties.ts'

declare module 'koa' {
  interface DefaultContext {
    /**
     * The session's data. Assigning `null` ends the session, an object replaces the data. From the assignment of `null`
     * to the end of that request it is `null`.
     */
    get session(): KoaSession
    set session(value: SessionFields | null)
  }
}
