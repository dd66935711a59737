import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { recordResults, startStopwatch } from 'test-servers/results'
import { afterAll, describe, expect, it } from 'vitest'
import { createKeyring, type Keyring } from '../../src/token/keyring.ts'
import { decodeToken, encodeHex, encodeToken, type TokenParts } from '../../src/token/token.ts'
import { collidingSecrets } from '../support/colliding-secrets.ts'
import { createFixture } from '../support/fixture.ts'

/** How many bad tokens to try at least, and which: the same seed tries the same. */
const wanted = Number(process.env.KVSESSION_TOKENS ?? 10_000_000)
const seed = Number(process.env.KVSESSION_SEED ?? 1)
const timeout = 600_000 + wanted / 10

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const now = 1_700_000_000_000
const longestLifetime = 31 * 86_400_000
const scope = { namespace: 'sessions', tokenName: 'sid' }
const [a, b, c] = [
  'campaign secret, long enough, A',
  'campaign secret, long enough, B',
  'campaign secret, long enough, C'
]
const ringOf = (...secrets: string[]) => createKeyring({ secrets: secrets.map((one) => one.padEnd(32, '.')), ...scope })

const rings: [state: string, ring: Keyring][] = [
  ['one key', ringOf(a)],
  ['a newer key first', ringOf(b, a)],
  ['a retired key second', ringOf(a, b)],
  ['three keys', ringOf(c, b, a)],
  ['two keys of one key id', createKeyring({ secrets: collidingSecrets(scope), ...scope })]
]

let tried = 0
const counts = new Map<string, number>()
const stopwatch = startStopwatch()
/** Some of those that were refused under one key, to be sent to a manager too. */
const refused: string[] = []
const mostRefused = 60_000

/** Counts a refusal, and fails the test when the token is accepted. An error fails the test by itself. */
function refuse(value: string, ring: Keyring): void {
  const verdict = decodeToken(value, ring, now, longestLifetime)
  if (!('rejected' in verdict)) expect.fail(`accepted: ${value}`)
  tried++
  // A header cannot hold blanks around a value, nor a semicolon in it.
  if (refused.length < mostRefused && tried % 16 === 0 && ring === rings[0]?.[1] && !/^[ \t]|[ \t]$|;/.test(value)) {
    refused.push(value)
  }
  counts.set(verdict.rejected, (counts.get(verdict.rejected) ?? 0) + 1)
}

const zeros = new Uint8Array(65_536)
/** Chance that can be repeated: the key stream of AES under the seed. */
const stream = createCipheriv(
  'aes-256-ctr',
  createHash('sha256').update(`seed ${seed}`).digest(),
  zeros.subarray(0, 16)
)
let pool = new Uint8Array(0)
let used = 0
function random(length: number): Uint8Array {
  if (used + length > pool.length) {
    pool = new Uint8Array(stream.update(zeros))
    used = 0
  }
  used += length
  return pool.slice(used - length, used)
}

let letters = ''
let read = 0
/** As many characters of the alphabet. */
function randomLetters(length: number): string {
  if (read + length > letters.length) {
    letters = toToken(stream.update(zeros))
    read = 0
  }
  read += length
  return letters.slice(read - length, read)
}

function mint(ring: Keyring, secretLength = 16, created = now): string {
  const parts: TokenParts = { id: encodeHex(random(16)), secret: random(secretLength), created }
  const token = encodeToken(parts, ring)
  // Every test starts from a token that is good, so that a refusal is significant.
  expect(decodeToken(token, ring, now, longestLifetime)).toMatchObject(parts)
  return token
}

const toToken = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const toBytes = (value: string) => new Uint8Array(Buffer.from(value, 'base64url'))

describe.each(rings)('with %s in the ring', (_, ring) => {
  it.each([16, 19, 34, 64])('Every changed bit and character of a token with a %i-byte secret is refused', (length) => {
    const token = mint(ring, length)
    const bytes = toBytes(token)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      refuse(toToken(flipped), ring)
    }
    for (let place = 0; place < token.length; place++) {
      for (const character of alphabet) {
        if (character !== token[place]) refuse(token.slice(0, place) + character + token.slice(place + 1), ring)
      }
      for (const character of '+/=. "%;,\0\n\u00e9\u0141\u{1f36a}') {
        refuse(token.slice(0, place) + character + token.slice(place + 1), ring)
        refuse(token.slice(0, place) + character + token.slice(place), ring)
      }
    }
  })

  it('Every truncation, extension, rotation and cut-out is refused', () => {
    for (const length of [16, 40, 64]) {
      const token = mint(ring, length)
      for (let cut = 0; cut < token.length; cut++) {
        refuse(token.slice(0, cut), ring)
        if (cut > 0) refuse(token.slice(cut), ring)
        if (cut > 0) refuse(token.slice(cut) + token.slice(0, cut), ring)
        for (let end = cut + 1; end < token.length; end += 3) refuse(token.slice(0, cut) + token.slice(end), ring)
      }
      for (let extra = 1; extra <= 80; extra++) {
        refuse(token + 'A'.repeat(extra), ring)
        refuse('A'.repeat(extra) + token, ring)
        refuse(toToken(new Uint8Array([...toBytes(token), ...random(extra)])), ring)
      }
    }
  })

  it('Every splice of two good tokens is refused', () => {
    for (let pair = 0; pair < 60; pair++) {
      const length = 16 + 3 * (pair % 17)
      const [one, other] = [mint(ring, length), mint(ring, pair % 2 === 0 ? length : 16)]
      for (let cut = 1; cut < Math.min(one.length, other.length); cut++) {
        for (const value of [one.slice(0, cut) + other.slice(cut), other.slice(0, cut) + one.slice(cut)]) {
          if (value !== one && value !== other) refuse(value, ring)
        }
      }
      const [left, right] = [toBytes(one), toBytes(other)]
      for (let from = 0; from < left.length; from++) {
        const spliced = left.slice()
        spliced.set(right.subarray(from, from + 16).subarray(0, left.length - from), from)
        if (toToken(spliced) !== one && toToken(spliced) !== other) refuse(toToken(spliced), ring)
      }
    }
  })

  it('Every other spelling is refused', () => {
    for (let i = 0; i < 200; i++) {
      const token = mint(ring, 16 + 3 * (i % 17))
      const swapped = token.replace(/[A-Za-z]/g, (letter) =>
        letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()
      )
      const standard = Buffer.from(toBytes(token)).toString('base64')
      const percent = [...token].map((character) => `%${character.charCodeAt(0).toString(16)}`).join('')
      const wide = [...token].map((character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)).join('')
      const high = [...token].map((character) => String.fromCharCode(character.charCodeAt(0) + 0x100)).join('')
      const variants = [
        `${token}=`,
        `${token}==`,
        `${token}====`,
        `"${token}"`,
        `'${token}'`,
        ` ${token}`,
        `${token} `,
        `${token}\n`,
        `${token}\0`,
        `\ufeff${token}`,
        `s:${token}`,
        `${token}.${token}`,
        token + token,
        token.toLowerCase(),
        token.toUpperCase(),
        [...token].reverse().join(''),
        Buffer.from(toBytes(token)).toString('hex'),
        Buffer.from(toBytes(token)).toString('latin1'),
        Buffer.from(token).toString('base64url'),
        swapped,
        percent,
        wide,
        high
      ]
      // A token may hold no letter, or neither '-' nor '_': then that variant is the token itself.
      for (const value of [...variants, standard]) if (value !== token) refuse(value, ring)
    }
  })

  it('A token that another key, namespace or cookie name signed is refused, even under our key id', () => {
    const foreign = [
      ringOf('another application'),
      createKeyring({ secrets: [a.padEnd(32, '.')], namespace: 'session', tokenName: 'sid' }),
      createKeyring({ secrets: [a.padEnd(32, '.')], namespace: 'sessions', tokenName: 'sid2' }),
      createKeyring({ secrets: [a.padEnd(32, '.')], namespace: 'sid', tokenName: 'sessions' })
    ]
    for (const other of foreign) {
      const disguised: Keyring = { current: { ...other.current, keyId: ring.current.keyId }, candidates: () => [] }
      for (let i = 0; i < 500; i++) {
        refuse(mint(other), ring)
        refuse(encodeToken({ id: encodeHex(random(16)), secret: random(16), created: now }, disguised), ring)
      }
    }
  })

  it('Every other version and every impossible start is refused, although signed with our key', () => {
    for (let version = 0; version < 256; version++) {
      if (version !== 1)
        refuse(
          resign(mint(ring), ring, (bytes) => bytes.fill(version, 0, 1)),
          ring
        )
    }
    for (const created of [0, 1, now - longestLifetime, now + 60_001, now + longestLifetime, 2 ** 48 - 1]) {
      refuse(encodeToken({ id: encodeHex(random(16)), secret: random(16), created }, ring), ring)
    }
  })

  it('Every key id but ours is refused, although signed with our key', () => {
    for (let keyId = 0; keyId < 0x10000; keyId += 7) {
      if (ring.candidates(keyId).length > 0) continue
      refuse(
        resign(mint(ring), ring, (bytes) => new DataView(bytes.buffer).setUint16(1, keyId)),
        ring
      )
    }
  })
})

it('Well-shaped random tokens are refused', { timeout }, () => {
  const half = Math.max(wanted - tried, 500_000) / 2
  const ringAt = (i: number): Keyring => rings[i % rings.length]?.[1] ?? ringOf(a)
  for (let i = 0; i < half; i++) refuse(randomLetters(76 + 4 * (i % 17)), ringAt(i))
  // The other half gets as far as the MAC: our version, our key id, a start that is now.
  const starts = rings.map(([, ring]) => mint(ring).slice(0, 12))
  for (let i = 0; i < half; i++) refuse(starts[i % starts.length] + randomLetters(64 + 4 * (i % 17)), ringAt(i))
  expect(tried).toBeGreaterThanOrEqual(wanted)
})

it('Tags that are only a guess of the algorithm are refused', () => {
  const [, ring] = rings[0] ?? ['', ringOf(a)]
  for (const key of ['', a, a.padEnd(32, '.'), '\0'.repeat(32), 'kvsession/v1', 'sessions', 'sid']) {
    for (const algorithm of ['sha256', 'sha1', 'sha512', 'md5']) {
      const bytes = toBytes(mint(ring))
      const tag = createHmac(algorithm, key).update(bytes.subarray(0, 41)).digest().subarray(0, 16)
      bytes.set(tag, 41)
      refuse(toToken(bytes), ring)
    }
  }
})

/** Changes the body of a token and signs it again with the ring's own key. */
function resign(token: string, ring: Keyring, change: (bytes: Uint8Array) => void): string {
  const bytes = toBytes(token)
  change(bytes)
  bytes.set(ring.current.mac(bytes.subarray(0, -16)), bytes.length - 16)
  return toToken(bytes)
}

it('No bad token reaches the store', async () => {
  const { browser, store, manager } = createFixture({
    secret: a.padEnd(32, '.'),
    clock: { now: () => now, sleep: () => Promise.resolve() }
  })
  expect(manager.policy).toMatchObject({ namespace: scope.namespace, cookie: { name: scope.tokenName } })
  expect(refused.length).toBeGreaterThan(10_000)
  const { calls } = await store.during(async () => {
    for (const value of refused) {
      const session = await browser(`__Host-sid=${value}`).open()
      if (!session.isNew) expect.fail(`opened: ${value}`)
    }
  })
  expect(calls).toEqual([])
})

afterAll(() => {
  const seconds = stopwatch()
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ')
  console.log(
    `${tried} bad tokens refused (${reasons}), ${refused.length} sent to a manager, seed ${seed}, ${seconds} s`
  )
  const byReason = Object.fromEntries([...counts].map(([reason, count]) => [`refused: ${reason}`, count]))
  const counted = { 'bad tokens': tried, ...byReason, 'sent to a manager': refused.length }
  recordResults('tokens', { seed, seconds, counts: { ...counted, accepted: 0, 'store reads': 0, exceptions: 0 } })
})
