import { createFieldCodec, type FieldTable, isObject, isString, isTime, optional, sealed } from './field-table.ts'

/** Metadata of a stored session: one line of JSON before the payload, under the one-letter names of {@link fields}. */
export interface RecordMetadata {
  /** Random for each write: no two writes are equal, so an unknown outcome can be resolved by reading. */
  readonly writeId: string
  /** Start of the session, epoch ms; equals the token's. The absolute timeout counts from here. */
  readonly createdAt: number
  /** Epoch ms. The idle timeout counts from here. */
  readonly lastSeenAt: number
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string
  /** How many times the secret was swapped. Readers of format 1 require it; audits of a dump can tell swaps from writes. */
  readonly generation: number
  /** Rises when the data is emptied on purpose. A write that began in an earlier epoch is not merged. */
  readonly dataEpoch: number
  /** `true`, or the session's own lifetime in ms. */
  readonly permanent?: true | number | undefined
  /** When a numeric `permanent` was set, if not at the start, epoch ms. */
  readonly permanentSince?: number | undefined
  readonly userId?: string | undefined
  /** Time of the last swap, epoch ms. */
  readonly swappedAt?: number | undefined
  /** Hash of the secret that `rotate` replaced: an alias that still opens the session. */
  readonly aliasHash?: string | undefined
  /** When the alias ends, epoch ms; absent until the new secret was first used. */
  readonly aliasUntil?: number | undefined
  /** Time of the last login, epoch ms, apart from `createdAt`: for pages that demand a fresh login (ASVS 5.0, 7.5.3). */
  readonly authenticatedAt?: number | undefined
  /** The user index keeps this session's entry at least until then, epoch ms. */
  readonly indexedUntil?: number | undefined
  /** The payload is encrypted. Encrypted records written before this field existed lack it. */
  readonly encrypted?: true | undefined
  /** Fields of later versions, by their stored names. They survive every rewrite. */
  readonly unknownFields?: Readonly<Record<string, unknown>> | undefined
}

/** A touch moves the fields that are not sealed, so that it need not encrypt the payload again. */
const fields: FieldTable<RecordMetadata> = {
  writeId: ['w', isString],
  createdAt: ['c', isTime, sealed],
  lastSeenAt: ['s', isTime],
  secretHash: ['h', isHash, sealed],
  generation: ['g', isTime, sealed],
  dataEpoch: ['d', isTime, sealed],
  permanent: ['p', (value) => value === undefined || value === true || isTime(value), sealed],
  permanentSince: ['f', optional(isTime), sealed],
  userId: ['u', optional(isString), sealed],
  swappedAt: ['t', optional(isTime), sealed],
  aliasHash: ['a', optional(isHash), sealed],
  authenticatedAt: ['l', optional(isTime), sealed],
  aliasUntil: ['b', optional(isTime)],
  indexedUntil: ['q', optional(isTime)],
  encrypted: ['k', optional((value) => value === true)]
}

/** In characters. A user id of 512 takes at most 3,072 of them. */
const longestMetadata = 4_096

const codec = createFieldCodec<RecordMetadata>(fields, { v: 1 })

/** A decoded stored value. `payload` is the output of the serializer (and of the encryption), not yet decoded. */
export interface StoredRecord {
  readonly value: string
  readonly metadata: RecordMetadata
  readonly payload: string
}

export type DecodedRecord = StoredRecord | 'tombstone' | 'corrupt' | 'future-version'

export function encodeRecord(metadata: RecordMetadata, payload: string): StoredRecord {
  // Joined into one flat string: a template would keep its pieces, and a store in memory would retain all of them.
  return { value: [codec.encode(metadata), payload].join('\n'), metadata, payload }
}

/** Never throws: a stored value is a record, a tombstone, or a reason why it is neither. */
export function decodeRecord(value: string): DecodedRecord {
  const end = value.indexOf('\n')
  let line: unknown
  try {
    // JSON.parse also accepts a line that ends in CR, but the payload of a record rewritten with CRLF is damaged.
    if (end < longestMetadata && value[end - 1] === '}') line = JSON.parse(value.slice(0, end))
  } catch {}
  if (!isObject(line)) return 'corrupt'
  if (typeof line.v === 'number' && line.v > 1) return 'future-version'
  if (line.v !== 1) return 'corrupt'
  if ('x' in line) return 'tombstone'
  const metadata = codec.decode(line)
  return metadata ? { value, metadata, payload: value.slice(end + 1) } : 'corrupt'
}

/**
 * The metadata that an encrypted payload authenticates, so that write access to the store does not suffice to forge it:
 * every field of the session except those that a touch moves.
 */
export function sealedContext(key: string, metadata: RecordMetadata): string {
  return JSON.stringify([key, ...codec.sealedValues(metadata)])
}

/** Base64url of 32 bytes in canonical form: the last character holds 4 bits, its spare ones are 0. */
function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(value)
}
