/**
 * Every way the library fails, as a stable string. Messages may change between versions, codes do not.
 * `docs/errors.md` explains each; a test keeps the two equal.
 */
export type SessionErrorCode =
  | 'OPTION_INVALID'
  | 'OPTION_UNKNOWN'
  | 'SECRET_MISSING'
  | 'SECRET_WEAK'
  | 'SECRET_DUPLICATE'
  | 'STORE_INVALID'
  | 'STORE_NOT_ATOMIC'
  | 'STORE_LACKS_METHOD'
  | 'STORE_UNAVAILABLE'
  | 'STORE_TIMEOUT'
  | 'STORE_OUTCOME_UNKNOWN'
  | 'STORE_MISBEHAVED'
  | 'CONFLICT'
  | 'DATA_UNSERIALIZABLE'
  | 'DATA_RESERVED_NAME'
  | 'RECORD_TOO_LARGE'
  | 'RECORD_UNREADABLE'
  | 'HEADERS_SENT'
  | 'RESPONSE_OVERFLOW'
  | 'LOGIN_REVOKED'
  | 'LOGIN_UNAVAILABLE'
  | 'SESSION_NOT_LOADED'
  | 'SESSION_MISSING'
  | 'ARGUMENT_INVALID'
  | 'MANAGER_CLOSED'

const unavailable: ReadonlySet<SessionErrorCode> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_TIMEOUT',
  'STORE_OUTCOME_UNKNOWN',
  'CONFLICT',
  'LOGIN_REVOKED',
  'LOGIN_UNAVAILABLE',
  'MANAGER_CLOSED'
])

/**
 * The one error class. `code` is stable, `cause` is what the engine threw, the message says what happened and what to
 * do. Never carries a secret, a token or session data.
 */
export class SessionError extends Error {
  override readonly name = 'SessionError'
  readonly code: SessionErrorCode
  /** The HTTP status an error handler should answer with: 503 when trying again later may help, otherwise 500. */
  readonly status: 500 | 503

  constructor(code: SessionErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${message} [${code}]`, options)
    this.code = code
    this.status = unavailable.has(code) ? 503 : 500
  }

  /** What Express, Koa and friends look for beside `status`. */
  get statusCode(): 500 | 503 {
    return this.status
  }

  /** False: frameworks must not show the message to the client. */
  get expose(): false {
    return false
  }
}

/** What to throw for an argument that a method cannot take. */
export function misused(message: string): SessionError {
  return new SessionError('ARGUMENT_INVALID', message)
}

/** Recognises a {@link SessionError} across duplicate installations of the package. */
export function isSessionError(value: unknown): value is SessionError {
  return value instanceof Error && value.name === 'SessionError' && 'code' in value
}
