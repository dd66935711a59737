import type { Session, SessionData } from '@kvsession/core'
import { type ReadonlyData, readOnly, refuseChange } from './read-only.ts'

/** A session that is only read. Writing to it, or calling an operation of a session, throws `HEADERS_SENT`. */
export interface SessionView<Data extends object = SessionData> {
  /** As {@link Session.id}; `undefined` while nothing is stored for this visitor. */
  readonly id: string | undefined
  /** As {@link Session.tokenId}; `undefined` while nothing is stored for this visitor. */
  readonly tokenId: string | undefined
  readonly userId: string | undefined
  readonly isNew: boolean
  /** As {@link Session.detached}. */
  readonly detached: Session['detached']
  readonly permanent: boolean | number
  readonly createdAt: number
  /** Does not move by reading it here. */
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly data: ReadonlyData<Data>
}

const operations = new Set<string | symbol>([
  'login',
  'regenerate',
  'rotate',
  'destroy',
  'update',
  'save',
  'take',
  'reload'
] satisfies (keyof Session)[])

export function viewOf<Data extends object>(session: Session<Data>): SessionView<Data> {
  const { userId, isNew, detached, permanent, createdAt, lastSeenAt, expiresAt } = session
  const names = isNew || detached ? { id: undefined, tokenId: undefined } : { id: session.id, tokenId: session.tokenId }
  const data = readOnly(session.data)
  const view = { ...names, userId, isNew, detached, permanent, createdAt, lastSeenAt, expiresAt, data }
  return new Proxy<SessionView<Data>>(view, handler)
}

const handler: ProxyHandler<object> = {
  get: (target, key) => (operations.has(key) ? refuseChange : Reflect.get(target, key)),
  set: refuseChange,
  defineProperty: refuseChange,
  deleteProperty: refuseChange
}
