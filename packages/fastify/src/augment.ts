import type { FastifySession } from './session-properties.ts'

declare module 'fastify' {
  /** The data of a session. Add fields by declaration merging, as with @fastify/session. */
  interface Session {}

  interface FastifyRequest {
    /**
     * The session's data as properties. Assigning an object replaces the data; assigning `null` destroys the session before
     * the response starts. `null` from then on, as after `destroy()`.
     */
    get session(): FastifySession
    set session(value: Partial<Session> | null)
  }
}
