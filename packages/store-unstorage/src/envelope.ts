import { SessionError } from '@kvsession/core'

export interface Envelope {
  readonly expiresAt: number
  readonly value: string
}

/**
 * The key, the deadline, the length and the value, separated by spaces. No driver, and not `getItem()`, parses that as JSON
 * or a number, and the length reveals a partly written file.
 */
export function encodeEnvelope(key: string, { expiresAt, value }: Envelope): string {
  return `${key} ${expiresAt} ${value.length} ${value}`
}

/**
 * Returns `undefined` if there is no value.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function decodeEnvelope(key: string, stored: unknown): Envelope | undefined {
  if (stored === undefined || stored === null) return undefined
  // The file drivers resolve to the error object of a failed read.
  if (stored instanceof Error) throw stored
  const envelope = typeof stored === 'string' ? stored : ''
  const [head = '', ownKey, deadline, length] = /^([A-Za-z0-9._-]{1,200}) (\S+) (\d+) /.exec(envelope) ?? []
  const value = envelope.slice(head.length)
  const expiresAt = Number(deadline)
  if (ownKey !== key || Number.isNaN(expiresAt) || Number(length) !== value.length) {
    const hint = 'Give it its own storage, with atomic writes and case-sensitive keys, and remove the entry'
    const message = `The unstorage store found a damaged value, or one that it did not write, under the key ${key}. ${hint}`
    throw new SessionError('STORE_INVALID', message)
  }
  return { expiresAt, value }
}
