export type { RequestSession, SessionCallback } from './augment.ts'
export { getSession } from './request/entry.ts'
export type { SessionCookie, SessionCookieData } from './request/session-cookie.ts'
export {
  type IncomingRequest,
  markFailed,
  type NextHandler,
  type SessionMiddleware,
  type SessionOptions,
  session
} from './session.ts'
