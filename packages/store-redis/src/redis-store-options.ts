import { type Clock, SessionError } from '@kvsession/core'

export interface RedisStoreOptions {
  /**
   * A write counts only when so many replicas have it. Costs each write a WAIT, which holds up everything behind it on the
   * connection. A write that too few confirm rejects, and this process does not read its session until enough do; other
   * processes may see it. Narrows what a failover can undo, but promises nothing: the replica that becomes master may be
   * another one. Not with Cluster, a pool, or node-redis's sentinel client. Default 0: a failover may bring back what was
   * just deleted.
   */
  readonly waitReplicas?: number
  /** Milliseconds to wait for the replicas; default 500. Keep it below the manager's `storeTimeout`. */
  readonly waitTimeout?: number
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export interface RedisStoreSettings {
  readonly waitReplicas: number
  readonly waitTimeout: number
  readonly clock: Pick<Clock, 'now'>
}

/** @throws SessionError `OPTION_INVALID` */
export function settingsOf(options: RedisStoreOptions): RedisStoreSettings {
  const { waitReplicas = 0, waitTimeout = 500, clock = { now: Date.now } } = options
  if (!Number.isInteger(waitReplicas) || waitReplicas < 0) {
    throw new SessionError('OPTION_INVALID', 'waitReplicas must be a whole number of replicas, 0 for none')
  }
  // WAIT takes 0 for "for ever".
  if (!Number.isInteger(waitTimeout) || waitTimeout < 1) {
    throw new SessionError('OPTION_INVALID', 'waitTimeout must be a whole number of milliseconds, at least 1')
  }
  return { waitReplicas, waitTimeout, clock }
}
