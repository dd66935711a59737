import { SessionError } from '@kvsession/core'

/** @param method of `NextSessions`, such as `action()`. */
export function misuse(method: string, message: string): SessionError {
  return new SessionError('ARGUMENT_INVALID', `${method}: ${message}`)
}
