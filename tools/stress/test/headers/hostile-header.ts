import type { Random } from '../../src/random.ts'

/** A `Cookie` header that no browser sends. */
export interface HostileHeader {
  /** One or more header lines, each with its line end. */
  readonly lines: string
  /** Whether the good cookie is among the others, in a place where it must be found. */
  readonly good: boolean
  /** Whether the bytes are invalid HTTP: the parser below the framework may refuse them and close the connection. */
  readonly broken: boolean
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const controls = ['\0', '\x01', '\x08', '\x0b', '\x1b', '\x7f', '\r', '\n', '\r\n', '\r\nX-Injected: 1'] as const

/** @param cookie the good one, `name=token`; never alone in the header. */
export function makeHeader(random: Random, cookie: string): HostileHeader {
  const at = cookie.indexOf('=')
  const name = cookie.slice(0, at)
  const token = cookie.slice(at + 1)
  const pairs = Array.from({ length: 1 + random.below(5) }, () => badPair(random, name, token))
  if (random.below(300) === 0) pairs.push(...Array.from({ length: 500 }, () => badPair(random, name, token)))
  if (random.below(400) === 0) pairs.push(`${name}=${'A'.repeat(65_536)}`)
  // Only the first few cookies of one name are tried.
  const good = pairs.length <= 5 && random.below(12) === 0
  if (good) pairs.splice(random.below(pairs.length + 1), 0, cookie)
  const broken = !good && random.below(60) === 0
  if (broken) pairs.splice(random.below(pairs.length + 1), 0, `a=${random.pick(controls)}b`)
  const separator = good ? '; ' : random.pick(['; ', '; ', ';', ' ; ', ';;', ', ', ';\t'])
  const field = random.pick(['Cookie', 'Cookie', 'cookie', 'COOKIE'])
  // Node joins several lines with '; '.
  const lines =
    good || random.below(5) > 0
      ? `${field}: ${pairs.join(separator)}\r\n`
      : pairs.map((pair) => `${field}: ${pair}\r\n`).join('')
  return { lines, good, broken }
}

function badPair(random: Random, name: string, token: string): string {
  const named = random.pick([
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
  const value = badValue(random, token)
  // Under another name the good token is as bad as any.
  return `${named}${random.pick(['=', '=', '=', '= ', '==', ''])}${value}`
}

function badValue(random: Random, token: string): string {
  const place = random.below(token.length)
  switch (random.below(12)) {
    case 0:
      return token.slice(0, place)
    case 1:
      return token.slice(0, place) + other(random, token[place]) + token.slice(place + 1)
    case 2:
      return `"${token}"`
    case 3:
      return `${token}${random.pick(['=', 'A', '.', '%00', ',', '\u00e9'])}`
    case 4:
      return randomString(random, 76)
    case 5:
      return `${randomString(random, 4)}${token.slice(4)}`
    case 6:
      return `s%3A${randomString(random, 32)}.${randomString(random, 43)}`
    case 7:
      return latin(random, 40)
    case 8:
      return random.pick(['', '%', '%00', '%zz', '{"__proto__":{"isAdmin":true}}', 'null', '../../etc/passwd', '$1'])
    case 9:
      return token.slice(place) + token.slice(0, place || 1)
    case 10:
      return `eyJhbGciOiJub25lIn0.${randomString(random, 40)}.`
    default:
      return randomString(random, random.below(200))
  }
}

/** A character of the alphabet that differs from the current one. */
function other(random: Random, current: string | undefined): string {
  const drawn = alphabet[random.below(64)] ?? 'A'
  return drawn === current ? (current === 'A' ? 'B' : 'A') : drawn
}

function randomString(random: Random, length: number): string {
  let value = ''
  for (let i = 0; i < length; i++) value += alphabet[random.below(64)]
  return value
}

/** Characters that HTTP allows in a header's value. */
function latin(random: Random, length: number): string {
  let value = ''
  for (let i = 0; i < length; i++) {
    const code = 0x20 + random.below(0xe0)
    value += String.fromCharCode(code === 0x7f ? 0x80 : code)
  }
  return value
}
