import { encodeBase64url, fillRandom, randomPoolSize } from '#crypto'
import { guard } from '../callback.ts'
import { invalid } from '../option-check.ts'

/** Cryptographically secure bytes; every call returns a new array that is not shared. */
export type RandomSource = (length: number) => Uint8Array

/**
 * The platform's generator, read in blocks of 4 KiB, or `randomBytes` with its results checked.
 *
 * @throws SessionError on use: `OPTION_INVALID` when `randomBytes` returns anything but the bytes it was asked for,
 *   `CALLBACK_FAILED` when it throws.
 */
export function createRandomSource(randomBytes?: (length: number) => Uint8Array): RandomSource {
  if (randomBytes === undefined) return createPool(randomPoolSize)
  const draw = guard('randomBytes', randomBytes)
  return (length) => {
    const bytes: unknown = draw(length)
    if (bytes instanceof Uint8Array && bytes.length === length) return new Uint8Array(bytes)
    throw invalid(`randomBytes(${length})`, 'must return a Uint8Array of that length, or be left out')
  }
}

/** A process that starts from a snapshot must not go on with the prefix and the counter that are in it. */
const mostPerPrefix = randomPoolSize === 0 ? 1 : 65_536

/**
 * Unique strings: 72 random bits, drawn for 65,536 of them, and a counter. They are no secret, and can be guessed.
 *
 * @param idsPerPrefix 1 draws each of them anew, so that they follow from an injected source alone.
 */
export function createUniqueIds(randomBytes: RandomSource, idsPerPrefix: number = mostPerPrefix): () => string {
  let prefix = ''
  let left = 0
  return () => {
    if (left === 0) {
      prefix = encodeBase64url(randomBytes(9))
      left = idsPerPrefix
    }
    left--
    return prefix + left.toString(36)
  }
}

function createPool(size: number): RandomSource {
  const pool = new Uint8Array(size)
  let used = size
  return (length) => {
    if (length > size) {
      const bytes = new Uint8Array(length)
      fillRandom(bytes)
      return bytes
    }
    if (used + length > size) {
      fillRandom(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + length)
    // The returned bytes are a secret now: they must not stay readable in the pool.
    pool.fill(0, used, used + length)
    used += length
    return bytes
  }
}
