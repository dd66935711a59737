// The one file that may import a Node-only API. Same exports as crypto-portable.ts; the package's `imports` choose.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  timingSafeEqual as nodeTimingSafeEqual,
  randomFillSync
} from 'node:crypto'
import type { Aead } from './crypto-portable.ts'

export type { Aead } from './crypto-portable.ts'

const tagLength = 16

export function sha256(data: Uint8Array): Uint8Array {
  return plain(hash('sha256', data, 'buffer'))
}

/** HMAC-SHA-256 (RFC 2104). A KeyObject, because given bytes Node prepares the key anew on each call (8 x slower). */
export function createMac(key: Uint8Array): (data: Uint8Array) => Uint8Array {
  const keyObject = createSecretKey(key)
  return (data) => plain(createHmac('sha256', keyObject).update(data).digest())
}

/** HKDF-SHA-256 (RFC 5869). */
export function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', ikm, salt, info, length))
}

/** Takes the same time wherever the first difference is. Unequal lengths are unequal. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && nodeTimingSafeEqual(a, b)
}

export function fillRandom(bytes: Uint8Array): void {
  randomFillSync(bytes)
}

export function createAead(key: Uint8Array): Aead {
  const keyObject = createSecretKey(key)
  return {
    seal(iv, text, aad) {
      const cipher = createCipheriv('aes-256-gcm', keyObject, iv, { authTagLength: tagLength })
      cipher.setAAD(aad)
      return plain(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]))
    },
    open(iv, sealed, aad) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', keyObject, iv, { authTagLength: tagLength })
        decipher.setAAD(aad)
        decipher.setAuthTag(sealed.subarray(-tagLength))
        return plain(Buffer.concat([decipher.update(sealed.subarray(0, -tagLength)), decipher.final()]))
      } catch {
        return undefined
      }
    }
  }
}

/** Not a Buffer, whose `slice` shares memory where that of a Uint8Array copies. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
