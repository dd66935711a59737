import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Clock } from './clock.ts'
import type { SessionEventHandler } from './events.ts'
import type { PayloadEncryption } from './record/encryption.ts'
import type { ConflictHandler, Fields } from './record/merge.ts'
import type { Serializer } from './record/serializer.ts'
import type { SessionPolicy } from './resolve-options.ts'
import type { KeyQueue } from './store/key-queue.ts'
import type { StoreAccess } from './store/store-access.ts'
import type { WriteLoop } from './store/write-loop.ts'
import type { Keyring } from './token/keyring.ts'
import type { VerifiedTokens } from './token/verified-tokens.ts'
import type { CookiePolicy } from './transport/set-cookie.ts'

/** The state that the parts of one manager share. Created once; nothing in it belongs to one request. */
export interface ManagerContext {
  readonly policy: SessionPolicy
  readonly cookie: CookiePolicy
  readonly keyring: Keyring
  readonly verified: VerifiedTokens
  readonly access: StoreAccess
  readonly loop: WriteLoop
  readonly queue: KeyQueue
  /** False: the store has no compareAndSet; a login or regenerate then moves to a new id. */
  readonly atomic: boolean
  readonly serializer: Serializer
  readonly encryption: PayloadEncryption | undefined
  readonly clock: Required<Clock>
  readonly randomBytes: (length: number) => Uint8Array
  readonly emit: SessionEventHandler | undefined
  readonly schema: StandardSchemaV1 | undefined
  readonly onSchemaMismatch: 'reject' | 'reset' | ((data: unknown) => unknown) | undefined
  readonly onConflict: ConflictHandler | undefined
  readonly userIdFrom: ((data: Fields) => string | undefined) | undefined
  /** The serialized data of an empty session. */
  readonly emptyPayload: string
  recordKey(id: string): string
  newWriteId(): string
  /** Whether a request has shown that a proxy replaces the `Host` and leaves no trace. No host then counts as loopback. */
  readonly hiddenProxy: { found: boolean }
  /** Prints each warning once in the life of the manager. */
  warnOnce(message: string): void
}
