// The one file that may import a Node-only API. Same exports as crypto-portable.ts; the package's `imports` choose.
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  hkdfSync,
  timingSafeEqual as nodeTimingSafeEqual,
  randomFillSync
} from 'node:crypto'
import v8 from 'node:v8'
import type { Aead, Mac } from './crypto-portable.ts'

export type { Aead, Mac } from './crypto-portable.ts'

const tagLength = 16

const digestLength = 32
/** Of SHA-256: RFC 2104 pads the key to it. */
const blockLength = 64

export function sha256(data: Uint8Array): Uint8Array {
  const digest = new Uint8Array(digestLength)
  digestInto(data, digest, 0)
  return digest
}

/** SHA-256 as base64url. */
export function sha256Base64url(data: Uint8Array | string): string {
  return hash('sha256', data, 'base64url')
}

/**
 * The first `size` bytes of HMAC-SHA-256 (RFC 2104) as two one-shot hashes over padded keys made once: 0.5 µs, where
 * `createHmac` takes 2.1 and leaves a native object to the garbage collector.
 */
export function createMac(key: Uint8Array, size: number = digestLength): Mac {
  const block = new Uint8Array(blockLength)
  block.set(key.length > blockLength ? sha256(key) : key)
  const outer = new Uint8Array(blockLength + digestLength)
  outer.set(block.map((byte) => byte ^ 0x5c))
  const innerPad = block.map((byte) => byte ^ 0x36)
  block.fill(0)
  // Kept between calls, which mostly have one length: arrays above 64 bytes are slow to make.
  let inner = new Uint8Array()
  return (data, length = data.length) => {
    if (inner.length !== blockLength + length) {
      inner = new Uint8Array(blockLength + length)
      inner.set(innerPad)
    }
    for (let i = 0; i < length; i++) inner[blockLength + i] = data[i] ?? 0
    digestInto(inner, outer, blockLength)
    inner.fill(0, blockLength)
    const mac = new Uint8Array(size)
    digestInto(outer, mac, 0)
    return mac
  }
}

/** Through a string of one character per byte, which Node makes four times as fast as a Buffer (230 ns instead of 1,000). */
function digestInto(data: Uint8Array, target: Uint8Array, offset: number): void {
  const digest = hash('sha256', data, 'binary')
  for (let i = 0; i < digestLength && offset + i < target.length; i++) target[offset + i] = digest.charCodeAt(i)
}

/** HKDF-SHA-256 (RFC 5869). */
export function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', ikm, salt, info, length))
}

/** Takes the same time wherever the first difference is. Unequal lengths are unequal. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && nodeTimingSafeEqual(a, b)
}

/** 0 while a start-up snapshot is built: every process that starts from it would return the same bytes. */
export const randomPoolSize: number = v8.startupSnapshot?.isBuildingSnapshot?.() ? 0 : 4096

export function fillRandom(bytes: Uint8Array): void {
  randomFillSync(bytes)
}

/** Base64url without padding (RFC 4648 §5). A fifth of the time that a loop takes. */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

export function createAead(key: Uint8Array): Aead {
  const keyObject = createSecretKey(key)
  return {
    seal(iv, plaintext, aad) {
      const cipher = createCipheriv('aes-256-gcm', keyObject, iv, { authTagLength: tagLength })
      cipher.setAAD(aad)
      return plain(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]))
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

/** Not a Buffer: its `slice` shares memory, that of a Uint8Array copies. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
