import { describe, expect, it } from 'vitest'
import { createKeyring, type Keyring, type SigningKey } from '../../src/token/keyring.ts'
import { encodeToken } from '../../src/token/token.ts'
import { createVerifiedTokens, type PresentedToken, verifyToken } from '../../src/token/verified-tokens.ts'
import { createFixture, secret as signingSecret, start } from '../support/fixture.ts'

const day = 86_400_000
const id = '00112233445566778899aabbccddeeff'
const secret = Uint8Array.from({ length: 16 }, (_, index) => index)
const secretHash = 'the hash of a secret'

function ringOf(...secrets: readonly string[]): Keyring {
  return createKeyring({ secrets, namespace: 'sessions', tokenName: 'sid' })
}

/** Counts the signatures that are computed. */
function counting(ring: Keyring): { readonly ring: Keyring; readonly count: () => number } {
  let computed = 0
  const watch = (key: SigningKey): SigningKey => ({
    ...key,
    mac(data, length) {
      computed++
      return key.mac(data, length)
    }
  })
  return {
    ring: { current: ring.current, candidates: (keyId) => ring.candidates(keyId).map(watch) },
    count: () => computed
  }
}

function genuine(value: ReturnType<typeof verifyToken>): PresentedToken {
  if ('rejected' in value) throw new Error(value.rejected)
  return value
}

describe('verifyToken', () => {
  const { ring, count } = counting(ringOf(signingSecret))
  const token = encodeToken({ id, secret, created: start }, ring)

  it('verifyToken() computes no signature for a token that is remembered, and gives the same parts', () => {
    const verified = createVerifiedTokens()
    const first = genuine(verifyToken(token, { keyring: ring, verified }, start, day))
    expect(first).toMatchObject({ id, secret, created: start, retiredKey: false, secretHash: undefined })
    verified.remember(first.digest, { id, created: start, retiredKey: false, secretHash })
    const before = count()
    expect(verifyToken(token, { keyring: ring, verified }, start, day)).toEqual({ ...first, secretHash })
    expect(count()).toBe(before)
  })

  it('verifyToken() rejects every token that differs from a remembered one in a single character', () => {
    const verified = createVerifiedTokens()
    const { digest } = genuine(verifyToken(token, { keyring: ring, verified }, start, day))
    verified.remember(digest, { id, created: start, retiredKey: false, secretHash })
    for (let at = 0; at < token.length; at++) {
      const forged = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
      expect(verifyToken(forged, { keyring: ring, verified }, start, day)).toHaveProperty('rejected')
    }
  })

  it.each([
    [start - 60_001, 'lifetime'],
    [start + day, 'lifetime'],
    [start + day - 1, undefined]
  ])('verifyToken() checks the age of a remembered token at %i', (now, rejected) => {
    const verified = createVerifiedTokens()
    const { digest } = genuine(verifyToken(token, { keyring: ring, verified }, start, day))
    verified.remember(digest, { id, created: start, retiredKey: false, secretHash })
    expect(Reflect.get(verifyToken(token, { keyring: ring, verified }, now, day), 'rejected')).toBe(rejected)
  })

  it('verifyToken() looks up nothing for a string that is not as long as a token', () => {
    const verified = {
      find: (): never => {
        throw new Error('must not be called')
      },
      remember: () => {}
    }
    for (const value of ['', 'a'.repeat(75), 'a'.repeat(77), 'a'.repeat(144)]) {
      expect(verifyToken(value, { keyring: ring, verified }, start, day)).toEqual({ rejected: 'malformed' })
    }
  })
})

describe('createVerifiedTokens', () => {
  const token = { id, created: start, retiredKey: false, secretHash }

  it('createVerifiedTokens() keeps the tokens that are used, and at most twice the given number', () => {
    const verified = createVerifiedTokens(3)
    for (let i = 0; i < 100; i++) {
      verified.remember(`digest ${i}`, token)
      expect(verified.find('digest 0')).toBe(token)
    }
    const kept = Array.from({ length: 100 }, (_, i) => verified.find(`digest ${i}`)).filter(Boolean)
    expect(kept.length).toBeLessThanOrEqual(6)
  })
})

describe('manager that remembers tokens', () => {
  it('A remembered token opens nothing once another process has logged the session in', async () => {
    const { browser, another, eventTypes } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const stolen = browser(tab.cookie)
    await stolen.open()
    await tab.request((session) => session.login('alice'), another())
    eventTypes()
    const session = await stolen.open()
    expect(session.userId).toBeUndefined()
    expect(session.data).toEqual({})
    expect(eventTypes()).toEqual(['superseded'])
  })

  it('A remembered token opens nothing once another process has revoked the session', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request((session) => session.login('alice'))
    const { id: sessionId } = await tab.open()
    await another().revoke(sessionId)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('A remembered token of a retired key is re-issued, and a manager without that key refuses it', async () => {
    const older = 'an older secret for tests, long enough'
    const { browser, another } = createFixture()
    const old = another({ secret: older })
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }), old)
    const both = another({ secret: [signingSecret, older] })
    for (let i = 0; i < 3; i++) {
      const { headers } = await both.commit(await both.open(tab.cookie))
      expect(headers.map(([name]) => name)).toContain('Set-Cookie')
    }
    expect((await tab.open()).isNew).toBe(true)
  })

  it('A remembered token that a rotation has replaced is treated as an alias', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const late = browser(tab.cookie)
    await late.open()
    await tab.request((session) => session.rotate())
    expect((await late.open()).data).toEqual({ a: 1 })
    expect(await late.request(() => {})).toEqual([])
  })
})
