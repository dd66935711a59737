export type { RequestSession, SessionCallback } from './augment.ts'
export { type IncomingRequest, markFailed, type NextHandler, type SessionMiddleware, session } from './session.ts'
export type { SessionCookie } from './session-cookie.ts'
export { getSession } from './session-entry.ts'
