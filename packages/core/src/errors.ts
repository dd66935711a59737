/**
 * The code of every failure, as a stable string. Messages may change between versions, codes do not.
 * `docs/errors.md` explains each; a test keeps the two equal.
 */
export type SessionErrorCode =
  | 'OPTION_INVALID'
  | 'OPTION_UNKNOWN'
  | 'CALLBACK_FAILED'
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
  | 'DATA_INVALID'
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

  /** The name that Express, Koa and others read besides `status`. */
  get statusCode(): 500 | 503 {
    return this.status
  }

  /** False: frameworks must not show the message to the client. */
  get expose(): false {
    return false
  }
}

/** The error for an argument that a method does not accept. */
export function misused(message: string): SessionError {
  return new SessionError('ARGUMENT_INVALID', message)
}

/** Recognises a {@link SessionError} across duplicate installations of the package. */
export function isSessionError(value: unknown): value is SessionError {
  try {
    return value instanceof Error && value.name === 'SessionError' && 'code' in value
  } catch {
    return false
  }
}

/** An untrusted string for a message or event: shortened, and without control characters that could forge log lines. */
export function printable(value: string, most = 100): string {
  return value
    .slice(0, most)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** From this character on, a driver's message may quote a command or a value. An apostrophe within a word is no quote. */
const quotation = /(?<!\p{L})'|["`{[\\\r\n]/u

/**
 * A copy of any thrown value that is safe to print: the name, the code, and the part of the message that cannot come from a
 * record. The message ends before the first quotation; long words, and words that occur in `known`, are masked. A
 * SessionError quotes no record and is kept whole.
 *
 * @param known strings that the failed call was given.
 */
export function describeError(thrown: unknown, known: readonly (string | undefined)[] = []): Error {
  const knownStrings = known.join('\n')
  const original = typeof thrown === 'string' ? thrown : fieldOf(thrown, 'message')
  // Node's error for a host whose addresses all refuse has a code alone.
  const message = String(original || fieldOf(thrown, 'code') || 'no message')
  const mask = (word: string): string => (word.length > 24 || knownStrings.includes(word) ? '[masked]' : word)
  const [beginning = ''] = message.slice(0, 500).split(quotation, 1)
  const masked = isSessionError(thrown) ? message : beginning.replace(/[\p{L}\p{N}_@+=-]{3,}/gu, mask)
  const copy = new Error(printable(masked, 500))
  copy.name = String(fieldOf(thrown, 'name') ?? 'Error')
  const frames = String(fieldOf(thrown, 'stack')).match(/^ {4}at [^"'{]*$/gm) ?? []
  copy.stack = [String(copy), ...frames].join('\n')
  for (const key of ['code', 'errno', 'syscall', 'sqlState', 'errcode', 'wroteNothing']) {
    const value = fieldOf(thrown, key)
    if (value !== undefined) Object.assign(copy, { [key]: value })
  }
  return copy
}

/** A property of any thrown value, if it is a string, a number or `true`. Never throws. */
function fieldOf(thrown: unknown, key: string): string | number | true | undefined {
  try {
    const value: unknown = Reflect.get(Object(thrown), key)
    if (typeof value === 'number' || value === true) return value
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
