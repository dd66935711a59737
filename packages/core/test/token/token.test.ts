import { createHmac, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeyring } from '../../src/token/keyring.ts'
import {
  decodeToken,
  encodeHex,
  encodeToken,
  longestToken,
  secretByteLength,
  type TokenParts
} from '../../src/token/token.ts'
import { collidingSecrets } from '../support/colliding-secrets.ts'

const secretA = 'a secret of the test, long enough: A'
const secretB = 'a secret of the test, long enough: B'
const scope = { namespace: 'sessions', tokenName: 'sid' }
const ringOf = (...secrets: string[]) => createKeyring({ secrets, ...scope })
const ring = ringOf(secretA)
const now = 1_700_000_000_000
const day = 86_400_000
const parts: TokenParts = {
  id: '00112233445566778899aabbccddeeff',
  secret: Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i),
  created: now
}

function tokenByHand(bytes: { version?: number; keyId?: number; created?: number; key?: Uint8Array } = {}): string {
  const body = Buffer.alloc(41)
  body[0] = bytes.version ?? 1
  body.writeUInt16BE(bytes.keyId ?? ring.current.keyId, 1)
  body.writeUIntBE(bytes.created ?? now, 3, 6)
  Buffer.from(parts.id, 'hex').copy(body, 9)
  Buffer.from(parts.secret).copy(body, 25)
  const key = bytes.key ?? new Uint8Array(hkdfSync('sha256', secretA, 'kvsession/v1', 'token\0sessions\0sid', 32))
  return Buffer.concat([body, createHmac('sha256', key).update(body).digest().subarray(0, 16)]).toString('base64url')
}

describe('a token', () => {
  it('A token has the format of version 1, for ever', () => {
    const golden = 'AVXKAYvP5WgAABEiM0RVZneImaq7zN3u__Dx8vP09fb3-Pn6-_z9_v882iMj2Lle0D5VZXailJB8'
    expect(encodeToken(parts, ring)).toBe(golden)
    expect(tokenByHand()).toBe(golden)
    expect(decodeToken(golden, ring, now, day)).toEqual({ ...parts, retiredKey: false })
  })

  it('A token decodes to the same parts, and has 76 + 4k characters', () => {
    const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength })
    fc.assert(
      fc.property(
        bytes(16, 16),
        fc.integer({ min: 0, max: 16 }),
        bytes(64, 64),
        fc.nat(2 ** 31),
        (id, k, secret, ago) => {
          const some: TokenParts = { id: encodeHex(id), secret: secret.slice(0, 16 + 3 * k), created: now - ago }
          const token = encodeToken(some, ring)
          expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
          expect(token.length).toBe(76 + 4 * k)
          expect(decodeToken(token, ring, now, 2 ** 32)).toEqual({ ...some, retiredKey: false })
        }
      )
    )
  })

  it('A token of a retired key is accepted and marked, and refused once the key is removed', () => {
    const old = encodeToken(parts, ringOf(secretB))
    expect(decodeToken(old, ringOf(secretA, secretB), now, day)).toEqual({ ...parts, retiredKey: true })
    expect(decodeToken(old, ringOf(secretB, secretA), now, day)).toEqual({ ...parts, retiredKey: false })
    expect(decodeToken(old, ringOf(secretA), now, day)).toEqual({ rejected: 'signature' })
  })

  it('A token is accepted under either of two keys with equal key ids', () => {
    const secrets = collidingSecrets(scope)
    for (const [index, secret] of secrets.entries()) {
      const token = encodeToken(parts, ringOf(secret))
      expect(decodeToken(token, ringOf(...secrets), now, day)).toEqual({ ...parts, retiredKey: index === 1 })
    }
  })

  it('A token is refused in another namespace or under another cookie name', () => {
    const token = encodeToken(parts, ring)
    for (const other of [
      { namespace: 'session', tokenName: 'sid' },
      { namespace: 'sessions', tokenName: 'sid2' }
    ]) {
      const otherRing = createKeyring({ secrets: [secretA], ...other })
      expect(decodeToken(token, otherRing, now, day)).toEqual({ rejected: 'signature' })
      const forged = tokenByHand({ keyId: otherRing.current.keyId })
      expect(decodeToken(forged, otherRing, now, day)).toEqual({ rejected: 'signature' })
    }
  })

  it.each([
    ['an all-zero key', new Uint8Array(32)],
    ['the secret itself', new TextEncoder().encode(secretA)],
    ['an empty key', new Uint8Array()],
    [
      'another application’s key',
      new Uint8Array(hkdfSync('sha256', secretB, 'kvsession/v1', 'token\0sessions\0sid', 32))
    ],
    [
      'the key of another purpose',
      new Uint8Array(hkdfSync('sha256', secretA, 'kvsession/v1', 'kid\0sessions\0sid', 32))
    ]
  ])('A token signed with %s is refused', (_, key) => {
    expect(decodeToken(tokenByHand({ key }), ring, now, day)).toEqual({ rejected: 'signature' })
  })

  it('A token of any other version is refused, correctly signed or not', () => {
    for (let version = 0; version < 256; version++) {
      if (version === 1) continue
      expect(decodeToken(tokenByHand({ version }), ring, now, day)).toEqual({ rejected: 'version' })
      expect(decodeToken(tokenByHand({ version, key: new Uint8Array(32) }), ring, now, day)).toEqual({
        rejected: 'version'
      })
    }
  })

  it.each([
    ['60 s ahead', now + 60_000, undefined],
    ['60.001 s ahead', now + 60_001, 'lifetime'],
    ['1 ms short of the longest lifetime', now - day + 1, undefined],
    ['exactly the longest lifetime old', now - day, 'lifetime'],
    ['from 1970', 0, 'lifetime'],
    ['from the end of the 48-bit range', 2 ** 48 - 1, 'lifetime']
  ])('A token that started %s is judged by its age', (_, created, rejected) => {
    const verdict = decodeToken(tokenByHand({ created }), ring, now, day)
    expect(verdict).toEqual(rejected === undefined ? { ...parts, created, retiredKey: false } : { rejected })
  })

  it('The age of a token is not considered before its signature is verified', () => {
    expect(decodeToken(tokenByHand({ created: 0, key: new Uint8Array(32) }), ring, now, day)).toEqual({
      rejected: 'signature'
    })
  })

  it('A token causes no cryptography unless length, alphabet, version and key id fit', () => {
    let macs = 0
    const mac = (data: Uint8Array, length?: number) => {
      macs++
      return ring.current.mac(data, length)
    }
    const current = { ...ring.current, mac }
    const spy = { current, candidates: (keyId: number) => (keyId === current.keyId ? [current] : []) }
    const token = encodeToken(parts, ring)
    const unknownKey = tokenByHand({ keyId: ring.current.keyId ^ 1 })
    for (const candidate of [
      '',
      'A'.repeat(16_384),
      token.slice(1),
      `${token}AAA`,
      token.replace(/.$/, '='),
      unknownKey
    ]) {
      expect(decodeToken(candidate, spy, now, day)).toHaveProperty('rejected')
    }
    expect(decodeToken(tokenByHand({ version: 2 }), spy, now, day)).toEqual({ rejected: 'version' })
    expect(macs).toBe(0)
    decodeToken(token, spy, now, day)
    expect(macs).toBe(1)
  })

  it('A token longer or shorter than any of this version is refused, although signed with our key', () => {
    for (const length of [13, 67, 70, 1_000]) {
      const token = encodeToken({ ...parts, secret: new Uint8Array(length) }, ring)
      expect(decodeToken(token, ring, now, day)).toEqual({ rejected: 'malformed' })
    }
  })

  it('The decoded secret shares no memory with any other array', () => {
    const verdict = decodeToken(tokenByHand(), ring, now, day)
    expect('secret' in verdict && verdict.secret.buffer.byteLength).toBe(16)
  })
})

describe('the length of the secret', () => {
  it.each([
    [128, 16],
    [129, 19],
    [152, 19],
    [153, 22],
    [192, 25],
    [256, 34],
    [512, 64]
  ])('A secret of %i bits is rounded up to %i bytes', (bits, length) => {
    expect(secretByteLength(bits, 'secretBits')).toBe(length)
  })

  it('A secret never exceeds the longest token, and never has fewer bits than requested', () => {
    for (let bits = 128; bits <= 512; bits++) {
      const length = secretByteLength(bits, 'secretBits')
      expect(length * 8).toBeGreaterThanOrEqual(bits)
      const token = encodeToken({ ...parts, secret: new Uint8Array(length) }, ring)
      expect(token.length).toBeLessThanOrEqual(longestToken)
      expect(decodeToken(token, ring, now, day)).toHaveProperty('secret')
    }
  })

  it.each([127, 64, 0, -128, 128.5, 513, 1024, Number.NaN, Number.POSITIVE_INFINITY])(
    'A secret of %d bits is refused',
    (bits) => {
      expect(() => secretByteLength(bits, 'secretBits')).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('secretBits') })
      )
    }
  )
})
