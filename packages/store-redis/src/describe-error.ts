import { SessionError } from '@kvsession/core'
import { foreign } from './envelope.ts'

/** The script cache belongs to the server and is empty after a restart. */
export function isScriptMissing(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT')
}

/** Returns the server's error. If no later call can succeed, returns an error that says what to do. */
export function describeError(error: unknown, key: string): unknown {
  if (error instanceof SessionError) return error
  const message = messageOf(error)
  // Before Redis 7, the error of a script follows its position.
  if (/^(?:ERR )?FOREIGN|\bWRONGTYPE\b/.test(message)) return foreign(key, error)
  if (message.startsWith('MOVED') || message.startsWith('CROSSSLOT')) {
    return invalid(
      'The server is part of a cluster. Give the store a client of createCluster(), or Cluster of ioredis',
      error
    )
  }
  if (/^NOAUTH|^WRONGPASS/.test(message)) return invalid('The server requires a password. Set it in the client', error)
  if (message.startsWith('NOPERM')) {
    return invalid(
      'The user lacks a permission. Grant it: ACL SETUSER <user> ~<namespace>.* +get +getrange +set +del +eval +evalsha +scan +wait',
      error
    )
  }
  if (/\bREADONLY\b/.test(message)) {
    return invalid(
      'The server is a replica, perhaps a demoted master: it refuses writes, and its data is outdated. Connect with a client that follows the master: createSentinel() of redis, or sentinels of ioredis. See "Failover" in the README',
      error
    )
  }
  return error
}

function invalid(message: string, cause: unknown): SessionError {
  return new SessionError('STORE_INVALID', message, { cause })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
