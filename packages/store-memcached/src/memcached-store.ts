import { type AsyncKeyValueStore, type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import type { MemcachedClient } from './client.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope, foreignValue, lifetimeOf } from './envelope.ts'
import { placementOf } from './placement.ts'

export interface MemcachedStoreOptions {
  /**
   * UTF-8 bytes of the largest value, from 100,000 to 1,048,576; a larger one rejects with `RECORD_TOO_LARGE`. Default
   * 1,000,000, which fits memcached's own limit of 1 MiB for an item with its key. Change both together (`memcached -I`).
   */
  readonly largestValue?: number
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export type MemcachedStore = AsyncKeyValueStore & Required<Pick<AsyncKeyValueStore, 'compareAndSet'>>

/** The driver collects results in an object, so no key may be one of its members, such as `__proto__`. */
const prefix = 'kvsession:'
/** Every failed attempt means that another writer was faster. */
const maxTurns = 1_000

/**
 * Stores sessions in memcached, shared by any number of machines. They are lost when the server restarts or runs out of
 * memory. It takes a client of one server, or a list of such clients in the same order in every process. Each key belongs to
 * one server, and no other server replaces it during an outage. It never closes the clients.
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

  async function read(name: string): Promise<Envelope | undefined> {
    try {
      return decodeEnvelope(await clientOf(name).gets(name), name)
    } catch (error) {
      // A value that another client stored as JSON or compressed fails inside the driver.
      const unreadable = error instanceof Error && ['SyntaxError', 'AssertionError'].includes(error.name)
      throw unreadable ? foreignValue(name, error) : error
    }
  }

  function liveValueOf(envelope: Envelope | undefined): string | undefined {
    return envelope !== undefined && envelope.expiresAt > clock.now() ? envelope.value : undefined
  }

  /** Checked first, because memcached's `set` drops the old value if it refuses the new one. */
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
      await succeeds(clientOf(name).set(name, encodeEnvelope(value, expiresAt), { lifetime }))
    },
    async delete(key) {
      const name = prefix + key
      await succeeds(clientOf(name).delete(name), 'NOT_FOUND')
    },
    async compareAndSet(key, expected, value, expiresAt) {
      assertFits(value)
      const name = prefix + key
      const client = clientOf(name)
      const stored = encodeEnvelope(value, expiresAt)
      for (let turn = 0; turn < maxTurns; turn++) {
        const lifetime = lifetimeOf(expiresAt, clock.now())
        if (expected === undefined && (await succeeds(client.add(name, stored, { lifetime }), 'NOT_STORED')))
          return true
        const envelope = await read(name)
        if (liveValueOf(envelope) !== expected) return false
        // The key has disappeared since `add`, so there was no live value.
        if (envelope === undefined) continue
        const { casUniq } = envelope
        if (await succeeds(client.cas(name, stored, { lifetime, casUniq }), 'EXISTS', 'NOT_FOUND')) return true
        // Another client wrote meanwhile, perhaps the same value with another deadline, so compare the value again.
      }
      throw new SessionError('CONFLICT', `Other clients kept writing to ${name} in memcached. Try again`)
    }
  }
}

/** Resolves to true if memcached applied the command, and to false for the replies in `refusals`. Other replies reject. */
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
  const message = `The value exceeds the limit of memcached: ${limit}. Store large data elsewhere, or raise both limits`
  return new SessionError('RECORD_TOO_LARGE', message, cause === undefined ? undefined : { cause })
}
