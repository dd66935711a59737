import { SessionError } from '@kvsession/core'

/** The stored string is the deadline in epoch milliseconds, a space and the value. */
export interface Envelope {
  readonly expiresAt: number
  readonly value: string
}

/** Longer than any deadline and its space. */
export const headLength = 20

export function encodeEnvelope(value: string, expiresAt: number): string {
  return headOf(expiresAt) + value
}

/** What precedes the value. */
export function headOf(expiresAt: number): string {
  return `${Math.max(Math.ceil(expiresAt), 0)} `
}

/** @throws SessionError `STORE_INVALID` if the store did not write the value */
export function decodeEnvelope(found: unknown, key: string): Envelope | undefined {
  if (found === null || found === undefined) return undefined
  const end = typeof found === 'string' ? found.indexOf(' ') : -1
  const expiresAt = typeof found === 'string' && end > 0 ? Number(found.slice(0, end)) : Number.NaN
  if (typeof found !== 'string' || Number.isNaN(expiresAt)) throw foreign(key)
  return { expiresAt, value: found.slice(end + 1) }
}

export function foreign(key: string, cause?: unknown): SessionError {
  const message = `The Redis store found a value that it did not write under ${key}. Give it its own database or namespace, or delete the key`
  return new SessionError('STORE_INVALID', message, cause === undefined ? undefined : { cause })
}
