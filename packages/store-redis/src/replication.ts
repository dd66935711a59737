import { SessionError } from '@kvsession/core'
import type { RedisCommands } from './client.ts'
import type { RedisStoreSettings } from './redis-store-options.ts'

/** Waits until enough replicas have what was written. */
export interface Replication {
  /** Sends a write with its WAIT right behind it: on one connection, or on none. */
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
  const unconfirmed = new Set<string>()

  async function confirm(key: string, answer: Promise<unknown>): Promise<void> {
    unconfirmed.add(key)
    const replicas = Number(await answer)
    if (!(replicas >= waitReplicas)) {
      throw new Error(`${replicas} of ${waitReplicas} replicas confirmed the write in ${waitTimeout} ms`)
    }
    // WAIT speaks of everything that the connection wrote before.
    unconfirmed.clear()
  }

  return {
    async write(key, send) {
      const [sent, confirmed] = await Promise.allSettled([send(), confirm(key, wait(waitReplicas, waitTimeout))])
      if (sent.status === 'rejected') throw sent.reason
      if (confirmed.status === 'rejected') throw confirmed.reason
      return sent.value
    },
    async settle(key) {
      if (unconfirmed.has(key)) await confirm(key, wait(waitReplicas, waitTimeout))
    }
  }
}
