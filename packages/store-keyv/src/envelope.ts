import { SessionError } from '@kvsession/core'

/** The string for Keyv is the key, the deadline and the value, separated by spaces, which no serializer misinterprets. */
export interface Envelope {
  readonly key: string
  readonly expiresAt: number
  readonly value: string
}

export function encodeEnvelope({ key, expiresAt, value }: Envelope): string {
  return `${key} ${expiresAt} ${value}`
}

/**
 * Returns `undefined` if there is no value. With `key`, the envelope must belong to that key.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function decodeEnvelope(stored: unknown, key?: string): Envelope | undefined {
  if (stored === undefined || stored === null) return undefined
  const envelope = typeof stored === 'string' ? stored : ''
  const [head = '', ownKey, deadline] = /^([A-Za-z0-9._-]{1,200}) (\S+) /.exec(envelope) ?? []
  const expiresAt = Number(deadline)
  if (ownKey === undefined || Number.isNaN(expiresAt) || (key !== undefined && ownKey !== key)) {
    const where = key === undefined ? 'among its entries' : `under the key ${key}`
    const hint = 'Give its Keyv its own namespace, and remove the entry'
    throw new SessionError('STORE_INVALID', `The Keyv store found a value that it did not write ${where}. ${hint}`)
  }
  return { key: ownKey, expiresAt, value: envelope.slice(head.length) }
}
