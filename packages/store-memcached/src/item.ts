import { SessionError } from '@kvsession/core'
import { propertyOf } from './client.ts'

/** What is under a key: its exact deadline and value, and the number that `cas` takes. */
export interface Item {
  readonly expiresAt: number
  readonly value: string
  readonly casUniq: string
}

/** A stored text is the deadline in epoch milliseconds, a space, the value. */
export function encodeItem(value: string, expiresAt: number): string {
  return `${expiresAt} ${value}`
}

/** @throws SessionError `STORE_INVALID` when somebody else wrote it */
export function decodeItem(found: unknown, key: string): Item | undefined {
  if (found === undefined) return undefined
  const text = propertyOf(found, 'value')
  const casUniq = propertyOf(found, 'casUniq')
  if (typeof text !== 'string' || typeof casUniq !== 'string') throw foreignItem(key)
  const end = text.indexOf(' ')
  const expiresAt = end > 0 ? Number(text.slice(0, end)) : Number.NaN
  if (Number.isNaN(expiresAt)) throw foreignItem(key)
  return { expiresAt, value: text.slice(end + 1), casUniq }
}

export function foreignItem(key: string, cause?: unknown): SessionError {
  const message = `The memcached store found something it did not write under ${key}. Give it a server of its own, or delete the key`
  return new SessionError('STORE_INVALID', message, cause === undefined ? undefined : { cause })
}

const mostSeconds = 2 ** 31 - 1

/**
 * When memcached may drop the item, in its own unit. It counts whole seconds from its start by a clock of its own: one of
 * margin keeps it from being early. Beyond 32 bits it knows no time, and 0 is never; a deadline in the past is a negative time, because
 * small positive numbers count from now.
 */
export function lifetimeOf(expiresAt: number, now: number): number {
  if (!(expiresAt > now)) return -1
  const seconds = Math.ceil(expiresAt / 1_000) + 1
  return seconds > mostSeconds ? 0 : seconds
}
