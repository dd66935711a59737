const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const invalid = 255
const values = new Uint8Array(128).fill(invalid)
for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value

/**
 * The bytes, or `undefined` unless `encoded` is exactly what `encodeBase64url` makes of them: no padding, no other
 * alphabet, no white space, no spare bits set. Node's own decoder skips characters that it does not know, so a token
 * would have many spellings.
 *
 * @param bytes receives the result; may be longer than needed. Default: a new array.
 */
export function decodeBase64url(
  encoded: string,
  bytes: Uint8Array = new Uint8Array(Math.floor((encoded.length * 3) / 4))
): Uint8Array | undefined {
  const { length } = encoded
  const tail = length % 4
  const spare = tail === 2 ? 15 : tail === 3 ? 3 : 0
  // Bits of all values: none of 64 or more may be among them.
  let seen = tail === 1 || (valueAt(encoded, length - 1) & spare) > 0 ? invalid : 0
  // Four characters at a time take a third of the time.
  for (let i = 0, at = 0; i < length; i += 4, at += 3) {
    const a = valueAt(encoded, i)
    const b = valueAt(encoded, i + 1)
    const c = valueAt(encoded, i + 2)
    const d = valueAt(encoded, i + 3)
    seen |= a | b | c | d
    bytes[at] = (a << 2) | (b >> 4)
    bytes[at + 1] = (b << 4) | (c >> 2)
    bytes[at + 2] = (c << 6) | d
  }
  return seen < 64 ? bytes : undefined
}

function valueAt(encoded: string, index: number): number {
  return index < encoded.length ? (values[encoded.charCodeAt(index)] ?? invalid) : 0
}
