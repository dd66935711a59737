/**
 * Metadata of a stored session, one line of JSON before the payload. Names are short because they are stored once per
 * session. Fields that are not listed survive every rewrite, so that a later version may add some.
 */
export interface RecordMetadata {
  /** Format version. */
  readonly v: 1
  /** Write id: random per write, so that no two writes are the same text and an unknown outcome can be resolved. */
  readonly w: string
  /** Start of the session, epoch ms; equals the token's. The absolute limit counts from here. */
  readonly c: number
  /** Last seen, epoch ms. The idle limit counts from here. */
  readonly s: number
  /** SHA-256 of the secret, base64url. */
  readonly h: string
  /** Generation: how many times the secret was swapped. */
  readonly g: number
  /** Data epoch: rises when the data was emptied on purpose. A write from an earlier epoch is not merged. */
  readonly d: number
  /** Permanent: `true`, or the session's own lifetime in ms. */
  readonly p?: true | number
  /** When a numeric `p` was set, if not at the start, epoch ms. */
  readonly f?: number
  /** User id. */
  readonly u?: string
  /** Time of the last swap, epoch ms. */
  readonly t?: number
  /** Hash of the secret that `rotate` replaced: an alias that still opens the session. */
  readonly a?: string
  /** When the alias ends, epoch ms; absent until the new secret was first seen. */
  readonly b?: number
  /** Time of the last login, epoch ms. */
  readonly l?: number
  /** Index horizon: until when the user index is sure to keep this session's entry, epoch ms. */
  readonly q?: number
}

/** A stored text taken apart. `payload` is what the serializer (and the encryption over it) wrote, not yet decoded. */
export interface StoredRecord {
  readonly text: string
  readonly metadata: RecordMetadata
  readonly payload: string
}

export type DecodedRecord = StoredRecord | 'tombstone' | 'corrupt' | 'future-version'

export function encodeRecord(metadata: RecordMetadata, payload: string): StoredRecord {
  return { text: `${JSON.stringify(metadata)}\n${payload}`, metadata, payload }
}

/** A short-lived text that reads as "gone": the conditional delete of a store that can only compare and set. */
export function encodeTombstone(writeId: string): string {
  return `{"v":1,"w":"${writeId}","x":1}\n`
}

/** Never throws: whatever the store holds is either a record, a tombstone, or a reason. */
export function decodeRecord(text: string): DecodedRecord {
  const end = text.indexOf('\n')
  if (end < 0) return 'corrupt'
  let line: unknown
  try {
    line = JSON.parse(text.slice(0, end))
  } catch {
    return 'corrupt'
  }
  if (typeof line !== 'object' || line === null || !('v' in line)) return 'corrupt'
  if (typeof line.v === 'number' && line.v > 1) return 'future-version'
  if ('x' in line && line.v === 1) return 'tombstone'
  return isMetadata(line) ? { text, metadata: line, payload: text.slice(end + 1) } : 'corrupt'
}

function isMetadata(value: object): value is RecordMetadata {
  const line: Partial<Record<keyof RecordMetadata, unknown>> = value
  return (
    line.v === 1 &&
    typeof line.w === 'string' &&
    isTime(line.c) &&
    isTime(line.s) &&
    isHash(line.h) &&
    isTime(line.g) &&
    isTime(line.d) &&
    (line.p === undefined || line.p === true || isTime(line.p)) &&
    (line.u === undefined || typeof line.u === 'string') &&
    (line.a === undefined || isHash(line.a)) &&
    isTimeOrAbsent(line.f) &&
    isTimeOrAbsent(line.t) &&
    isTimeOrAbsent(line.b) &&
    isTimeOrAbsent(line.l) &&
    isTimeOrAbsent(line.q)
  )
}

function isTimeOrAbsent(value: unknown): boolean {
  return value === undefined || isTime(value)
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)
}

/** Base64url of 32 bytes in its one spelling: the last character holds 4 bits, its spare ones are 0. */
function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(value)
}

/**
 * What a store writer must not be able to forge when the payload is encrypted: everything about the session except
 * the fields that a touch moves (`s`, `w`, `b`), so that a touch need not encrypt again.
 */
export function sealedContext(key: string, { c, h, g, d, p, f, u, t, a, l }: RecordMetadata): string {
  return JSON.stringify([key, c, h, g, d, p, f, u, t, a, l])
}
