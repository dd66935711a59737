import { encodeBase64url, timingSafeEqual } from '#crypto'
import { decodeBase64url } from '../crypto/base64url.ts'
import { wholeNumber } from '../option-check.ts'
import type { Keyring, SigningKey } from './keyring.ts'

/**
 * The content of a token. Version 1 = base64url of
 * `version 1 B | key id 2 B | created 6 B | id 16 B | secret 16 + 3k B | tag 16 B`; k comes from `secretBits`. The whole
 * is a multiple of three bytes, so that every token has exactly one spelling.
 */
export interface TokenParts {
  /** 32 lower-case hex characters; public. */
  readonly id: string
  /** Only the cookie contains it. */
  readonly secret: Uint8Array
  /** Start of the session, epoch milliseconds. */
  readonly created: number
}

/** A token whose signature is valid. */
export interface GenuineToken extends TokenParts {
  /** Signed by another key than the newest. */
  readonly retiredKey: boolean
}

export type DecodedToken = GenuineToken | { readonly rejected: 'malformed' | 'version' | 'signature' | 'lifetime' }

/** Characters of the longest token (512-bit secret). */
export const longestToken: number = 140

const shortestToken = 76
const version = 1
const idOffset = 9
const secretOffset = 25
const tagLength = 16
const clockSkewMs = 60_000
/** Kept between calls: each small array takes 30 ns and 240 bytes. */
const workspace = new Uint8Array((longestToken / 4) * 3)

export function encodeToken(parts: TokenParts, keyring: Keyring): string {
  const { keyId, mac } = keyring.current
  const tagOffset = secretOffset + parts.secret.length
  const bytes = new Uint8Array(tagOffset + tagLength)
  bytes[0] = version
  writeNumber(bytes, 1, 2, keyId)
  writeNumber(bytes, 3, 6, parts.created)
  for (let i = 0; i < 16; i++) bytes[idOffset + i] = nibble(parts.id, 2 * i) * 16 + nibble(parts.id, 2 * i + 1)
  bytes.set(parts.secret, secretOffset)
  bytes.set(mac(bytes, tagOffset), tagOffset)
  return encodeBase64url(bytes)
}

/**
 * Never throws, and trusts nothing before the MAC is verified. Checks length and alphabet, then version, then the MAC
 * under each key that the key id names, then the start time: at most 60 s ahead of `now` (epoch milliseconds), and less than
 * `longestLifetime` (milliseconds) ago. (OWASP ASVS 5.0, 9.1.1 and 9.2.1)
 */
export function decodeToken(value: string, keyring: Keyring, now: number, longestLifetime: number): DecodedToken {
  const { length } = value
  if (!hasTokenLength(value)) return { rejected: 'malformed' }
  const bytes = decodeBase64url(value, workspace)
  if (bytes === undefined) return { rejected: 'malformed' }
  if (bytes[0] !== version) return { rejected: 'version' }
  const end = (length / 4) * 3
  const tagOffset = end - tagLength
  const tag = bytes.slice(tagOffset, end)
  const keyId = readNumber(bytes, 1, 2)
  let key: SigningKey | undefined
  for (const candidate of keyring.candidates(keyId)) {
    if (timingSafeEqual(candidate.mac(bytes, tagOffset), tag)) key ??= candidate
  }
  const secret = bytes.slice(secretOffset, tagOffset)
  bytes.fill(0, secretOffset, tagOffset)
  if (key === undefined) return { rejected: 'signature' }
  const created = readNumber(bytes, 3, 6)
  if (!isWithinLifetime(created, now, longestLifetime)) return { rejected: 'lifetime' }
  return { id: encodeHex(bytes, idOffset, secretOffset), secret, created, retiredKey: !key.isCurrent }
}

/** Whether a session that started at `created` may be alive; false if that is more than 60 s ahead of `now`. */
export function isWithinLifetime(created: number, now: number, longestLifetime: number): boolean {
  return created <= now + clockSkewMs && now - created < longestLifetime
}

/** Whether a string is as long as a token. */
export function hasTokenLength({ length }: string): boolean {
  return length >= shortestToken && length <= longestToken && length % 4 === 0
}

/** The secret in a token that was verified before. */
export function secretOf(token: string): Uint8Array {
  const bytes = decodeBase64url(token, workspace) ?? workspace
  const tagOffset = (token.length / 4) * 3 - tagLength
  const secret = bytes.slice(secretOffset, tagOffset)
  bytes.fill(0, secretOffset, tagOffset)
  return secret
}

/** The value of one of the lower-case hex characters that {@link encodeHex} writes. */
function nibble(id: string, at: number): number {
  const code = id.charCodeAt(at)
  return code > 0x60 ? code - 0x57 : code - 0x30
}

/** Big-endian, of up to 6 bytes. */
function readNumber(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + (bytes[offset + i] ?? 0)
  return value
}

function writeNumber(bytes: Uint8Array, offset: number, length: number, value: number): void {
  for (let i = length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[offset + i] = rest
}

/**
 * Bytes of a secret of at least `secretBits` bits; rounded up to 16 + 3k.
 *
 * @throws SessionError `OPTION_INVALID` unless a whole number from 128 to 512.
 */
export function secretByteLength(secretBits: unknown, option: string): number {
  return 16 + 3 * Math.ceil((wholeNumber(128, 128, 512)(secretBits, option) - 128) / 24)
}

/** Kept between calls: an array that grows would leave 460 bytes to the garbage collector. */
const codes = Array.from({ length: 32 }, () => 0)

/** Two lower-case hex characters per byte, of a multiple of 16 bytes. */
export function encodeHex(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  let hex = ''
  for (let start = from; start < to; start += 16) {
    for (let i = 0; i < 32; i++) {
      const byte = bytes[start + (i >> 1)] ?? 0
      const nibble = i % 2 === 0 ? byte >> 4 : byte & 15
      codes[i] = nibble + (nibble < 10 ? 0x30 : 0x57)
    }
    hex += String.fromCharCode(...codes)
  }
  return hex
}
