import { SessionError } from '@kvsession/core'
import { foreign } from './stored-text.ts'

/** The script cache is the server's, and is empty after a restart. */
export function isScriptMissing(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT')
}

/** What the server says, or what to do where no later call can do better. */
export function explain(error: unknown, key: string): unknown {
  if (error instanceof SessionError) return error
  const message = messageOf(error)
  // Before Redis 7 a script's error stands behind where it happened.
  if (/^(?:ERR )?FOREIGN|\bWRONGTYPE\b/.test(message)) return foreign(key, error)
  if (message.startsWith('MOVED') || message.startsWith('CROSSSLOT')) {
    return invalid(
      'The server is part of a cluster. Give the store a client of createCluster(), or Cluster of ioredis',
      error
    )
  }
  if (/^NOAUTH|^WRONGPASS/.test(message)) return invalid('The server wants a password. Give it to the client', error)
  if (message.startsWith('NOPERM')) {
    return invalid(
      'The user may not do this. Grant it: ACL SETUSER <user> ~<namespace>.* +get +getrange +set +del +eval +evalsha +scan +wait',
      error
    )
  }
  if (/\bREADONLY\b/.test(message)) {
    return invalid(
      'The server is a replica, perhaps a master that was demoted: it refuses writes, and reads from it are out of date. Connect to the master with a client that follows it: createSentinel() of redis, or sentinels of ioredis. See "Failover" in the README',
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
