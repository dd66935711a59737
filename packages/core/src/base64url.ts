const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const invalid = 255
const values = new Uint8Array(128).fill(invalid)
for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value

/**
 * The bytes, or `undefined` unless `text` is the one spelling `encodeBase64url` gives them: no padding, no other
 * alphabet, no white space, no spare bits set. Node's own decoder skips what it does not know and would let a token
 * have many spellings.
 */
export function decodeBase64url(text: string): Uint8Array | undefined {
  const { length } = text
  if (length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < length; i++) {
    const value = values[text.charCodeAt(i)] ?? invalid
    if (value === invalid) return undefined
    bits = ((bits & 63) << 6) | value
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[at++] = bits >> held
    }
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined
}
