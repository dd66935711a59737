import { type Clock, type KeyValueStore, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import type { MemcachedClient } from './client.ts'
import { decodeItem, encodeItem, foreignItem, type Item, lifetimeOf } from './item.ts'
import { placementOf } from './placement.ts'

export interface MemcachedStoreOptions {
  /**
   * UTF-8 bytes of the largest value, from 100,000 to 1,048,576; a larger one rejects with `RECORD_TOO_LARGE`. Default
   * 1,000,000, which fits memcached's own limit of 1 MiB for an item with its key. Change both together (`memcached -I`).
   */
  readonly largestValue?: number
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export type MemcachedStore = KeyValueStore & Required<Pick<KeyValueStore, 'compareAndSet'>>

/** The driver keeps answers in an object: no key may be one of its members, such as `__proto__`. */
const prefix = 'kvsession:'
/** Every turn but the last means that another writer was faster. */
const mostTurns = 1_000

/**
 * Sessions in memcached: shared by any number of machines, and gone when the server restarts or needs the room. Takes a
 * client of one server, or a list of such clients, in the same order in every process: each key has one of the servers for
 * good, and is asked for nowhere else when that one is down. Never closes them.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createMemcachedStore(
  clients: MemcachedClient | readonly MemcachedClient[],
  options: MemcachedStoreOptions = {}
): MemcachedStore {
  checkStoreOptions<MemcachedStoreOptions>(options, { largestValue: true, clock: true })
  const clientOf = placementOf(clients)
  const { largestValue = 1_000_000, clock = { now: Date.now } } = options
  if (!Number.isInteger(largestValue) || largestValue < 100_000 || largestValue > 1_048_576) {
    throw new SessionError('OPTION_INVALID', 'largestValue must be a whole number of bytes from 100,000 to 1,048,576')
  }

  async function read(name: string): Promise<Item | undefined> {
    try {
      return decodeItem(await clientOf(name).gets(name), name)
    } catch (error) {
      // What another client stored as JSON or compressed fails inside the driver.
      const unreadable = error instanceof Error && ['SyntaxError', 'AssertionError'].includes(error.name)
      throw unreadable ? foreignItem(name, error) : error
    }
  }

  function liveValueOf(item: Item | undefined): string | undefined {
    return item !== undefined && item.expiresAt > clock.now() ? item.value : undefined
  }

  /** Before the server is asked: its `set` drops the old value when it refuses the new one. */
  function assertFits(value: string): void {
    if (Buffer.byteLength(value) > largestValue) throw tooLarge(`largestValue (${largestValue} bytes)`)
  }

  return {
    async get(key) {
      return liveValueOf(await read(prefix + key))
    },
    async set(key, value, expiresAt) {
      assertFits(value)
      const lifetime = lifetimeOf(expiresAt, clock.now())
      const name = prefix + key
      await succeeds(clientOf(name).set(name, encodeItem(value, expiresAt), { lifetime }))
    },
    async delete(key) {
      const name = prefix + key
      await succeeds(clientOf(name).delete(name), 'NOT_FOUND')
    },
    async compareAndSet(key, expected, value, expiresAt) {
      assertFits(value)
      const name = prefix + key
      const client = clientOf(name)
      const text = encodeItem(value, expiresAt)
      for (let turn = 0; turn < mostTurns; turn++) {
        const lifetime = lifetimeOf(expiresAt, clock.now())
        if (expected === undefined && (await succeeds(client.add(name, text, { lifetime }), 'NOT_STORED'))) return true
        const item = await read(name)
        if (liveValueOf(item) !== expected) return false
        // Gone since `add` saw it; nothing live was there.
        if (item === undefined) continue
        const { casUniq } = item
        if (await succeeds(client.cas(name, text, { lifetime, casUniq }), 'EXISTS', 'NOT_FOUND')) return true
        // Somebody wrote in between, perhaps the same text with another deadline: the value decides, not that it was written.
      }
      throw new SessionError('CONFLICT', `Others kept writing to ${name} in memcached; try again`)
    }
  }
}

/** Whether memcached did it; `refusals` are its answers that say no. Anything else is a failure. */
async function succeeds(answer: Promise<unknown>, ...refusals: readonly string[]): Promise<boolean> {
  try {
    await answer
    return true
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    if (refusals.includes(message)) return false
    if (message.includes('object too large')) throw tooLarge('its own limit for an item (memcached -I)', error)
    throw error
  }
}

function tooLarge(limit: string, cause?: unknown): SessionError {
  const message = `The value exceeds what memcached takes: ${limit}. Keep large things elsewhere, or raise both limits`
  return new SessionError('RECORD_TOO_LARGE', message, cause === undefined ? undefined : { cause })
}
