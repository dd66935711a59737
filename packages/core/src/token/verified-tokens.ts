import { sha256Base64url } from '#crypto'
import type { Keyring } from './keyring.ts'
import {
  type DecodedToken,
  decodeToken,
  type GenuineToken,
  hasTokenLength,
  isWithinLifetime,
  secretOf
} from './token.ts'

/** What the signature and the record of a genuine token have shown. Contains no part of its secret. */
export interface VerifiedToken {
  readonly id: string
  /** Start of the session, epoch milliseconds. */
  readonly created: number
  /** Signed by a key other than the newest. */
  readonly retiredKey: boolean
  /** What the store keeps of the secret. */
  readonly secretHash: string
}

/**
 * Remembers tokens by their SHA-256, so that a request needs one hash instead of three. A remembered token proves who
 * signed it and nothing else: its age and its record are still checked for each request.
 */
export interface VerifiedTokens {
  find(digest: string): VerifiedToken | undefined
  /** @param token must be genuine, and its secret the current one of its record. */
  remember(digest: string, token: VerifiedToken): void
}

/** In each of two generations. One entry takes about 400 bytes. */
const mostRemembered = 4_096

export function createVerifiedTokens(most: number = mostRemembered): VerifiedTokens {
  let recent = new Map<string, VerifiedToken>()
  let earlier = new Map<string, VerifiedToken>()

  function remember(digest: string, token: VerifiedToken): void {
    if (recent.size >= most) {
      earlier = recent
      recent = new Map()
    }
    recent.set(digest, token)
  }

  return {
    find(digest) {
      const found = recent.get(digest)
      if (found) return found
      const older = earlier.get(digest)
      if (older) remember(digest, older)
      return older
    },
    remember
  }
}

/** A genuine token of a request. */
export interface PresentedToken extends GenuineToken {
  /** SHA-256 of the token. */
  readonly digest: string
  /** What the store keeps of the secret, if the token is remembered. */
  readonly secretHash: string | undefined
}

interface VerifyContext {
  readonly keyring: Keyring
  readonly verified: VerifiedTokens
}

/** As {@link decodeToken}, without a signature check for a remembered token. */
export function verifyToken(
  value: string,
  { keyring, verified }: VerifyContext,
  now: number,
  longestLifetime: number
): PresentedToken | Exclude<DecodedToken, GenuineToken> {
  if (!hasTokenLength(value)) return { rejected: 'malformed' }
  const digest = sha256Base64url(value)
  const known = verified.find(digest)
  if (!known) {
    const token = decodeToken(value, keyring, now, longestLifetime)
    return 'rejected' in token ? token : { ...token, digest, secretHash: undefined }
  }
  const { id, created, retiredKey, secretHash } = known
  if (!isWithinLifetime(created, now, longestLifetime)) return { rejected: 'lifetime' }
  return { id, created, secret: secretOf(value), retiredKey, digest, secretHash }
}
