import { recordResults, startStopwatch } from 'test-servers/results'
import { afterAll, describe, expect, it } from 'vitest'
import { timingSafeEqual } from '../../src/crypto/crypto-node.ts'
import { createKeyring } from '../../src/token/keyring.ts'
import { decodeToken, encodeHex, encodeToken } from '../../src/token/token.ts'
import { createVerifiedTokens, verifyToken } from '../../src/token/verified-tokens.ts'
import { createSeeded } from '../support/seeded.ts'
import { type Contest, measureLeakage, welch } from './leakage.ts'

// Only as `npm run stress -- timing`: on a busy machine a time proves nothing.

const samples = Number(process.env.KVSESSION_TIMING ?? 0)
const attempts = 3
const threshold = 4.5
const now = Date.UTC(2026, 0, 1)
const seeded = createSeeded(Number(process.env.KVSESSION_SEED ?? 1))
const coin = (): 0 | 1 => (seeded.below(2) === 0 ? 0 : 1)
const ring = createKeyring({
  secrets: ['the secret of a timing test, long enough'],
  namespace: 'sessions',
  tokenName: 'sid'
})

let consumed = 0

/** Good tokens with one wrong byte: the first of the tag, or the last. */
const tag: Contest = {
  prepare(right) {
    const parts = { id: encodeHex(seeded.bytes(16)), secret: seeded.bytes(16), created: now }
    const bytes = Buffer.from(encodeToken(parts, ring), 'base64url')
    const place = right === 0 ? bytes.length - 16 : bytes.length - 1
    bytes[place] = (bytes[place] ?? 0) ^ (1 + seeded.below(255))
    const token = bytes.toString('base64url')
    return () => {
      if ('rejected' in decodeToken(token, ring, now, 86_400_000)) consumed++
    }
  }
}

const remembered = createVerifiedTokens()
const known = Array.from({ length: 1_000 }, () => newToken())
for (const [index, token] of known.entries()) rememberToken(token, String(index))

/** Forged tokens: one byte of the tag of a remembered token is wrong, or one of a token that was never seen. */
const verified: Contest = {
  prepare(right) {
    // Both are prepared in the same way: what was in use just before takes less time.
    const [unseen, seen] = [newToken(), known[seeded.below(known.length)] ?? '']
    const bytes = Buffer.from(right === 0 ? unseen : seen, 'base64url')
    const place = bytes.length - 1 - seeded.below(16)
    bytes[place] = (bytes[place] ?? 0) ^ (1 + seeded.below(255))
    const token = bytes.toString('base64url')
    return () => {
      if ('rejected' in verifyToken(token, { keyring: ring, verified: remembered }, now, 86_400_000)) consumed++
    }
  }
}

function newToken(): string {
  return encodeToken({ id: encodeHex(seeded.bytes(16)), secret: seeded.bytes(16), created: now }, ring)
}

function rememberToken(token: string, secretHash: string): void {
  const shown = verifyToken(token, { keyring: ring, verified: remembered }, now, 86_400_000)
  if ('rejected' in shown) throw new Error('a genuine token')
  const { digest, id, created, retiredKey } = shown
  remembered.remember(digest, { id, created, retiredKey, secretHash })
}

/** Two 32-byte hashes as of secrets, of which the first differs, or the last. */
function hashes(compare: (a: Uint8Array, b: Uint8Array) => boolean): Contest {
  return {
    prepare(right) {
      const stored = seeded.bytes(32)
      const given = stored.slice()
      const place = right === 0 ? 0 : 31
      given[place] = (given[place] ?? 0) ^ (1 + seeded.below(255))
      return () => {
        if (!compare(stored, given)) consumed++
      }
    }
  }
}

/** A naive comparison. */
function leaky(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

describe('the test of leakage', () => {
  it('The test tells apart inputs whose times differ, and no others', () => {
    const list = Array.from({ length: 2_000 }, () => seeded.below(1_000))
    const slower = list.map((time) => time + 200)
    expect(Math.abs(welch(list, list.toReversed()))).toBeLessThan(threshold)
    expect(Math.abs(welch(list, slower))).toBeGreaterThan(threshold)
  })
})

if (samples > 0) describe('how long a comparison takes', { timeout: 600_000 + samples }, compareTimes)

function compareTimes(): void {
  const highest: Record<string, number> = {}
  const stopwatch = startStopwatch()

  /** The smallest of a few attempts: another program can add a difference, but cannot hide one three times. */
  function leakage(contest: Contest, repeat: number): number {
    measureLeakage(contest, 20_000, repeat, coin)
    let least = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < attempts && least >= threshold; attempt++) {
      least = Math.min(least, Math.abs(measureLeakage(contest, samples, repeat, coin).t))
    }
    return Math.round(least * 100) / 100
  }

  it('The time shows nothing of how much of a tag is right', () => {
    highest['|t| of the tag'] = leakage(tag, 1)
    expect(highest['|t| of the tag']).toBeLessThan(threshold)
  })

  it('The time of a forged token shows nothing of the tokens that are remembered', () => {
    highest['|t| of a forged token, remembered or not'] = leakage(verified, 1)
    expect(highest['|t| of a forged token, remembered or not']).toBeLessThan(threshold)
  })

  it("The time shows nothing of how much of a secret's hash is right", () => {
    highest['|t| of the hash of the secret'] = leakage(hashes(timingSafeEqual), 8)
    expect(highest['|t| of the hash of the secret']).toBeLessThan(threshold)
  })

  it('The test would notice a difference', () => {
    highest['|t| of a comparison that leaks'] = leakage(hashes(leaky), 8)
    expect(highest['|t| of a comparison that leaks']).toBeGreaterThan(threshold)
  })

  afterAll(() => {
    console.log(`${consumed} comparisons: ${JSON.stringify(highest)}`)
    const counts = { 'samples per attempt': samples, 'attempts at most': attempts }
    recordResults('timing', { seed: 1, seconds: stopwatch(), counts, highest })
  })
}
