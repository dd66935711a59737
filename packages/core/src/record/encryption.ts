import { createAead, encodeBase64url } from '#crypto'
import { decodeBase64url } from '../crypto/base64url.ts'
import { createRandomSource } from '../crypto/random.ts'
import { checkSecrets, createRing, deriveMac } from '../token/keyring.ts'

/** Encrypts the payload of records at rest, below the serializer. */
export interface PayloadEncryption {
  /**
   * @param context Data that the payload is bound to besides its key, such as the record's stable metadata.
   *   Authenticated, not stored: `decrypt` needs the same string.
   * @param key Storage key of the record; every record has an encryption key of its own.
   */
  encrypt(plaintext: string, context: string, key: string): string
  /** `undefined` for anything that `encrypt` did not make under a listed secret, with this context and key. */
  decrypt(ciphertext: string, context: string, key: string): string | undefined
  /** `false`: records are written in plain text, and encrypted ones are read. Default `true`. */
  readonly write?: boolean
  /** Until then records in plain text are also read, epoch ms. Default: never. */
  readonly plainUntil?: number
}

/** `secret` newest first: the first encrypts, all decrypt. Not the manager's `secret`, so that each can rotate alone. */
export interface EncryptionOptions {
  readonly secret: string | undefined | readonly (string | undefined)[]
  /**
   * `false`: records are written in plain text, and encrypted ones are read. For the first step of switching encryption
   * on in a running fleet, and the next-to-last step of switching it off. Default `true`.
   */
  readonly write?: boolean
  /**
   * Until then records in plain text are also read, epoch ms, and anyone with write access to the store can forge sessions.
   * Default: never with `write`, always without.
   */
  readonly plainUntil?: number
  /** Default: the platform's generator. */
  readonly randomBytes?: (length: number) => Uint8Array
}

const version = 1
const ivOffset = 3
const sealedOffset = 15
const encoder = new TextEncoder()
// ignoreBOM: a payload that starts with U+FEFF must come back with it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * AES-256-GCM with a random 96-bit IV, under a key derived per record: the limit of 2^32 random IVs (NIST SP 800-38D
 * §8.3) counts for one record, not for all. There is no fallback: a payload that does not decrypt is
 * refused (CVE-2026-39324). Hides the data, not ids, users or times; write access to the store still suffices to restore
 * an older record.
 *
 * Ciphertext = base64url of `version 1 B | key id 2 B | iv 12 B | ciphertext | tag 16 B`.
 *
 * @throws SessionError `SECRET_MISSING`, `SECRET_WEAK`, `SECRET_DUPLICATE`.
 */
export function createEncryption(options: EncryptionOptions): PayloadEncryption {
  const secrets = checkSecrets(options.secret, 'encryption secret')
  const random = createRandomSource(options.randomBytes)
  const ring = createRing(secrets, ['encryption-kid'], (secret, keyId) => {
    const keyOf = deriveMac(secret, ['encryption'])
    return { keyId, aead: (key: string) => createAead(keyOf(encoder.encode(key))) }
  })
  const { write = true, plainUntil = write ? 0 : Number.POSITIVE_INFINITY } = options
  return {
    write,
    plainUntil,
    encrypt(plaintext, context, key) {
      const { keyId, aead } = ring.current
      const iv = random(12)
      const sealed = aead(key).seal(iv, encoder.encode(plaintext), encoder.encode(context))
      const bytes = new Uint8Array(sealedOffset + sealed.length)
      bytes[0] = version
      new DataView(bytes.buffer).setUint16(1, keyId)
      bytes.set(iv, ivOffset)
      bytes.set(sealed, sealedOffset)
      return encodeBase64url(bytes)
    },
    decrypt(ciphertext, context, key) {
      const bytes = decodeBase64url(ciphertext)
      if (bytes === undefined || bytes.length < sealedOffset || bytes[0] !== version) return undefined
      const iv = bytes.subarray(ivOffset, sealedOffset)
      for (const { aead } of ring.candidates(new DataView(bytes.buffer).getUint16(1))) {
        const plaintext = aead(key).open(iv, bytes.subarray(sealedOffset), encoder.encode(context))
        if (plaintext !== undefined) return decodeUtf8(plaintext)
      }
      return undefined
    }
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
