import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEncryption } from '../../src/record/encryption.ts'

const secretA = 'an encryption secret of the test: A'
const secretB = 'an encryption secret of the test: B'
const context = 'context'
const key = 'sessions.00112233445566778899aabbccddeeff'
const encryption = createEncryption({ secret: secretA })

describe('encryption at rest', () => {
  it('Every string is restored, under every context and key', () => {
    const anyString = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(anyString, anyString, anyString, (plain, someContext, someKey) => {
        const ciphertext = encryption.encrypt(plain, someContext, someKey)
        expect(ciphertext).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(encryption.decrypt(ciphertext, someContext, someKey)).toBe(plain)
      })
    )
  })

  it.each(['', '\ufeff{}', '\ufeff\ufeff', 'x'.repeat(200_000), '{"a":"é😀"}'])(
    'A string is restored exactly (case %#)',
    (plain) => {
      expect(encryption.decrypt(encryption.encrypt(plain, context, key), context, key)).toBe(plain)
    }
  )

  it('Payloads of earlier releases are read', () => {
    expect(encryption.decrypt('AUbhBQUFBQUFBQUFBQUFatI6G3tu86f1wfARdLbftp_UHSuEBTqOUILUwKSYJw', context, key)).toBe(
      '{"golden":true}'
    )
    const fixed = createEncryption({ secret: secretA, randomBytes: (length) => new Uint8Array(length).fill(5) })
    expect(fixed.encrypt('{"golden":true}', context, key)).toBe(
      'AUbhBQUFBQUFBQUFBQUFatI6G3tu86f1wfARdLbftp_UHSuEBTqOUILUwKSYJw'
    )
  })

  it('The ciphertext does not contain the plaintext, and is never the same twice', () => {
    const ciphertexts = new Set<string>()
    for (let i = 0; i < 2_000; i++) ciphertexts.add(encryption.encrypt('{"name":"Ada Lovelace"}', context, key))
    expect(ciphertexts.size).toBe(2_000)
    for (const ciphertext of ciphertexts)
      expect(Buffer.from(ciphertext, 'base64url').toString('latin1')).not.toContain('Lovelace')
  })

  it('A payload does not decrypt under another context or key', () => {
    const ciphertext = encryption.encrypt('{}', context, key)
    expect(encryption.decrypt(ciphertext, `${context} `, key)).toBeUndefined()
    expect(encryption.decrypt(ciphertext, '', key)).toBeUndefined()
    expect(encryption.decrypt(ciphertext, context, key.replace(/f$/, 'e'))).toBeUndefined()
    expect(encryption.decrypt(ciphertext, key, context)).toBeUndefined()
  })

  it('A payload does not decrypt after a change of one bit or one character, or when it was cut', () => {
    const ciphertext = encryption.encrypt('{"a":1}', context, key)
    const bytes = Buffer.from(ciphertext, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(encryption.decrypt(flipped.toString('base64url'), context, key)).toBeUndefined()
    }
    for (let place = 0; place < ciphertext.length; place++) {
      for (const character of 'ABCDabcd0189-_+/=. "{') {
        if (character === ciphertext[place]) continue
        const changed = ciphertext.slice(0, place) + character + ciphertext.slice(place + 1)
        expect(encryption.decrypt(changed, context, key)).toBeUndefined()
      }
      expect(encryption.decrypt(ciphertext.slice(0, place), context, key)).toBeUndefined()
      expect(encryption.decrypt(ciphertext.slice(place + 1), context, key)).toBeUndefined()
    }
    expect(encryption.decrypt(`${ciphertext}=`, context, key)).toBeUndefined()
    expect(encryption.decrypt(`${ciphertext}AAAA`, context, key)).toBeUndefined()
  })

  it('A string that is too short for a payload does not decrypt, with the right version or not', () => {
    for (let length = 0; length < 40; length++) {
      const start = Buffer.alloc(length)
      if (length > 0) start[0] = 1
      expect(encryption.decrypt(start.toString('base64url'), context, key)).toBeUndefined()
    }
  })

  it('decrypt() never throws and never returns its input as plain text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[\w-]{0,200}$/)),
        (ciphertext) => {
          expect(encryption.decrypt(ciphertext, context, key)).toBeUndefined()
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it('Decryption works under a retired secret, encryption uses the first one, and a removed secret is unknown', () => {
    const old = encryption.encrypt('{}', context, key)
    const rotated = createEncryption({ secret: [secretB, secretA] })
    expect(rotated.decrypt(old, context, key)).toBe('{}')
    const fresh = rotated.encrypt('{}', context, key)
    expect(encryption.decrypt(fresh, context, key)).toBeUndefined()
    expect(createEncryption({ secret: secretB }).decrypt(fresh, context, key)).toBe('{}')
    expect(createEncryption({ secret: secretB }).decrypt(old, context, key)).toBeUndefined()
  })

  it.each([
    ['SECRET_MISSING', ''],
    ['SECRET_MISSING', []],
    ['SECRET_WEAK', 'short'],
    ['SECRET_DUPLICATE', [secretA, secretA]]
  ])('A bad secret is refused with %s, and the message names the option', (code, secret) => {
    expect(() => createEncryption({ secret })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(/^encryption secret /) })
    )
  })

  it('Inspecting an encryption shows no key', () => {
    const shown = inspect(encryption, { depth: Number.POSITIVE_INFINITY, showHidden: true })
    expect(shown).not.toContain(secretA)
    expect(shown).not.toMatch(/Uint8Array|Buffer|KeyObject/)
  })
})

describe('encryption whose options name the secret alone', () => {
  it('Encryption with only a secret writes, and accepts no payload that is not encrypted', () => {
    const only = { secret: 'one that is for encryption alone, and long' }
    expect(createEncryption(only)).toMatchObject({ write: true, plainUntil: 0 })
    expect(createEncryption({ ...only, write: false })).toMatchObject({ write: false, plainUntil: Infinity })
  })
})
