import { SessionError } from '@kvsession/core'
import type { RedisCommands } from './client.ts'
import type { RedisStoreSettings } from './redis-store-options.ts'

/** Waits until enough replicas have what was written. */
export interface Replication {
  /** Sends one command that writes, with its WAIT right behind it: on one connection, or on none. */
  write<T>(key: string, send: () => Promise<T>): Promise<T>
  /** Before a read: what few replicas had may not pass for stored, even if the master has it. */
  settle(key: string): Promise<void>
}

const none: Replication = { write: (_, send) => send(), settle: async () => undefined }

/** @throws SessionError `OPTION_INVALID` for a client of several connections */
export function createReplication(
  { wait }: RedisCommands,
  { waitReplicas, waitTimeout }: RedisStoreSettings
): Replication {
  if (waitReplicas === 0) return none
  if (wait === undefined) {
    const message =
      'waitReplicas needs a client with one connection: createClient() of redis, or Redis of ioredis, which takes sentinels too'
    throw new SessionError('OPTION_INVALID', message)
  }
  /** Each with the number of its last write, which is also the order of the entries. */
  const unconfirmed = new Map<string, number>()
  let writes = 0

  async function confirm(answer: Promise<unknown>): Promise<void> {
    // The answer speaks of all that was sent before its WAIT, and of nothing that is sent while it is awaited.
    const spokenFor = writes
    const replicas = Number(await answer)
    if (!(replicas >= waitReplicas)) {
      throw new Error(`${replicas} of ${waitReplicas} replicas confirmed the write in ${waitTimeout} ms`)
    }
    for (const [key, write] of unconfirmed) {
      if (write > spokenFor) break
      unconfirmed.delete(key)
    }
  }

  return {
    async write(key, send) {
      unconfirmed.delete(key)
      unconfirmed.set(key, ++writes)
      const [sent, confirmed] = await Promise.allSettled([send(), confirm(wait(waitReplicas, waitTimeout))])
      if (sent.status === 'rejected') throw sent.reason
      if (confirmed.status === 'rejected') throw confirmed.reason
      return sent.value
    },
    async settle(key) {
      if (unconfirmed.has(key)) await confirm(wait(waitReplicas, waitTimeout))
    }
  }
}
