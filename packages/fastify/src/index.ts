import './augment.ts'

export { getSession } from './request-session.ts'
export { type SessionOptions, session } from './session.ts'
export type { FastifySession, SessionCallback, SessionCookie } from './session-properties.ts'
