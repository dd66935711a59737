import './augment.ts'

export { session } from './session.ts'
export { getSession } from './session-place.ts'
export type { KoaSession, SessionFields } from './session-properties.ts'
