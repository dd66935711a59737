import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashSecret, tokenIdOf, userKeyOf } from '../../src/token/secret-hash.ts'

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

describe('the stored form of a secret', () => {
  it('The hash depends on the namespace and the id, whatever was hashed before', () => {
    const cases = [
      ['sessions', 'a'.repeat(32), 16],
      ['sessions', 'b'.repeat(32), 16],
      ['session2', 'b'.repeat(32), 16],
      ['sessions', 'b'.repeat(32), 19],
      ['sessions', 'b'.repeat(32), 64],
      ['session', 'b'.repeat(33), 16],
      ['sessions', 'b'.repeat(32), 16]
    ] as const
    for (const [namespace, id, length] of cases) {
      const secret = new Uint8Array(length).map((_, index) => index * 7 + id.charCodeAt(0))
      const expected = sha256(`kvsession/v1/secret\0${namespace}\0${id}`, secret)
      expect(hashSecret(namespace, id, secret)).toBe(expected.toString('base64url'))
    }
  })

  it('The public name of a secret has 16 bytes', () => {
    expect(tokenIdOf('hash')).toBe(sha256('kvsession/v1/token-id\0hash').subarray(0, 16).toString('base64url'))
  })

  it('The key of a user does not reveal the user id', () => {
    expect(userKeyOf('älice')).toBe(sha256('kvsession/v1/user\0älice').toString('hex'))
  })
})
