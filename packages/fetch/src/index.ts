export type { FetchOptions, SessionHandler, SessionOptions, SessionWrapper } from './options.ts'
export { withSession } from './with-session.ts'
