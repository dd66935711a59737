import { createMemoryStore, createSessionManager, isSessionError } from '../../src/index.ts'
import { createEncryption } from '../../src/record/encryption.ts'
import { deserializeData } from '../../src/record/payload.ts'
import { decodeRecord, encodeRecord } from '../../src/record/record.ts'
import { jsonSerializer } from '../../src/record/serializer.ts'
import { encodeTombstone } from '../../src/record/tombstone.ts'
import { createKeyring } from '../../src/token/keyring.ts'
import { decodeToken, encodeHex, encodeToken, longestToken } from '../../src/token/token.ts'
import { findCookies } from '../../src/transport/cookie-header.ts'
import { decodeIndex } from '../../src/users/user-index-entry.ts'
import { errorCodes } from '../support/error-codes.ts'
import { createSeeded, type Seeded } from '../support/seeded.ts'

/** A function that takes untrusted input. */
export interface Target {
  readonly name: string
  /** How many of a thousand executions are spent here. */
  readonly share: number
  make(seed: number): Fuzzer
}

/** Makes an input, and returns a run with it, which throws when the result is wrong or the code throws. */
export type Fuzzer = () => { readonly input: unknown; run(): void }

const secret = 'a secret for fuzzing, which is long enough'
const now = Date.UTC(2026, 0, 1)
const longestLifetime = 31 * 86_400_000

class Wrong extends Error {}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Wrong(what)
}

/** The algorithm of RFC 6265bis, step by step: split, trim, compare. */
function plainScan(header: string, name: string): string[] {
  const found: string[] = []
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at === -1 || pair.slice(0, at).replace(/^[ \t]+/, '') !== name) continue
    found.push(pair.slice(at + 1).replace(/^[ \t]+|[ \t]+$/g, ''))
  }
  return found
}

function headerOf(seeded: Seeded, good: string): string {
  let header = ''
  for (let pairs = seeded.below(6); pairs >= 0; pairs--) {
    const name = seeded.pick(['__Host-sid', '__Host-sid', 'sid', '__host-sid', '__%48ost-sid', 'x__Host-sid', '', ' '])
    const value = seeded.pick([good, good.slice(0, seeded.below(77)), seeded.string(20), '', '"', '=', `${name}=`])
    header += `${name}${seeded.pick(['=', '=', '=', ' = ', '', '=='])}${value}${seeded.pick(['; ', ';', ';;', ' ; ', ',', ''])}`
  }
  return seeded.below(3) === 0 ? seeded.mutate(header) : header
}

const ring = createKeyring({ secrets: [secret], namespace: 'sessions', tokenName: 'sid' })

function mint(seeded: Seeded): string {
  const parts = { id: encodeHex(seeded.bytes(16)), secret: seeded.bytes(16 + 3 * seeded.below(17)), created: now }
  return encodeToken(parts, ring)
}

const headers: Target = {
  name: 'header scan',
  share: 300,
  make(seed) {
    const seeded = createSeeded(seed)
    const good = mint(seeded)
    return () => {
      const input = headerOf(seeded, good)
      return {
        input,
        run() {
          const found = findCookies(input, '__Host-sid')
          must(JSON.stringify(found) === JSON.stringify(plainScan(input, '__Host-sid')), 'finds other values')
        }
      }
    }
  }
}

const tokens: Target = {
  name: 'token',
  share: 280,
  make(seed) {
    const seeded = createSeeded(seed)
    let good = mint(seeded)
    return () => {
      if (seeded.below(50) === 0) good = mint(seeded)
      const same = seeded.below(20) === 0
      const input = same ? good : seeded.below(4) === 0 ? seeded.string(longestToken + 20) : seeded.mutate(good)
      return {
        input,
        run() {
          const verdict = decodeToken(input, ring, now, longestLifetime)
          must(
            'secret' in verdict === (input === good),
            input === good ? 'refuses a good token' : 'accepts a bad token'
          )
        }
      }
    }
  }
}

const hash = 'A'.repeat(43)
const foreign = [
  '{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"user":1}',
  '{"cookie":{"path":"/"},"__lastAccess":1700000000000}\n{}',
  'a:2:{s:4:"user";i:1;s:3:"key";s:2:"ab";}',
  'user|i:1;cart|a:0:{}',
  '\u0080\u0004\u0095\u0013\u0000}\u0094\u008c\u0001a\u0094K\u0001s.',
  'eyJ1c2VyIjoxfQ.ZfX1mQ.3w6x0Zb4n1i2k3l4m5n6o7p8q9r',
  '{"v":2,"w":"x","c":1,"s":1}\n{}',
  '{"v":0}\n{}',
  '{"v":1e308}\n{}',
  'null\n{}',
  '[]\n{}',
  '\n',
  ''
] as const

const records: Target = {
  name: 'record',
  share: 160,
  make(seed) {
    const seeded = createSeeded(seed)
    return () => {
      const metadata = {
        writeId: 'AAAAAAAAAAAA',
        createdAt: now,
        lastSeenAt: now + seeded.below(1e6),
        secretHash: hash,
        generation: seeded.below(5),
        dataEpoch: 0,
        ...(seeded.below(2) === 0 && { userId: seeded.string(8), authenticatedAt: now, indexedUntil: now }),
        ...(seeded.below(4) === 0 && { permanent: seeded.pick<true | number>([true, 1, 60_000]) }),
        ...(seeded.below(4) === 0 && { aliasHash: hash, swappedAt: now, aliasUntil: now })
      }
      const good = encodeRecord(metadata, `{"a":${seeded.below(100)}}`).value
      const whole = seeded.below(10) === 0
      const start = seeded.below(8)
      const input = whole
        ? good
        : start === 0
          ? seeded.mutate(seeded.pick(foreign))
          : start === 1
            ? seeded.mutate(encodeTombstone('AAAAAAAAAAAA'))
            : seeded.mutate(good)
      return {
        input,
        run() {
          const record = decodeRecord(input)
          if (typeof record === 'string') {
            must(!whole, `calls a good record ${record}`)
            return
          }
          must(record.value === input && input.endsWith(`\n${record.payload}`), 'loses a part of the value')
          const again = decodeRecord(encodeRecord(record.metadata, record.payload).value)
          must(typeof again === 'object', 'writes a string that it cannot read')
          for (const key of ['createdAt', 'lastSeenAt', 'generation', 'dataEpoch'] as const) {
            must(Number.isSafeInteger(record.metadata[key]) && record.metadata[key] >= 0, `takes any ${key}`)
          }
        }
      }
    }
  }
}

const indexes: Target = {
  name: 'user index',
  share: 80,
  make(seed) {
    const seeded = createSeeded(seed)
    const good = JSON.stringify({
      v: 1,
      w: 'x',
      e: 3,
      s: {
        [encodeHex(seeded.bytes(16))]: { q: now, t: now, n: 'n' },
        [encodeHex(seeded.bytes(16))]: { q: 1, t: 2, n: '', p: 1 }
      }
    })
    return () => {
      const input = seeded.mutate(good)
      return {
        input,
        run() {
          for (const { keepUntil, since, nonce } of decodeIndex(input)?.entries.values() ?? []) {
            must(Number.isFinite(keepUntil) && Number.isFinite(since) && typeof nonce === 'string', 'takes any entry')
          }
        }
      }
    }
  }
}

const envelopes: Target = {
  name: 'encrypted payload',
  share: 60,
  make(seed) {
    const seeded = createSeeded(seed)
    const encryption = createEncryption({ secret })
    let plain = '{}'
    let good = encryption.encrypt(plain, 'context', 'key')
    return () => {
      if (seeded.below(20) === 0) {
        plain = `{"a":${JSON.stringify(seeded.string(30).toWellFormed())}}`
        good = encryption.encrypt(plain, 'context', 'key')
      }
      const kind = seeded.below(12)
      const input = kind === 0 ? good : kind === 1 ? plain : kind === 2 ? seeded.string(60) : seeded.mutate(good)
      const place = seeded.pick(['key', 'key', 'key', 'other'])
      return {
        input: `${input} ${place}`,
        run() {
          const opened = encryption.decrypt(input, 'context', place)
          const wanted = input === good && place === 'key' ? plain : undefined
          must(
            opened === wanted,
            wanted === undefined ? 'opens a payload that was not sealed' : 'loses the sealed payload'
          )
        }
      }
    }
  }
}

function anyValue(seeded: Seeded, depth: number): unknown {
  switch (seeded.below(depth > 0 ? 14 : 11)) {
    case 0:
      return seeded.string(12)
    case 1:
      return seeded.pick<unknown>([Number.NaN, -0, 1e308, 2 ** 53, Number.POSITIVE_INFINITY, 1n, undefined, null])
    case 2:
      return seeded.pick<unknown>([
        new Map([[1, 2]]),
        new Set(),
        /a/,
        new Date(Number.NaN),
        new Date(0),
        new Error('x')
      ])
    case 3:
      return seeded.pick<unknown>([() => 1, Symbol('s'), new Uint8Array(2), Object.create(null), Object(1n)])
    case 4:
      return Object.defineProperty({}, 'x', {
        enumerable: true,
        get() {
          throw new Error('a getter that throws')
        }
      })
    case 5:
      return { toJSON: () => anyValue(seeded, 0) }
    case 6:
      return seeded.below(1000)
    case 7:
    case 8:
    case 9:
      return seeded.pick<unknown>(['', true, false, 'x', 0])
    case 10:
      return JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}')
    case 11:
      return Array.from({ length: seeded.below(4) }, () => anyValue(seeded, depth - 1))
    default: {
      const made: Record<string, unknown> = {}
      for (let left = seeded.below(4); left > 0; left--) {
        const key = seeded.pick(['a', 'b', '__proto__', 'constructor', 'toString', 'then', 'length', seeded.string(4)])
        Object.defineProperty(made, key, {
          value: anyValue(seeded, depth - 1),
          enumerable: true,
          configurable: true,
          writable: true
        })
      }
      if (seeded.below(20) === 0) made.self = made
      return made
    }
  }
}

const manager = createSessionManager({ store: createMemoryStore(), secret })
const payloads = { serializer: jsonSerializer, encryption: undefined, policy: manager.policy }

/** The serialized value, or `undefined` when it is refused as it should be. */
function written(value: unknown): string | undefined {
  try {
    return jsonSerializer.serialize(value)
  } catch (error) {
    must(isSessionError(error) && error.code === 'DATA_UNSERIALIZABLE', `throws ${String(error)}`)
    return undefined
  }
}

const serializers: Target = {
  name: 'serializer',
  share: 110,
  make(seed) {
    const seeded = createSeeded(seed)
    let good = '{}'
    return () => {
      const data = seeded.below(3) === 0 ? undefined : { held: anyValue(seeded, 4) }
      const input = data ?? seeded.mutate(good)
      return {
        input,
        run() {
          if (typeof input === 'string') {
            const fields = deserializeData(payloads, input)
            // Data from another program may hold numbers that are read as Infinity.
            if (fields) must(written(fields)?.isWellFormed() !== false, 'writes an ill-formed string')
            return
          }
          const json = written(input)
          if (json === undefined) return
          good = json
          must(json.isWellFormed() && !json.includes('\0'), 'writes a string that engines refuse')
          must(
            jsonSerializer.serialize(jsonSerializer.deserialize(json)) === json,
            'reads something else than it wrote'
          )
        }
      }
    }
  }
}

const optionNames = [
  'idleTimeout',
  'absoluteTimeout',
  'permanentLifetime',
  'maxLifetime',
  'permanent',
  'rolling',
  'anonymousTimeout',
  'by',
  'touchInterval',
  'rotateAfter',
  'graceWindow',
  'namespace',
  'maxRecordBytes',
  'maxSessionsPerUser',
  'storeTimeout',
  'onStoreUnavailable',
  'lazy',
  'commitOnError',
  'secretBits',
  'cookie',
  'schema',
  'clock',
  'randomBytes',
  'onEvent',
  'serializer',
  'encryption',
  'userIdFrom',
  'secret',
  'ttl',
  'resave',
  'keys',
  '__proto__',
  'constructor'
] as const
const cookieNames = [
  'name',
  'path',
  'domain',
  'sameSite',
  'secure',
  'httpOnly',
  'partitioned',
  'priority',
  'prefix'
] as const

const options: Target = {
  name: 'options',
  share: 10,
  make(seed) {
    const seeded = createSeeded(seed)
    const word = (): unknown =>
      seeded.pick<unknown>([
        '1h',
        '30 m',
        '',
        -1,
        0,
        1,
        60_000,
        1e300,
        Number.NaN,
        true,
        false,
        null,
        {},
        [],
        () => 1,
        seeded.string(10),
        secret,
        [secret, secret],
        ['', secret],
        'none',
        'lax',
        'strict',
        'error',
        'anonymous',
        '/',
        'example.com',
        'a;b',
        'a\r\nb'
      ])
    return () => {
      const cookie = Object.fromEntries(
        Array.from({ length: seeded.below(3) }, () => [seeded.pick(cookieNames), word()])
      )
      const given: Record<string, unknown> = { store: createMemoryStore(), secret, cookie }
      for (let left = seeded.below(4); left > 0; left--) given[seeded.pick(optionNames)] = word()
      return {
        input: given,
        run() {
          try {
            const made = Reflect.apply(createSessionManager, undefined, [given])
            must(Object.isFrozen(made.policy), 'leaves the policy open')
          } catch (error) {
            must(isSessionError(error) && errorCodes.includes(error.code), `throws ${String(error)}`)
          }
        }
      }
    }
  }
}

export const targets: readonly Target[] = [headers, tokens, records, indexes, envelopes, serializers, options]
