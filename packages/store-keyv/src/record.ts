import { SessionError } from '@kvsession/core'

/** What Keyv is given is the key, a space, the deadline, a space, the value: nothing a serializer takes for its own. */
export interface StoredRecord {
  readonly key: string
  readonly expiresAt: number
  readonly value: string
}

export function encodeRecord({ key, expiresAt, value }: StoredRecord): string {
  return `${key} ${expiresAt} ${value}`
}

/**
 * `undefined` for nothing there. With `key`, the record has to be the one of that key.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function decodeRecord(stored: unknown, key?: string): StoredRecord | undefined {
  if (stored === undefined || stored === null) return undefined
  const text = typeof stored === 'string' ? stored : ''
  const [head = '', ownKey, deadline] = /^([A-Za-z0-9._-]{1,200}) (\S+) /.exec(text) ?? []
  const expiresAt = Number(deadline)
  if (ownKey === undefined || Number.isNaN(expiresAt) || (key !== undefined && ownKey !== key)) {
    const where = key === undefined ? 'among its entries' : `under the key ${key}`
    const cure = 'Give its Keyv a namespace of its own and remove the entry'
    throw new SessionError('STORE_INVALID', `The Keyv store found something it did not write ${where}. ${cure}`)
  }
  return { key: ownKey, expiresAt, value: text.slice(head.length) }
}
