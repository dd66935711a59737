import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64url } from '../../src/crypto/base64url.ts'
import * as node from '../../src/crypto/crypto-node.ts'
import * as portable from '../../src/crypto/crypto-portable.ts'

describe.each([
  ['node:crypto', node],
  ['portable', portable]
])('base64url, %s', (_, { encodeBase64url }) => {
  it.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy']
  ])('%j is encoded as in RFC 4648 §10, without padding: %j', (plain, encoded) => {
    const bytes = new TextEncoder().encode(plain)
    expect(encodeBase64url(bytes)).toBe(encoded)
    expect(decodeBase64url(encoded)).toEqual(bytes)
  })

  it('Every byte string is encoded as the platform encodes it, and decodes to itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const encoded = encodeBase64url(bytes)
        expect(encoded).toBe(Buffer.from(bytes).toString('base64url'))
        expect(decodeBase64url(encoded)).toEqual(new Uint8Array(bytes))
      }),
      { numRuns: 2_000 }
    )
  })

  it('Each byte string has one spelling: a string that decodes encodes back to itself', () => {
    let accepted = 0
    fc.assert(
      fc.property(
        fc.oneof(fc.stringMatching(/^[\w-]{0,12}$/), fc.string({ maxLength: 12, unit: 'binary' })),
        (encoded) => {
          const bytes = decodeBase64url(encoded)
          if (bytes === undefined) return
          accepted++
          expect(encodeBase64url(bytes)).toBe(encoded)
        }
      ),
      { numRuns: 5_000 }
    )
    expect(accepted).toBeGreaterThan(500)
  })

  it.each(['Zg==', 'Zm8=', 'Z', 'Zm9vY', 'Zh', 'Zm9', 'Zm 8', ' Zm9v', 'Zm9v\n', '+/+/', 'Zm9é', 'Zm9\u0161', 'Zm9😀'])(
    '%j does not decode',
    (encoded) => {
      expect(decodeBase64url(encoded)).toBeUndefined()
    }
  )

  it('A character outside the alphabet is refused in every position', () => {
    for (let code = 0; code < 0x250; code++) {
      const character = String.fromCharCode(code)
      if (/[A-Za-z0-9_-]/.test(character)) continue
      for (let place = 0; place < 4; place++) {
        expect(decodeBase64url(`${'AAAA'.slice(0, place)}${character}${'AAAA'.slice(place + 1)}`)).toBeUndefined()
      }
    }
  })
})
