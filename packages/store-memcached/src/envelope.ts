import { SessionError } from '@kvsession/core'
import { propertyOf } from './client.ts'

/** The content of a key: its exact deadline, its value and its `cas` number. */
export interface Envelope {
  readonly expiresAt: number
  readonly value: string
  readonly casUniq: string
}

/** The stored string is the deadline in epoch milliseconds, a space and the value. */
export function encodeEnvelope(value: string, expiresAt: number): string {
  return `${expiresAt} ${value}`
}

/** @throws SessionError `STORE_INVALID` if the store did not write the value */
export function decodeEnvelope(found: unknown, key: string): Envelope | undefined {
  if (found === undefined) return undefined
  const stored = propertyOf(found, 'value')
  const casUniq = propertyOf(found, 'casUniq')
  if (typeof stored !== 'string' || typeof casUniq !== 'string') throw foreignValue(key)
  const end = stored.indexOf(' ')
  const expiresAt = end > 0 ? Number(stored.slice(0, end)) : Number.NaN
  if (Number.isNaN(expiresAt)) throw foreignValue(key)
  return { expiresAt, value: stored.slice(end + 1), casUniq }
}

export function foreignValue(key: string, cause?: unknown): SessionError {
  const message = `The memcached store found a value that it did not write under ${key}. Give it its own server, or delete the key`
  return new SessionError('STORE_INVALID', message, cause === undefined ? undefined : { cause })
}

const maxSeconds = 2 ** 31 - 1

/**
 * The time in seconds when memcached may drop the item. Its clock counts whole seconds from its start, so one more second
 * keeps it from dropping an item early. A time above 32 bits becomes 0, which means never. A deadline in the past becomes
 * negative, because small positive numbers are relative to now.
 */
export function lifetimeOf(expiresAt: number, now: number): number {
  if (!(expiresAt > now)) return -1
  const seconds = Math.ceil(expiresAt / 1_000) + 1
  return seconds > maxSeconds ? 0 : seconds
}
