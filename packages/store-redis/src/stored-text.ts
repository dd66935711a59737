import { SessionError } from '@kvsession/core'

/** A stored text is the deadline in epoch milliseconds, a space, the value. */
export interface StoredText {
  readonly expiresAt: number
  readonly value: string
}

/** Longer than any deadline and its space. */
export const headLength = 20

export function encodeText(value: string, expiresAt: number): string {
  return headOf(expiresAt) + value
}

/** What stands before the value. */
export function headOf(expiresAt: number): string {
  return `${Math.max(Math.ceil(expiresAt), 0)} `
}

/** @throws SessionError `STORE_INVALID` when somebody else wrote it */
export function decodeText(found: unknown, key: string): StoredText | undefined {
  if (found === null || found === undefined) return undefined
  const end = typeof found === 'string' ? found.indexOf(' ') : -1
  const expiresAt = typeof found === 'string' && end > 0 ? Number(found.slice(0, end)) : Number.NaN
  if (typeof found !== 'string' || Number.isNaN(expiresAt)) throw foreign(key)
  return { expiresAt, value: found.slice(end + 1) }
}

export function foreign(key: string, cause?: unknown): SessionError {
  const message = `The Redis store found something it did not write under ${key}. Give it a database or a namespace of its own, or delete the key`
  return new SessionError('STORE_INVALID', message, cause === undefined ? undefined : { cause })
}
