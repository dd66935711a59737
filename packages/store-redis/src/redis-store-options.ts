import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import type { RedisClient } from './client.ts'

export interface RedisStoreOptions {
  /**
   * For a client that serves others too, such as that of a queue: the store duplicates it with the settings that sessions
   * need and leaves the client's own as they are. The copy opens at the first call and closes with `close()`
   * (`manager.close()` calls it), or when the client is closed; its errors are emitted on the client. It keeps no local
   * cache. Not for a pool, nor for node-redis's sentinel client. Default: false.
   */
  readonly ownConnection?: boolean
  /**
   * A write counts only when so many replicas have it: a WAIT follows it, shared by the writes of the moment, on a
   * connection of its own. A write that too few confirm rejects, and this process does not read its session until enough do;
   * other processes may see it. Narrows what a failover can undo, but promises nothing: the replica that becomes master may
   * be another one. Not with Cluster. Default 0: a failover may bring back what was just deleted.
   */
  readonly waitReplicas?: number
  /**
   * A second client, with one connection, for the writes that wait. The store never closes it. Default: the store
   * duplicates its client at the first write, and closes the copy with `close()` (`manager.close()` calls it), or when the
   * client itself is closed. Needed for a pool and for node-redis's sentinel client, which have several connections; for the
   * latter take a `Redis` of ioredis with `sentinels`, which follows the master too.
   */
  readonly waitClient?: RedisClient
  /**
   * Milliseconds to wait for the replicas; default 500. Keep it below half of the manager's `storeTimeout`: a write may also
   * wait for the round before its own.
   */
  readonly waitTimeout?: number
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export interface RedisStoreSettings {
  readonly ownConnection: boolean
  readonly waitReplicas: number
  readonly waitTimeout: number
  readonly waitClient: RedisClient | undefined
  readonly clock: Pick<Clock, 'now'>
}

/** @throws SessionError `OPTION_INVALID` */
export function settingsOf(client: RedisClient, options: RedisStoreOptions): RedisStoreSettings {
  checkStoreOptions<RedisStoreOptions>(options, {
    ownConnection: true,
    waitReplicas: true,
    waitClient: true,
    waitTimeout: true,
    clock: true
  })
  const { ownConnection = false, waitReplicas = 0, waitTimeout = 500, waitClient, clock = { now: Date.now } } = options
  if (typeof ownConnection !== 'boolean') {
    throw new SessionError('OPTION_INVALID', 'ownConnection must be true or false.')
  }
  if (!Number.isInteger(waitReplicas) || waitReplicas < 0) {
    throw new SessionError('OPTION_INVALID', 'waitReplicas must be a whole number of replicas, 0 for none')
  }
  // WAIT takes 0 for "for ever".
  if (!Number.isInteger(waitTimeout) || waitTimeout < 1) {
    throw new SessionError('OPTION_INVALID', 'waitTimeout must be a whole number of milliseconds, at least 1')
  }
  if (waitClient !== undefined && waitReplicas === 0) {
    throw new SessionError('OPTION_INVALID', 'waitClient is for waitReplicas: set that too, or leave both out')
  }
  if (waitClient !== undefined && waitClient === client) {
    throw new SessionError('OPTION_INVALID', 'waitClient must be a second client: reads would wait behind its writes')
  }
  return { ownConnection, waitReplicas, waitTimeout, waitClient, clock }
}
