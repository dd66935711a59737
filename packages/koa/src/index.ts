import './augment.ts'

export { getSession } from './request-session.ts'
export { type SessionOptions, session } from './session.ts'
export type { KoaSession, SessionCallback, SessionFields } from './session-properties.ts'
