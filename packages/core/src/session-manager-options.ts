import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Clock } from './clock.ts'
import type { Duration } from './duration.ts'
import type { SessionEventHandler } from './events.ts'
import type { PayloadEncryption } from './record/encryption.ts'
import type { ConflictHandler } from './record/merge.ts'
import type { Serializer } from './record/serializer.ts'
import type { KeyValueStore } from './store/key-value-store.ts'
import type { CookieOptions } from './transport/set-cookie.ts'

/** The default type of session data. */
export type SessionData = Record<string, unknown>

/** The part of the data in which passport keeps the result of `serializeUser`. */
export interface PassportData {
  readonly passport?: { readonly user?: string }
}

export interface SessionManagerOptions<Data extends object = SessionData> {
  /** Where records are stored. */
  store: KeyValueStore
  /**
   * At least 32 bytes each, newest first: the first signs, all verify. Make one with `openssl rand -base64 33`. The type allows
   * `undefined`, so that `process.env.SECRET` can be passed; a secret that is not set is refused (`SECRET_MISSING`).
   */
  secret: string | undefined | readonly (string | undefined)[]
  /**
   * How the client sends its token. `cookie` (default): for browsers. `bearer`: as `Authorization: Bearer …`; new tokens go out
   * in the response header `Session-Token`, empty after a logout. The client keeps the token itself: where scripts of a page can
   * read it, any injected script can steal it. A manager reads one of the two and ignores the other. (RFC 6750)
   */
  transport?: 'cookie' | 'bearer'
  /** Only with `transport: 'cookie'`. */
  cookie?: CookieOptions
  /** A session ends after this long without use. Default 1 h. (OWASP ASVS 5.0, 7.3.1) */
  idleTimeout?: Duration
  /** A session ends at this age, even in use; only `login` restarts it. Default 24 h. (ASVS 5.0, 7.3.2) */
  absoluteTimeout?: Duration
  /** Idle timeout of sessions without a user, permanent or not; at most `absoluteTimeout`. Default: `idleTimeout`, which
   * permanent sessions do not have. */
  anonymousTimeout?: Duration
  /** The initial value of `session.permanent`. A duration, or `true` for `permanentLifetime`: the cookie outlives the
   * browser, and the lifetime replaces both timeouts. Default `false`. */
  permanent?: boolean | Duration
  /** A permanent lifetime counts from the last use; the cookie is sent again with every write, and when a touch is due.
   * `maxLifetime` still ends the session, and must be longer. Default `false`: it counts from the login. */
  rolling?: boolean
  /** Lifetime of sessions with `permanent = true`, in place of both timeouts. Default 31 d. */
  permanentLifetime?: Duration
  /** No permanent session lives longer. Default: `permanentLifetime`, or `permanent` if that is longer. */
  maxLifetime?: Duration
  /** How far `lastSeenAt` may lag behind before a reading request moves it. Default 1 min, at most a tenth of
   * `idleTimeout`; off on non-atomic stores unless set. */
  touchInterval?: Duration
  /** How often the secret of a session in use is swapped (OWASP renewal timeout). Default: never. */
  rotateAfter?: Duration
  /** For how long requests already under way may still carry a token that was just replaced. Default 30 s. */
  graceWindow?: Duration
  /** First part of every storage key; `[A-Za-z0-9_-]{1,64}`. Part of key derivation. Default `sessions`. */
  namespace?: string
  /** How data is serialized. Default {@link jsonSerializer}, which refuses data that JSON would lose. `'json-lossy'`: the
   * output of `JSON.stringify`, as express-session stores it. See `@kvsession/core/devalue` for Date, Map, Set. */
  serializer?: Serializer | 'json-lossy'
  /** Encrypts the payload at rest; see `@kvsession/core/encryption`. Default: none. */
  encryption?: PayloadEncryption
  /** Any Standard Schema: types the data, and validates it on every load and before every write. It must accept `{}`: what
   * it returns for that is the data of a new session. */
  schema?: StandardSchemaV1<unknown, Data>
  /** What happens to a record whose data no longer fits `schema`. `reset` (default): the session and its user remain, with
   * the data of a new session. `reject`: the request gets no session. A function may repair the data, or return
   * `undefined` to reject. */
  onSchemaMismatch?: 'reject' | 'reset' | ((data: unknown) => Data | undefined)
  /** Decides keys that two requests have changed at once. Default: the later commit wins. */
  onConflict?: ConflictHandler
  /** Most data of a session, in UTF-8 bytes as serialized. Default 65 536. Changed data above it is refused before it is
   * written (`RECORD_TOO_LARGE`); data that is stored already never keeps a login, a rotation or a touch from working.
   * Payloads of twice as much are refused before they are parsed. */
  maxRecordBytes?: number
  /** A login beyond this number evicts the user's oldest session. Default 100. `false`: no limit; each login of a user
   * then costs more than the one before, and fails when the index exceeds the largest value of the engine.
   * (ASVS 5.0, 7.1.2) */
  maxSessionsPerUser?: number | false
  /** Returns the user that the data names, for logins made by a library that does not know kvsession:
   * `(data) => data.passport?.user`. A commit that changes the result is a login. Anything but `undefined` or a string of 1
   * to 512 characters fails that login (`ARGUMENT_INVALID`): for number ids return `String(id)`. */
  userIdFrom?: (data: Data & PassportData) => string | undefined
  /** Longest wait for one store operation, in milliseconds. Default 1 s. */
  storeTimeout?: Duration
  /** What a request gets when the store cannot be read. `error` (default): a {@link SessionError} with status 503.
   * `anonymous`: an empty detached session that stores nothing; the cookie is left alone. */
  onStoreUnavailable?: 'error' | 'anonymous'
  /** Accepts a store without `compareAndSet`, with the losses that `docs/concepts.md` lists. Default `false`. */
  allowNonAtomicStore?: boolean
  /** Postpones the store read to `await session.load()`. Default `false`. */
  lazy?: boolean
  /** Whether data changed by a request that failed is stored. Default `true`. */
  commitOnError?: boolean
  /** Whether a response that depends on a user's session, and has neither `Cache-Control` nor `Expires`, gets
   * `Cache-Control: private, no-cache`. Default `true`. (OWASP ASVS 5.0, 14.3.2) */
  markPrivate?: boolean
  /** Length of the private half of a token, in bits. Default and minimum 128. Changing it logs no user out. */
  secretBits?: number
  /** Cryptographically secure random bytes. Default: the platform's. Weaker ones let attackers guess tokens. */
  randomBytes?: (length: number) => Uint8Array
  /** The `by` of the events of `update`, `revoke` and `revokeAll`, such as `'cli'`. Default: the name of the method. */
  by?: string
  clock?: Clock
  onEvent?: SessionEventHandler
}
