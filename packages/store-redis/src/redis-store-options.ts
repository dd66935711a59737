import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import type { RedisClient } from './client.ts'

export interface RedisStoreOptions {
  /**
   * Set `true` for a client that other code uses too, such as a queue. The store then duplicates the client with the
   * settings that sessions need, and does not change those of the client. The duplicate opens with the first call. It
   * closes with `close()` (which `manager.close()` calls) or when the client is closed. Its errors are emitted on the
   * client, and it has no local cache. A pool and node-redis's sentinel client cannot be duplicated. Default: false.
   */
  readonly ownConnection?: boolean
  /**
   * Number of replicas that must have a write before it succeeds. A WAIT on a separate connection follows each group of
   * concurrent writes. If too few replicas confirm a write, it rejects, and this process does not read its session until
   * enough do; other processes may see it. This reduces the writes that a failover can undo, but guarantees nothing,
   * because a different replica may become master. Not for Cluster. Default 0: a failover may restore a deleted session.
   */
  readonly waitReplicas?: number
  /**
   * A second client with one connection, for the writes that wait for replicas. The store never closes it. By default, the
   * store duplicates its client with the first write, and closes the duplicate with `close()` (which `manager.close()`
   * calls) or when the client is closed. Required for a pool and for node-redis's sentinel client, which have several
   * connections. For the latter, pass a `Redis` of ioredis with `sentinels`, which also follows the master.
   */
  readonly waitClient?: RedisClient
  /**
   * Milliseconds to wait for the replicas; default 500. Keep it below half of the manager's `storeTimeout`, because a write
   * may also wait for the previous group.
   */
  readonly waitTimeout?: number
  /** The clock of the store. Default: `Date.now`. */
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
    throw new SessionError('OPTION_INVALID', 'waitReplicas must be a whole number of replicas, or 0')
  }
  // WAIT treats 0 as no limit.
  if (!Number.isInteger(waitTimeout) || waitTimeout < 1) {
    throw new SessionError('OPTION_INVALID', 'waitTimeout must be a whole number of milliseconds, at least 1')
  }
  if (waitClient !== undefined && waitReplicas === 0) {
    throw new SessionError('OPTION_INVALID', 'waitClient requires waitReplicas: set both, or neither')
  }
  if (waitClient !== undefined && waitClient === client) {
    throw new SessionError(
      'OPTION_INVALID',
      'waitClient must be a second client, because reads would wait behind its writes'
    )
  }
  return { ownConnection, waitReplicas, waitTimeout, waitClient, clock }
}
