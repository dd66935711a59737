import { createMac, hkdf } from '#crypto'
import { SessionError } from './errors.ts'

/** Keys by 2-byte id. Two secrets may share an id by chance; then both are candidates. */
export interface Ring<Key> {
  /** Made from the newest secret. */
  readonly current: Key
  candidates(keyId: number): readonly Key[]
}

/** Signs and verifies tokens; holds the key in a closure so that no inspection prints it. */
export interface SigningKey {
  readonly keyId: number
  readonly isCurrent: boolean
  /** The first 16 bytes of HMAC-SHA-256 (RFC 2104 §5 allows half). */
  mac(data: Uint8Array): Uint8Array
}

export type Keyring = Ring<SigningKey>

/** Keys for tokens of one namespace and one cookie name (without prefix); useless for any other. */
export function createKeyring(options: {
  readonly secrets: readonly string[]
  readonly namespace: string
  readonly cookieName: string
}): Keyring {
  const scope = [options.namespace, options.cookieName]
  return createRing(options.secrets, ['kid', ...scope], (secret, keyId, isCurrent) => {
    const mac = deriveMac(secret, ['token', ...scope])
    return { keyId, isCurrent, mac: (data) => mac(data).subarray(0, 16) }
  })
}

/** `secrets` newest first, as {@link checkSecrets} returned them. */
export function createRing<Key>(
  secrets: readonly string[],
  keyIdScope: readonly string[],
  makeKey: (secret: string, keyId: number, isCurrent: boolean) => Key
): Ring<Key> {
  const byId = new Map<number, Key[]>()
  const keys = secrets.map((secret, index) => {
    const [high = 0, low = 0] = derive(secret, keyIdScope, 2)
    const keyId = high * 256 + low
    const key = makeKey(secret, keyId, index === 0)
    byId.set(keyId, [...(byId.get(keyId) ?? []), key])
    return key
  })
  const [current] = keys
  if (current === undefined) throw missing('secret')
  return { current, candidates: (keyId) => byId.get(keyId) ?? [] }
}

/** HMAC-SHA-256 under a key that HKDF derived for the purpose and scope named. */
export function deriveMac(secret: string, scope: readonly string[]): (data: Uint8Array) => Uint8Array {
  const key = derive(secret, scope, 32)
  const mac = createMac(key)
  key.fill(0)
  return mac
}

/**
 * The secrets, newest first.
 *
 * @throws SessionError `SECRET_MISSING`, `SECRET_WEAK` (fewer than 32 UTF-8 bytes) or `SECRET_DUPLICATE`, each with a
 * command that makes a good one. Every element of an array is checked.
 */
export function checkSecrets(secret: unknown, option = 'secret'): readonly string[] {
  const secrets: unknown[] = Array.isArray(secret) ? [...secret] : [secret]
  const checked = secrets.map((one) => {
    if (typeof one !== 'string' || one === '') throw missing(option)
    if (encoder.encode(one).length < 32) {
      throw new SessionError('SECRET_WEAK', `${option} must have at least 32 bytes. ${makeOne}`)
    }
    return one
  })
  if (checked.length === 0) throw missing(option)
  if (new Set(checked).size < checked.length) {
    throw new SessionError('SECRET_DUPLICATE', `${option} lists the same secret twice. Leave one out, or: ${makeOne}`)
  }
  return checked
}

const makeOne =
  'Make a new one with `openssl rand -base64 33`, or ' +
  `\`node -p "require('crypto').randomBytes(33).toString('base64')"\`, and keep it out of the source.`

function missing(option: string): SessionError {
  return new SessionError(
    'SECRET_MISSING',
    `${option} must be a non-empty text, or an array of them, newest first (is an environment variable unset?). ${makeOne}`
  )
}

const encoder = new TextEncoder()

function derive(secret: string, scope: readonly string[], length: number): Uint8Array {
  return hkdf(encoder.encode(secret), encoder.encode('kvsession/v1'), encoder.encode(scope.join('\0')), length)
}
