import type { KoaSession, SessionFields } from './session-properties.ts'

declare module 'koa' {
  interface DefaultContext {
    /**
     * The session's data. Assigning an object replaces the data. Assigning `null` ends the session; `ctx.session` then
     * stays `null` until the end of the request.
     */
    get session(): KoaSession
    set session(value: SessionFields | null)
  }
}
