/** What a moving store keeps under a key beside plain values. Other readers take all of it for tombstones of sessions. */
export type StoredValue =
  | { readonly kind: 'value'; readonly value: string }
  /** The key is absent, whatever the other store has. */
  | { readonly kind: 'deleted' }
  /** The other store has whatever there is: it counts as nothing, also when sessions move back. */
  | { readonly kind: 'left' }
  /** In the source alone: the value on its way to the target. */
  | Moving

export interface Moving {
  readonly kind: 'moving'
  readonly value: string
  /** Epoch ms. */
  readonly expiresAt: number
}

const marked = /^\{"v":1,(?:"[el]":1,|"m":\d+,)?"w":"moved-[\w-]*","x":1\}\n/
const moving = /^\{"v":1,"m":(\d+),"w":"moved-[\w-]*","x":1\}\n/
const left = /^\{"v":1,"l":1,"w":"moved-[\w-]*","x":1\}\n/
const escaped = '{"v":1,"e":1,"w":"moved-","x":1}\n'

/** @param nonce makes each one different from all others, so that none is taken for an earlier one. */
export function encodeDeleted(nonce: string): string {
  return `{"v":1,"w":"moved-${nonce}","x":1}\n`
}

export function encodeLeft(nonce: string): string {
  return `{"v":1,"l":1,"w":"moved-${nonce}","x":1}\n`
}

export function encodeMoving(nonce: string, value: string, expiresAt: number): string {
  // A clock may count fractions, and a time may have passed long ago.
  return `{"v":1,"m":${Math.max(0, Math.ceil(expiresAt))},"w":"moved-${nonce}","x":1}\n${value}`
}

/** The value itself, unless it could be taken for something else. The manager writes no such value. */
export function encodeValue(value: string): string {
  return marked.test(value) ? escaped + value : value
}

export function decodeStored(stored: string): StoredValue {
  if (!marked.test(stored)) return { kind: 'value', value: stored }
  if (stored.startsWith(escaped)) return { kind: 'value', value: stored.slice(escaped.length) }
  const [head = '', expiresAt] = moving.exec(stored) ?? []
  if (expiresAt === undefined) return { kind: left.test(stored) ? 'left' : 'deleted' }
  return { kind: 'moving', value: stored.slice(head.length), expiresAt: Number(expiresAt) }
}

/** What readers of the target see. It has no value that is moving. */
export function visibleValue(stored: string): string | undefined {
  const decoded = decodeStored(stored)
  return decoded.kind === 'value' ? decoded.value : undefined
}
