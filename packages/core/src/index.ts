export { type Clock, systemClock } from './clock.ts'
export type { Duration } from './duration.ts'
export { isSessionError, SessionError, type SessionErrorCode } from './errors.ts'
export type { DropReason, RejectionReason, SessionEvent, SessionEventHandler } from './events.ts'
export type { PayloadEncryption } from './record/encryption.ts'
export type { ConflictHandler } from './record/merge.ts'
export { jsonSerializer, type Serializer } from './record/serializer.ts'
export type { SessionPolicy } from './resolve-options.ts'
export type { ResponseFacts } from './session/response-cookie.ts'
export type { Session } from './session/session.ts'
export type { LoginOptions } from './session/transitions.ts'
export {
  type ActorOptions,
  type CommitOptions,
  type CommitResult,
  createSessionAdministration,
  createSessionManager,
  type OpenOptions,
  type SessionAdministration,
  type SessionAdministrationOptions,
  type SessionManager
} from './session-manager.ts'
export type { PassportData, SessionData, SessionManagerOptions } from './session-manager-options.ts'
export {
  type AsyncKeyValueStore,
  type Awaitable,
  type KeyValueStore,
  storeContractVersion
} from './store/key-value-store.ts'
export { createMemoryStore, type MemoryStoreOptions } from './store/memory-store.ts'
export type { SweeperOptions } from './store/sweeper.ts'
export type { Connection, NodeHeaders, RequestSource } from './transport/request-source.ts'
export { applyHeaders, type HeaderList, type HeaderTarget } from './transport/response-headers.ts'
export type { CookieOptions, ResponseCookie, ResponseCookieAttributes } from './transport/set-cookie.ts'
export type { SessionInfo } from './users/administration.ts'
