import type { AsyncKeyValueStore } from '@kvsession/core'
import { call, copyOf, hasMethods, propertyOf, type RedisClient } from './client.ts'

export type Watch = NonNullable<AsyncKeyValueStore['watch']>

/** Receives the invalidation messages of a connection. */
interface Listener {
  onKey(key: string): void
  /** The server has removed all keys. */
  onFlush(): void
}

/** How one driver opens a connection that receives invalidation messages. */
interface Driver {
  /** Options of the duplicate of the client. */
  readonly overrides: object
  /** The event of the driver for a lost connection. */
  readonly lost: string
  /** Called once. */
  listen(copy: object, listener: Listener): void
  /** Called for each new connection: makes the server send messages for keys with the prefix. */
  track(copy: object, prefix: string): Promise<void>
}

/** Whether the store can watch keys with a duplicate of this client; not for a cluster, a pool or a sentinel client of node-redis. */
export function canWatch(client: RedisClient): boolean {
  return hasMethods(client, ['watch', 'duplicate']) && propertyOf(client, 'isCluster') !== true
}

/**
 * A separate connection on which the server reports the keys that change (CLIENT TRACKING in broadcasting mode). The driver
 * reconnects by itself.
 *
 * @param stops the functions that end the watches of the store.
 */
export function createWatch(client: RedisClient, stops: Set<() => void>): Watch {
  const driver = hasMethods(client, ['evalsha']) ? ioredis : nodeRedis
  return (prefix, onKey, onGap) =>
    new Promise((resolve, reject) => {
      let state: 'opening' | 'watching' | 'interrupted' | 'ended' = 'opening'
      const stop = (): void => {
        if (state === 'ended') return
        state = 'ended'
        stops.delete(stop)
        forget()
        close(copy)
        // Without effect if the watch has been established.
        reject(new Error('The watch was ended before it was established'))
      }
      const interrupt = (): void => {
        if (state !== 'watching') return
        state = 'interrupted'
        onGap(false)
      }
      const { copy, forget } = copyOf(client, [driver.overrides], () => {
        interrupt()
        stop()
      })
      const fail = (error: unknown): void => {
        reject(error)
        if (state === 'opening') stop()
        else interrupt()
      }
      const start = async (): Promise<void> => {
        await driver.track(copy, prefix)
        if (state === 'interrupted') onGap(true)
        if (state !== 'ended') state = 'watching'
        resolve(stop)
      }
      stops.add(stop)
      driver.listen(copy, {
        onKey: (key) => {
          if (state === 'watching' && key.startsWith(prefix)) onKey(key)
        },
        onFlush: () => {
          if (state === 'watching') onGap(true)
        }
      })
      call(copy, 'on', ['error', fail])
      call(copy, 'on', [driver.lost, interrupt])
      call(copy, 'on', ['end', interrupt])
      call(copy, 'on', ['ready', () => void start().catch(fail)])
      Promise.resolve(call(copy, 'connect', [])).catch(fail)
    })
}

const nodeRedis: Driver = {
  // RESP3 sends the messages on the connection itself.
  overrides: {
    RESP: 3,
    clientSideCache: undefined,
    emitInvalidate: true,
    useReplicas: false,
    disableOfflineQueue: true
  },
  lost: 'reconnecting',
  listen(copy, { onKey, onFlush }) {
    const onInvalidate = (key: unknown): void => (key === null ? onFlush() : onKey(String(key)))
    call(copy, 'on', ['invalidate', onInvalidate])
  },
  async track(copy, prefix) {
    // The driver has enabled messages for the keys that this connection reads.
    await call(copy, 'sendCommand', [['CLIENT', 'TRACKING', 'OFF']])
    await call(copy, 'sendCommand', [['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', prefix]])
  }
}

const channel = '__redis__:invalidate'

const ioredis: Driver = {
  // RESP2 sends the messages to a channel, to which the connection itself can subscribe.
  overrides: {
    protocol: 2,
    lazyConnect: true,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    keyPrefix: ''
  },
  lost: 'close',
  listen(copy, { onKey, onFlush }) {
    const onMessage = (from: unknown, keys: unknown): void => {
      if (from !== channel) return
      // The driver joins the keys of one message with commas, which the store's keys do not contain.
      if (keys === '') onFlush()
      else for (const key of String(keys).split(',')) onKey(key)
    }
    call(copy, 'on', ['message', onMessage])
  },
  async track(copy, prefix) {
    const id = await call(copy, 'client', ['ID'])
    await call(copy, 'client', ['TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', prefix])
    await call(copy, 'subscribe', [channel])
  }
}

function close(copy: object): void {
  try {
    call(copy, hasMethods(copy, ['destroy', 'getRange']) ? 'destroy' : 'disconnect', [])
  } catch {
    // It is closed.
  }
}
