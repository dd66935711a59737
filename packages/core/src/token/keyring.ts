import { createMac, hkdf } from '#crypto'
// By file name: TypeScript's node10 resolution, which may read this file's declarations, does not know '#crypto'.
import type { Mac } from '../crypto/crypto-portable.ts'
import { SessionError, type SessionErrorCode } from '../errors.ts'

/** Keys by 2-byte id. Two secrets may share an id by chance; then both are candidates. */
export interface Ring<Key> {
  /** Made from the newest secret. */
  readonly current: Key
  candidates(keyId: number): readonly Key[]
}

/** Signs and verifies tokens; keeps the key in a closure so that no inspection prints it. */
export interface SigningKey {
  readonly keyId: number
  readonly isCurrent: boolean
  /** The first 16 bytes of HMAC-SHA-256 (RFC 2104 §5 allows half), over the first `length` bytes. Default: all. */
  mac(data: Uint8Array, length?: number): Uint8Array
}

export type Keyring = Ring<SigningKey>

/** Keys for tokens of one namespace and one name (that of the cookie, without prefix); useless for any other. */
export function createKeyring(options: {
  readonly secrets: readonly string[]
  readonly namespace: string
  readonly tokenName: string
}): Keyring {
  const scope = [options.namespace, options.tokenName]
  return createRing(options.secrets, ['kid', ...scope], (secret, keyId, isCurrent) => {
    return { keyId, isCurrent, mac: deriveMac(secret, ['token', ...scope], 16) }
  })
}

/** `secrets` newest first, as {@link checkSecrets} returned them. */
export function createRing<Key extends { readonly keyId: number }>(
  secrets: readonly string[],
  keyIdScope: readonly string[],
  makeKey: (secret: string, keyId: number, isCurrent: boolean) => Key
): Ring<Key> {
  const keys = secrets.map((secret, index) => {
    const [high = 0, low = 0] = derive(secret, keyIdScope, 2)
    return makeKey(secret, high * 256 + low, index === 0)
  })
  const [current] = keys
  if (current === undefined) throw missing('secret')
  // Map.groupBy is younger than what core is compiled for.
  const byId = new Map<number, typeof keys>()
  for (const key of keys) byId.set(key.keyId, [...(byId.get(key.keyId) ?? []), key])
  return { current, candidates: (keyId) => byId.get(keyId) ?? [] }
}

/** The first `size` bytes of HMAC-SHA-256 under a key that HKDF derived for the named purpose and scope. */
export function deriveMac(secret: string, scope: readonly string[], size = 32): Mac {
  const key = derive(secret, scope, 32)
  const mac = createMac(key, size)
  key.fill(0)
  return mac
}

/**
 * The secrets, newest first.
 *
 * @throws SessionError `SECRET_MISSING`, `SECRET_WEAK` (fewer than 32 UTF-8 bytes, fewer than 8 different characters, or
 * put together from values that are not set) or `SECRET_DUPLICATE`, each with a command that makes a good one. Every
 * element of an array is checked.
 */
export function checkSecrets(secret: unknown, option = 'secret'): readonly string[] {
  const secrets: unknown[] = Array.isArray(secret) ? [...secret] : [secret]
  if (secrets.length === 0) throw missing(option)
  const checked = secrets.map((one, index) => {
    const name = Array.isArray(secret) ? `${option}[${index}]` : option
    if (typeof one !== 'string' || one === '') throw missing(name)
    if (encoder.encode(one).length < 32) throw refused('SECRET_WEAK', `${name} must have 32 bytes or more`)
    if (new Set(one).size < 8 || unset.test(one)) throw refused('SECRET_WEAK', `${name} is easy to guess`)
    return one
  })
  if (new Set(checked).size < checked.length) {
    throw refused('SECRET_DUPLICATE', `${option} lists one twice: leave one out`)
  }
  return checked
}

/** What a template string contains for a variable that is not set. */
const unset = /undefined|null.*null|\[object /

function missing(option: string): SessionError {
  return refused(
    'SECRET_MISSING',
    `${option} must be a string, or an array of strings, newest first; perhaps an environment variable is not set`
  )
}

function refused(code: SessionErrorCode, message: string): SessionError {
  return new SessionError(
    code,
    `${message}. Make one, and keep it out of the source: openssl rand -base64 33, or ` +
      `node -p "require('crypto').randomBytes(33).toString('base64')"`
  )
}

const encoder = new TextEncoder()

function derive(secret: string, scope: readonly string[], length: number): Uint8Array {
  return hkdf(encoder.encode(secret), encoder.encode('kvsession/v1'), encoder.encode(scope.join('\0')), length)
}
