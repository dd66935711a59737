import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as node from '../../src/crypto/crypto-node.ts'
import * as portable from '../../src/crypto/crypto-portable.ts'

const implementations: [name: string, crypto: typeof node][] = [
  ['node:crypto', node],
  ['portable', portable]
]

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const utf8 = (value: string) => new TextEncoder().encode(value)
const hex = (value: Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value).toString('hex'))
const run = (from: number, to: number) => Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe.each(implementations)('%s', (_, crypto) => {
  it('sha256() matches FIPS 180-4', () => {
    expect(hex(crypto.sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(hex(crypto.sha256(utf8('')))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  it.each([
    ['0b'.repeat(20), utf8('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      Buffer.from('Jefe').toString('hex'),
      utf8('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    ],
    ['aa'.repeat(20), bytes('dd'.repeat(50)), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
    [
      '0102030405060708090a0b0c0d0e0f10111213141516171819',
      bytes('cd'.repeat(50)),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b'
    ],
    [
      'aa'.repeat(131),
      utf8('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'
    ],
    [
      'aa'.repeat(131),
      utf8(
        'This is a test using a larger than block-size key and a larger than block-size data. ' +
          'The key needs to be hashed before being used by the HMAC algorithm.'
      ),
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2'
    ]
  ])('createMac() matches RFC 4231 §4 (key %s)', (key, data, expected) => {
    const mac = crypto.createMac(bytes(key))
    expect(hex(mac(data))).toBe(expected)
    expect(hex(mac(data)), 'the keyed state is not used up').toBe(expected)
  })

  it('createMac() accepts a key as long as a block, and returns as many bytes as requested', () => {
    for (const length of [63, 64, 65]) {
      const key = new Uint8Array(length).fill(7)
      const expected = createHmac('sha256', key).update('Hi There').digest('hex')
      expect(hex(crypto.createMac(key)(utf8('Hi There')))).toBe(expected)
      expect(hex(crypto.createMac(key, 16)(utf8('Hi There')))).toBe(expected.slice(0, 32))
      expect(hex(crypto.createMac(key)(utf8('Hi There!'), 8))).toBe(expected)
    }
  })

  it('sha256Base64url() returns SHA-256 as base64url, with every letter of the alphabet', () => {
    expect(crypto.sha256Base64url(utf8('abc'))).toBe(createHash('sha256').update('abc').digest('base64url'))
    const all = Uint8Array.from({ length: 256 }, (_value, index) => index)
    for (const end of [0, 1, 2, 3, 256]) {
      expect(crypto.encodeBase64url(all.subarray(0, end))).toBe(Buffer.from(all.subarray(0, end)).toString('base64url'))
    }
  })

  it.each([
    [
      'A.1',
      bytes('0b'.repeat(22)),
      run(0, 0x0c),
      run(0xf0, 0xf9),
      42,
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'
    ],
    [
      'A.2',
      run(0, 0x4f),
      run(0x60, 0xaf),
      run(0xb0, 0xff),
      82,
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87'
    ],
    [
      'A.3',
      bytes('0b'.repeat(22)),
      bytes(''),
      bytes(''),
      42,
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'
    ]
  ])('hkdf() matches RFC 5869 %s', (_name, ikm, salt, info, length, expected) => {
    expect(hex(crypto.hkdf(ikm, salt, info, length))).toBe(expected)
  })

  it('The AEAD matches the AES-256-GCM test cases 13, 14 and 16 of the GCM specification', () => {
    const none = new Uint8Array()
    const zero = crypto.createAead(new Uint8Array(32))
    const iv = new Uint8Array(12)
    expect(hex(zero.seal(iv, none, none))).toBe('530f8afbc74536b9a963b4f1c4cb738b')
    expect(hex(zero.seal(iv, new Uint8Array(16), none))).toBe(
      'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'
    )
    const aead = crypto.createAead(bytes('feffe9928665731c6d6a8f9467308308'.repeat(2)))
    const plain =
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
      '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39'
    const sealed =
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
      '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b'
    const aad = bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2')
    expect(hex(aead.seal(bytes('cafebabefacedbaddecaf888'), bytes(plain), aad))).toBe(sealed)
    expect(hex(aead.open(bytes('cafebabefacedbaddecaf888'), bytes(sealed), aad))).toBe(plain)
  })

  it('open() refuses a message that is shorter than a tag, has a flipped bit or another iv, and never throws', () => {
    const aead = crypto.createAead(new Uint8Array(32).fill(1))
    const iv = new Uint8Array(12).fill(2)
    const aad = utf8('context')
    const sealed = aead.seal(iv, utf8('payload'), aad)
    for (let length = 0; length < sealed.length; length++) {
      expect(aead.open(iv, sealed.subarray(0, length), aad)).toBeUndefined()
    }
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = sealed.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(aead.open(iv, flipped, aad)).toBeUndefined()
    }
    expect(aead.open(new Uint8Array(12), sealed, aad)).toBeUndefined()
    expect(aead.open(new Uint8Array(0), sealed, aad)).toBeUndefined()
    expect(aead.open(iv, sealed, utf8('Context'))).toBeUndefined()
    expect(hex(aead.open(iv, sealed, aad))).toBe(hex(utf8('payload')))
  })

  it('open() refuses a tag that was shortened, although its beginning is right', () => {
    const aead = crypto.createAead(new Uint8Array(32).fill(1))
    const iv = new Uint8Array(12).fill(2)
    const tag = aead.seal(iv, utf8(''), utf8('context'))
    expect(aead.open(iv, tag, utf8('context'))).toEqual(new Uint8Array())
    for (const length of [4, 8, 12, 13, 14, 15]) {
      expect(aead.open(iv, tag.slice(0, length), utf8('context'))).toBeUndefined()
    }
  })

  it('timingSafeEqual() compares by content, and unequal lengths are unequal', () => {
    expect(crypto.timingSafeEqual(bytes('0102'), bytes('0102'))).toBe(true)
    expect(crypto.timingSafeEqual(bytes('0102'), bytes('0103'))).toBe(false)
    expect(crypto.timingSafeEqual(bytes('0102'), bytes('8102'))).toBe(false)
    expect(crypto.timingSafeEqual(bytes('0102'), bytes('01'))).toBe(false)
    expect(crypto.timingSafeEqual(bytes(''), bytes(''))).toBe(true)
  })

  it.each([0, 1, 16, 4096, 65_537, 200_000])('fillRandom() fills %i bytes with random ones', (length) => {
    const filled = new Uint8Array(length)
    crypto.fillRandom(filled)
    const again = new Uint8Array(length)
    crypto.fillRandom(again)
    if (length >= 16) {
      expect(hex(filled)).not.toBe(hex(again))
      expect(filled.subarray(-16).some((byte) => byte !== 0)).toBe(true)
    }
    if (length >= 4096) expect(new Set(filled).size).toBe(256)
  })

  it('Results are plain arrays, whose slices are copies', () => {
    const aead = crypto.createAead(new Uint8Array(32))
    const sealed = aead.seal(new Uint8Array(12), utf8('a'), utf8(''))
    const opened = aead.open(new Uint8Array(12), sealed, utf8(''))
    const derived = crypto.hkdf(utf8('a'), utf8(''), utf8(''), 8)
    for (const result of [crypto.sha256(utf8('a')), crypto.createMac(utf8('k'))(utf8('a')), sealed, opened, derived]) {
      expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype)
    }
  })

  it('createAead() keeps its own copy of the key', () => {
    const key = new Uint8Array(32).fill(9)
    const mac = crypto.createMac(key)
    const aead = crypto.createAead(key)
    const before = [hex(mac(utf8('a'))), hex(aead.seal(new Uint8Array(12), utf8('a'), utf8('')))]
    key.fill(0)
    expect([hex(mac(utf8('a'))), hex(aead.seal(new Uint8Array(12), utf8('a'), utf8('')))]).toEqual(before)
  })
})

describe('the two implementations', () => {
  const some = (maxLength: number) => fc.uint8Array({ maxLength })

  it('The two implementations export the same names', () => {
    expect(Object.keys(portable).sort()).toEqual(Object.keys(node).sort())
  })

  it('The two implementations agree on 100,000 hashes and MACs', () => {
    const state = new Uint8Array(256)
    for (let i = 0; i < 100_000; i++) {
      if (i % 100 === 0) node.fillRandom(state)
      const data = state.subarray(i % 100, i % 100 === 0 ? 256 : (i % 100) + (i % 157))
      if (i % 2 === 0) expectSame(node.sha256(data), portable.sha256(data))
      else {
        const key = state.subarray(i % 32, 64)
        expectSame(node.createMac(key)(data), portable.createMac(key)(data))
      }
    }
  })

  it('The two implementations agree on derived keys, comparisons and sealed messages', () => {
    fc.assert(
      fc.property(some(80), some(40), some(80), fc.integer({ min: 1, max: 200 }), (ikm, salt, info, length) => {
        expectSame(node.hkdf(ikm, salt, info, length), portable.hkdf(ikm, salt, info, length))
        expect(portable.timingSafeEqual(ikm, info)).toBe(node.timingSafeEqual(ikm, info))
      }),
      { numRuns: 2_000 }
    )
    const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(
      fc.property(exactly(32), exactly(12), some(300), some(60), (key, iv, plain, aad) => {
        const sealed = node.createAead(key).seal(iv, plain, aad)
        expectSame(sealed, portable.createAead(key).seal(iv, plain, aad))
        expectSame(plain, portable.createAead(key).open(iv, sealed, aad))
        expectSame(plain, node.createAead(key).open(iv, sealed, aad))
      }),
      { numRuns: 2_000 }
    )
  })
})

function expectSame(a: Uint8Array, b: Uint8Array | undefined): void {
  if (b === undefined || Buffer.compare(a, b) !== 0) expect(hex(b)).toBe(hex(a))
}
