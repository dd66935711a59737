import { encodeBase64url, timingSafeEqual } from '#crypto'
import { decodeBase64url } from './base64url.ts'
import type { Keyring } from './keyring.ts'
import { wholeNumber } from './option-check.ts'

/**
 * What a token says. Version 1 = base64url of
 * `version 1 B | key id 2 B | created 6 B | id 16 B | secret 16 + 3k B | tag 16 B`; k comes from `secretBits`. The whole
 * is a multiple of three bytes, so that every token has exactly one spelling.
 */
export interface TokenParts {
  /** 32 lower-case hex characters; public. */
  readonly id: string
  /** Known to the cookie alone. */
  readonly secret: Uint8Array
  /** Start of the session, epoch milliseconds. */
  readonly created: number
}

export type DecodedToken =
  | { readonly parts: TokenParts; readonly retiredKey: boolean }
  | { readonly rejected: 'malformed' | 'version' | 'signature' | 'lifetime' }

/** Characters of the longest token (512-bit secret). */
export const longestToken: number = 140

const shortestToken = 76
const version = 1
const idOffset = 9
const secretOffset = 25
const tagLength = 16
const clockSkewMs = 60_000

export function encodeToken(parts: TokenParts, keyring: Keyring): string {
  const { keyId, mac } = keyring.current
  const tagOffset = secretOffset + parts.secret.length
  const bytes = new Uint8Array(tagOffset + tagLength)
  bytes[0] = version
  writeNumber(bytes, 1, 2, keyId)
  writeNumber(bytes, 3, 6, parts.created)
  for (let i = 0; i < 16; i++) bytes[idOffset + i] = nibble(parts.id, 2 * i) * 16 + nibble(parts.id, 2 * i + 1)
  bytes.set(parts.secret, secretOffset)
  bytes.set(mac(bytes.slice(0, tagOffset)), tagOffset)
  return encodeBase64url(bytes)
}

/**
 * Never throws and believes nothing before the MAC: first length and alphabet, then version, then the keys the key id
 * names, then the MAC, then the start time: at most 60 s ahead of `now` (epoch milliseconds), and less than
 * `longestLifetime` (milliseconds) ago. (OWASP ASVS 5.0, 9.1.1 and 9.2.1)
 */
export function decodeToken(text: string, keyring: Keyring, now: number, longestLifetime: number): DecodedToken {
  const { length } = text
  if (length < shortestToken || length > longestToken || length % 4 !== 0) return { rejected: 'malformed' }
  const bytes = decodeBase64url(text)
  if (bytes === undefined) return { rejected: 'malformed' }
  if (bytes[0] !== version) return { rejected: 'version' }
  const tagOffset = bytes.length - tagLength
  // Copies: a view, like a DataView, moves a small array out of the heap first (200 ns instead of 25).
  const signed = bytes.slice(0, tagOffset)
  const tag = bytes.slice(tagOffset)
  const keyId = readNumber(bytes, 1, 2)
  const key = keyring.candidates(keyId).find((candidate) => timingSafeEqual(candidate.mac(signed), tag))
  if (key === undefined) return { rejected: 'signature' }
  const created = readNumber(bytes, 3, 6)
  if (created > now + clockSkewMs || now - created >= longestLifetime) return { rejected: 'lifetime' }
  const id = encodeHex(bytes.slice(idOffset, secretOffset))
  return { parts: { id, secret: bytes.slice(secretOffset, tagOffset), created }, retiredKey: !key.isCurrent }
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
export function secretByteLength(secretBits: number): number {
  return 16 + 3 * Math.ceil((wholeNumber('secretBits', secretBits, 128, 512) - 128) / 24)
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Two lower-case hex characters per byte. */
export function encodeHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hex[byte]
  return text
}
