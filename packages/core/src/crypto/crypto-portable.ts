import { gcm } from '@noble/ciphers/aes.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'

/** AES-256-GCM (NIST SP 800-38D) under one key. Never seal twice with the same 12-byte `iv`. */
export interface Aead {
  /** Ciphertext with the 16-byte tag appended. */
  seal(iv: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array
  /** `undefined` when the tag does not fit: another key, iv or aad, or a damaged ciphertext. */
  open(iv: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined
}

export function sha256(data: Uint8Array): Uint8Array {
  return nobleSha256(data)
}

/** A keyed hash over the first `length` bytes. Default: all. */
export type Mac = (data: Uint8Array, length?: number) => Uint8Array

/** The first `size` bytes of HMAC-SHA-256 (RFC 2104). The key is absorbed once; each call clones the keyed state. */
export function createMac(key: Uint8Array, size = 32): Mac {
  const keyed = hmac.create(nobleSha256, key)
  return (data, length) => keyed.clone().update(data.subarray(0, length)).digest().slice(0, size)
}

/** SHA-256 as base64url. */
export function sha256Base64url(data: Uint8Array | string): string {
  return encodeBase64url(nobleSha256(typeof data === 'string' ? new TextEncoder().encode(data) : data))
}

/** HKDF-SHA-256 (RFC 5869), of at most 255 blocks of 32 bytes. */
export function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const extracted = createMac(salt)(ikm)
  const expand = createMac(extracted)
  extracted.fill(0)
  const key = new Uint8Array(length)
  let block = new Uint8Array()
  for (let start = 0, count = 1; start < length; start += block.length, count++) {
    block = Uint8Array.from(expand(Uint8Array.of(...block, ...info, count)))
    key.set(block.subarray(0, length - start), start)
  }
  block.fill(0)
  return key
}

/** Takes the same time wherever the first difference is. Unequal lengths are unequal. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

export const randomPoolSize = 4096

export function fillRandom(bytes: Uint8Array): void {
  // getRandomValues refuses more than 65 536 bytes at once (Web Cryptography §10.1.1).
  for (let start = 0; start < bytes.length; start += 65_536) {
    const chunk = crypto.getRandomValues(new Uint8Array(Math.min(65_536, bytes.length - start)))
    bytes.set(chunk, start)
    chunk.fill(0)
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Base64url without padding (RFC 4648 §5). */
export function encodeBase64url(bytes: Uint8Array): string {
  let encoded = ''
  let bits = 0
  let pending = 0
  for (const byte of bytes) {
    bits = ((bits & 63) << 8) | byte
    pending += 8
    while (pending >= 6) {
      pending -= 6
      encoded += alphabet.charAt((bits >> pending) & 63)
    }
  }
  return pending > 0 ? encoded + alphabet.charAt((bits << (6 - pending)) & 63) : encoded
}

export function createAead(key: Uint8Array): Aead {
  const ownKey = key.slice()
  return {
    seal: (iv, plaintext, aad) => gcm(ownKey, iv, aad).encrypt(plaintext),
    open(iv, sealed, aad) {
      try {
        return gcm(ownKey, iv, aad).decrypt(sealed)
      } catch {
        return undefined
      }
    }
  }
}
