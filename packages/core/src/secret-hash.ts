import { sha256 } from '#crypto'
import { encodeBase64url } from './base64url.ts'
import { encodeHex } from './token.ts'

const utf8 = new TextEncoder()
const secretLabel = 'kvsession/v1/secret'
const tokenIdLabel = 'kvsession/v1/token-id'
const userLabel = 'kvsession/v1/user'

/**
 * What the store keeps of a secret: SHA-256 over label, namespace, id and secret. Unsalted is enough for a random
 * secret of at least 112 bits (OWASP ASVS 5.0, 6.5.2). A store, log or backup that leaks lets nobody in.
 */
export function hashSecret(namespace: string, id: string, secret: Uint8Array): Uint8Array {
  const prefix = `${secretLabel}\0${namespace}\0${id}`
  const { length } = prefix
  if (message.length !== length + secret.length) message = new Uint8Array(length + secret.length)
  // ASCII throughout; a third of the time that a TextEncoder takes.
  for (let i = 0; i < length; i++) message[i] = prefix.charCodeAt(i)
  message.set(secret, length)
  const digest = sha256(message)
  message.fill(0, length)
  return digest
}

/** Kept between calls, which mostly have one length. */
let message = new Uint8Array()

/** The public name of a secret: changes whenever the secret does, and leads to neither it nor its stored hash. */
export function tokenIdOf(secretHash: string): string {
  return encodeBase64url(sha256(utf8.encode(`${tokenIdLabel}\0${secretHash}`)).slice(0, 16))
}

/** A user id as part of a storage key, 64 hex characters. */
export function userKeyOf(userId: string): string {
  return encodeHex(sha256(utf8.encode(`${userLabel}\0${userId}`)))
}
