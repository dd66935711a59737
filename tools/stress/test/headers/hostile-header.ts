import type { Chance } from '../../src/random.ts'

/** A `Cookie` header that no browser sends. */
export interface HostileHeader {
  /** One or more header lines, each with its line end. */
  readonly lines: string
  /** The good cookie is among the others, in a place where it must be found. */
  readonly good: boolean
  /** The bytes are no HTTP: the parser below the framework may refuse them and close the connection. */
  readonly broken: boolean
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const controls = ['\0', '\x01', '\x08', '\x0b', '\x1b', '\x7f', '\r', '\n', '\r\n', '\r\nX-Injected: 1'] as const

/** @param cookie the good one, `name=token`; never alone in the header. */
export function makeHeader(chance: Chance, cookie: string): HostileHeader {
  const at = cookie.indexOf('=')
  const name = cookie.slice(0, at)
  const token = cookie.slice(at + 1)
  const pairs = Array.from({ length: 1 + chance.below(5) }, () => badPair(chance, name, token))
  if (chance.below(300) === 0) pairs.push(...Array.from({ length: 500 }, () => badPair(chance, name, token)))
  if (chance.below(400) === 0) pairs.push(`${name}=${'A'.repeat(65_536)}`)
  // Only so many of one name are looked at; what must be found has to be among the first.
  const good = pairs.length <= 5 && chance.below(12) === 0
  if (good) pairs.splice(chance.below(pairs.length + 1), 0, cookie)
  const broken = !good && chance.below(60) === 0
  if (broken) pairs.splice(chance.below(pairs.length + 1), 0, `a=${chance.pick(controls)}b`)
  const separator = good ? '; ' : chance.pick(['; ', '; ', ';', ' ; ', ';;', ', ', ';\t'])
  const field = chance.pick(['Cookie', 'Cookie', 'cookie', 'COOKIE'])
  // Node joins several lines with '; '.
  const lines =
    good || chance.below(5) > 0
      ? `${field}: ${pairs.join(separator)}\r\n`
      : pairs.map((pair) => `${field}: ${pair}\r\n`).join('')
  return { lines, good, broken }
}

function badPair(chance: Chance, name: string, token: string): string {
  const named = chance.pick([
    name,
    name,
    name,
    name.toUpperCase(),
    name.replace('i', '%69'),
    `x${name}`,
    `__Secure-${name}`,
    '__proto__',
    'constructor',
    ''
  ])
  const value = badValue(chance, token)
  // Under a name that is not ours the good token is as bad as any.
  return `${named}${chance.pick(['=', '=', '=', '= ', '==', ''])}${value}`
}

function badValue(chance: Chance, token: string): string {
  const place = chance.below(token.length)
  switch (chance.below(12)) {
    case 0:
      return token.slice(0, place)
    case 1:
      return token.slice(0, place) + other(chance, token[place]) + token.slice(place + 1)
    case 2:
      return `"${token}"`
    case 3:
      return `${token}${chance.pick(['=', 'A', '.', '%00', ',', '\u00e9'])}`
    case 4:
      return random(chance, 76)
    case 5:
      return `${random(chance, 4)}${token.slice(4)}`
    case 6:
      return `s%3A${random(chance, 32)}.${random(chance, 43)}`
    case 7:
      return latin(chance, 40)
    case 8:
      return chance.pick(['', '%', '%00', '%zz', '{"__proto__":{"isAdmin":true}}', 'null', '../../etc/passwd', '$1'])
    case 9:
      return token.slice(place) + token.slice(0, place || 1)
    case 10:
      return `eyJhbGciOiJub25lIn0.${random(chance, 40)}.`
    default:
      return random(chance, chance.below(200))
  }
}

/** Another character of the alphabet than the one that is there. */
function other(chance: Chance, there: string | undefined): string {
  const drawn = alphabet[chance.below(64)] ?? 'A'
  return drawn === there ? (there === 'A' ? 'B' : 'A') : drawn
}

function random(chance: Chance, length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += alphabet[chance.below(64)]
  return text
}

/** Whatever HTTP allows in a header's value but line ends. */
function latin(chance: Chance, length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) {
    const code = 0x20 + chance.below(0xe0)
    text += String.fromCharCode(code === 0x7f ? 0x80 : code)
  }
  return text
}
