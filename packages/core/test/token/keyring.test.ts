import { createHmac, hkdfSync } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { checkSecrets, createKeyring, createRing } from '../../src/token/keyring.ts'
import { collidingSecrets } from '../support/colliding-secrets.ts'

const secretA = 'a secret of the test, long enough: A'
const secretB = 'a secret of the test, long enough: B'
const scope = { namespace: 'sessions', tokenName: 'sid' }
const data = new TextEncoder().encode('what is signed')

describe('checking secrets', () => {
  it('checkSecrets() accepts one string or several, newest first', () => {
    expect(checkSecrets(secretA)).toEqual([secretA])
    expect(checkSecrets([secretB, secretA])).toEqual([secretB, secretA])
  })

  it('The length of a secret is counted in UTF-8 bytes, not in characters', () => {
    expect(checkSecrets('áéíóúàèì'.repeat(2))).toHaveLength(1)
    expect(() => checkSecrets('áéíóúàè'.repeat(2))).toThrow(expect.objectContaining({ code: 'SECRET_WEAK' }))
    expect(checkSecrets('abcdefgh'.repeat(4))).toHaveLength(1)
    expect(() => checkSecrets('abcdefgh'.repeat(4).slice(1))).toThrow(expect.objectContaining({ code: 'SECRET_WEAK' }))
  })

  it.each([
    'a'.repeat(32),
    ' '.repeat(40),
    'undefined'.repeat(4),
    'abcdefg'.repeat(5),
    'kvsession-undefined-production-key',
    'prefix null and another null, which is long',
    `${String({})} is an object in a template string`
  ])('A secret that is long and easy to guess is refused: %s', (guessable) => {
    for (const secret of [guessable, [secretA, guessable]]) {
      expect(() => checkSecrets(secret)).toThrow(
        expect.objectContaining({ code: 'SECRET_WEAK', message: expect.stringContaining('openssl rand') })
      )
    }
  })

  it('A hexadecimal secret and a passphrase are accepted', () => {
    for (const secret of ['00112233445566778899aabbccddeeff', 'a null hypothesis and nothing undefine d']) {
      expect(checkSecrets(secret)).toEqual([secret])
    }
  })

  it.each([
    ['SECRET_MISSING', undefined],
    ['SECRET_MISSING', null],
    ['SECRET_MISSING', ''],
    ['SECRET_MISSING', []],
    ['SECRET_MISSING', ['']],
    ['SECRET_MISSING', [undefined]],
    ['SECRET_MISSING', [secretA, undefined]],
    ['SECRET_MISSING', new Array(1)],
    ['SECRET_MISSING', 12345678901234],
    ['SECRET_MISSING', new Uint8Array(0)],
    ['SECRET_MISSING', { secret: secretA }],
    ['SECRET_WEAK', 'a'],
    ['SECRET_WEAK', ['a']],
    ['SECRET_WEAK', [secretA, 'keyboard cat']],
    ['SECRET_DUPLICATE', [secretA, secretB, secretA]]
  ])('%s is thrown for %o, with commands that make a good secret and without the secret', (code, secret) => {
    expect(() => checkSecrets(secret)).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(
          /^secret(?:\[\d\])? (?!.*(keyboard|long enough)).*openssl rand -base64 33.*node -p/
        )
      })
    )
  })

  it('The error names the invalid option', () => {
    expect(() => checkSecrets('', 'encryption secret')).toThrow(/^encryption secret /)
  })
})

describe('the keyring', () => {
  it.each(['a'.repeat(32), 'undefined'.repeat(4)])('The error says that %j is easy to guess', (weak) => {
    expect(() => checkSecrets(weak, 'encryption secret')).toThrow(/^encryption secret is easy to guess\. Make one/)
  })

  it('Key ids and keys are derived by HKDF with the label, the namespace and the cookie name', () => {
    const { current } = createKeyring({ secrets: [secretA], ...scope })
    const derive = (label: string, length: number) =>
      new Uint8Array(hkdfSync('sha256', secretA, 'kvsession/v1', `${label}\0sessions\0sid`, length))
    expect(current.keyId).toBe(Buffer.from(derive('kid', 2)).readUInt16BE())
    expect(Buffer.from(current.mac(data)).toString('hex')).toBe(
      createHmac('sha256', derive('token', 32)).update(data).digest('hex').slice(0, 32)
    )
  })

  it('The first secret signs, and each one is a candidate for its key id', () => {
    const ring = createKeyring({ secrets: [secretB, secretA], ...scope })
    const alone = createKeyring({ secrets: [secretA], ...scope })
    expect(ring.current.isCurrent).toBe(true)
    expect(ring.candidates(ring.current.keyId)).toEqual([ring.current])
    const [retired] = ring.candidates(alone.current.keyId)
    expect(retired?.isCurrent).toBe(false)
    expect(retired?.mac(data)).toEqual(alone.current.mac(data))
  })

  it('An unknown key id has no candidates, and the other secrets are not tried', () => {
    const ring = createKeyring({ secrets: [secretB, secretA], ...scope })
    let offered = 0
    for (let keyId = 0; keyId <= 0xffff; keyId++) offered += ring.candidates(keyId).length
    expect(offered).toBe(2)
  })

  it('Both of two secrets with equal key ids are candidates', () => {
    const secrets = collidingSecrets(scope)
    const ring = createKeyring({ secrets, ...scope })
    const candidates = ring.candidates(ring.current.keyId)
    expect(candidates.map((key) => key.isCurrent)).toEqual([true, false])
    expect(candidates[0]?.mac(data)).not.toEqual(candidates[1]?.mac(data))
  })

  it('Another namespace or cookie name has other keys, even if both joined are equal', () => {
    const macs = [
      ['sessions', 'sid'],
      ['session', 'ssid'],
      ['sessionss', 'id'],
      ['sessions', 'SID'],
      ['sid', 'sessions']
    ].map(([namespace = '', tokenName = '']) =>
      Buffer.from(createKeyring({ secrets: [secretA], namespace, tokenName }).current.mac(data)).toString('hex')
    )
    expect(new Set(macs).size).toBe(macs.length)
  })

  it('Inspecting a keyring shows no key, at any depth', () => {
    const key = Buffer.from(hkdfSync('sha256', secretA, 'kvsession/v1', 'token\0sessions\0sid', 32))
    const shown = inspect(createKeyring({ secrets: [secretA], ...scope }), {
      depth: Number.POSITIVE_INFINITY,
      showHidden: true
    })
    expect(shown).not.toContain(secretA)
    expect(shown).not.toContain(key.toString('hex'))
    expect(shown).not.toContain([...key.subarray(0, 3)].join(', '))
    expect(shown).not.toMatch(/Uint8Array|Buffer|KeyObject/)
  })

  it('A keyring cannot be empty', () => {
    expect(() => createRing([], ['kid'], () => ({ keyId: 1 }))).toThrow(/^secret must be .* \[SECRET_MISSING\]$/)
  })
})
