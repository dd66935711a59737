import type { SessionErrorCode } from '../../src/index.ts'

/** Does not compile unless it lists exactly the existing codes. */
const codes: Readonly<Record<SessionErrorCode, true>> = {
  OPTION_INVALID: true,
  OPTION_UNKNOWN: true,
  CALLBACK_FAILED: true,
  SECRET_MISSING: true,
  SECRET_WEAK: true,
  SECRET_DUPLICATE: true,
  STORE_INVALID: true,
  STORE_NOT_ATOMIC: true,
  STORE_LACKS_METHOD: true,
  STORE_UNAVAILABLE: true,
  STORE_TIMEOUT: true,
  STORE_OUTCOME_UNKNOWN: true,
  STORE_MISBEHAVED: true,
  CONFLICT: true,
  DATA_UNSERIALIZABLE: true,
  DATA_RESERVED_NAME: true,
  DATA_INVALID: true,
  RECORD_TOO_LARGE: true,
  RECORD_UNREADABLE: true,
  HEADERS_SENT: true,
  RESPONSE_OVERFLOW: true,
  LOGIN_REVOKED: true,
  LOGIN_UNAVAILABLE: true,
  SESSION_NOT_LOADED: true,
  SESSION_MISSING: true,
  ARGUMENT_INVALID: true,
  MANAGER_CLOSED: true
}

export const errorCodes: readonly SessionErrorCode[] = Object.keys(codes).filter(isErrorCode)

function isErrorCode(name: string): name is SessionErrorCode {
  return Object.hasOwn(codes, name)
}
