import { createRandom } from './scheduler.ts'

/** Pseudo-random choices: the same seed gives the same inputs. */
export interface Seeded {
  /** A whole number from 0, below this one. */
  below(limit: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  bytes(length: number): Uint8Array
  /** Anything from latin letters to lone surrogates. */
  string(mostCharacters: number): string
  /** One to three small changes: a flipped bit, a part removed, doubled, moved in, or cut off. */
  mutate(value: string): string
}

const odd = [
  '\0',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '"',
  "'",
  '\\',
  '%00',
  ';',
  ',',
  '=',
  '{',
  '}',
  '[',
  ']',
  ':',
  '-0',
  '1e999',
  'null',
  '\ufeff',
  '\ud800',
  '\udfff',
  '\u{1f36a}',
  '\u00e9',
  '\u2028',
  '__proto__',
  'constructor',
  '9007199254740993'
] as const

export function createSeeded(seed: number): Seeded {
  const below = createRandom(seed)

  function pick<T>(list: readonly [T, ...T[]]): T {
    return list[below(list.length)] ?? list[0]
  }

  function bytes(length: number): Uint8Array {
    const made = new Uint8Array(length)
    for (let i = 0; i < length; i++) made[i] = below(256)
    return made
  }

  function character(): string {
    const kind = below(8)
    if (kind === 0) return pick(odd)
    return String.fromCharCode(kind === 1 ? below(0x1_0000) : kind === 2 ? below(256) : 32 + below(95))
  }

  function string(mostCharacters: number): string {
    let made = ''
    for (let left = below(mostCharacters + 1); left > 0; left--) made += character()
    return made
  }

  function change(given: string): string {
    const at = below(given.length + 1)
    const to = Math.min(given.length, at + 1 + below(12))
    switch (below(7)) {
      case 0:
        return given.slice(0, at) + String.fromCharCode(given.charCodeAt(at) ^ (1 << below(7))) + given.slice(at + 1)
      case 1:
        return given.slice(0, at) + given.slice(to)
      case 2:
        return given.slice(0, to) + given.slice(at)
      case 3:
        return given.slice(0, at) + character() + given.slice(at)
      case 4:
        return given.slice(0, at)
      case 5:
        return given.slice(0, at) + pick(odd) + given.slice(to)
      default:
        return given.slice(at, to) + given.slice(0, at) + given.slice(to)
    }
  }

  return {
    below,
    pick,
    bytes,
    string,
    mutate(given) {
      let made = given
      for (let left = 1 + below(3); left > 0; left--) made = change(made)
      return made
    }
  }
}
