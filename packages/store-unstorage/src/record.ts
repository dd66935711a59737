import { SessionError } from '@kvsession/core'

export interface StoredRecord {
  readonly expiresAt: number
  readonly value: string
}

/**
 * The key, the deadline and the length in front of the value, with spaces between: no driver, and not `getItem()`, takes
 * that for JSON or a number, and a file that was only half written shows.
 */
export function encodeRecord(key: string, { expiresAt, value }: StoredRecord): string {
  return `${key} ${expiresAt} ${value.length} ${value}`
}

/**
 * `undefined` for nothing there.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function decodeRecord(key: string, stored: unknown): StoredRecord | undefined {
  if (stored === undefined || stored === null) return undefined
  // The file drivers resolve to the error of a failed read.
  if (stored instanceof Error) throw stored
  const text = typeof stored === 'string' ? stored : ''
  const [head = '', ownKey, deadline, length] = /^([A-Za-z0-9._-]{1,200}) (\S+) (\d+) /.exec(text) ?? []
  const value = text.slice(head.length)
  const expiresAt = Number(deadline)
  if (ownKey !== key || Number.isNaN(expiresAt) || Number(length) !== value.length) {
    const cure = 'Give it a storage of its own, with whole writes and case-sensitive keys, and remove the entry'
    const message = `The unstorage store found a damaged record, or one it did not write, under the key ${key}. ${cure}`
    throw new SessionError('STORE_INVALID', message)
  }
  return { expiresAt, value }
}
