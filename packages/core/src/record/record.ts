import { setField } from './merge.ts'

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
  readonly permanent?: true | number
  /** When a numeric `permanent` was set, if not at the start, epoch ms. */
  readonly permanentSince?: number
  readonly userId?: string
  /** Time of the last swap, epoch ms. */
  readonly swappedAt?: number
  /** Hash of the secret that `rotate` replaced: an alias that still opens the session. */
  readonly aliasHash?: string
  /** When the alias ends, epoch ms; absent until the new secret was first used. */
  readonly aliasUntil?: number
  /** Time of the last login, epoch ms, apart from `createdAt`: what a demand for a fresh login asks (ASVS 5.0, 7.5.3). */
  readonly authenticatedAt?: number
  /** Until when the user index is sure to keep this session's entry, epoch ms. */
  readonly indexedUntil?: number
  /** Fields of later versions, by their stored names. They survive every rewrite. */
  readonly unknownFields?: Readonly<Record<string, unknown>>
}

type FieldName = Exclude<keyof RecordMetadata, 'unknownFields'>

interface Field {
  /** Its name in the store. */
  readonly letter: string
  /** Authenticated with an encrypted payload. A touch moves the others, so that it need not encrypt again. */
  readonly sealed: boolean
  readonly required: boolean
  readonly check: (value: unknown) => boolean
}

const required = (letter: string, check: Field['check']): Field => ({ letter, sealed: true, required: true, check })
const optional = (letter: string, check: Field['check']): Field => ({ letter, sealed: true, required: false, check })
const unsealed = (field: Field): Field => ({ ...field, sealed: false })

/** Every field, in stored order. Encoding, decoding, validation and the authenticated context follow from this table. */
const fields: Readonly<Record<FieldName, Field>> = {
  writeId: unsealed(required('w', isString)),
  createdAt: required('c', isTime),
  lastSeenAt: unsealed(required('s', isTime)),
  secretHash: required('h', isHash),
  generation: required('g', isTime),
  dataEpoch: required('d', isTime),
  permanent: optional('p', (value) => value === true || isTime(value)),
  permanentSince: optional('f', isTime),
  userId: optional('u', isString),
  swappedAt: optional('t', isTime),
  aliasHash: optional('a', isHash),
  authenticatedAt: optional('l', isTime),
  aliasUntil: unsealed(optional('b', isTime)),
  indexedUntil: unsealed(optional('q', isTime))
}

const fieldList = Object.entries(fields).map(([name, field]) => ({ name: asFieldName(name), ...field }))
const sealedFields = fieldList.filter(({ sealed }) => sealed)
const knownLetters: ReadonlySet<string> = new Set(['v', ...fieldList.map(({ letter }) => letter)])

/** A stored value taken apart. `payload` is what the serializer (and the encryption over it) wrote, not yet decoded. */
export interface StoredRecord {
  readonly value: string
  readonly metadata: RecordMetadata
  readonly payload: string
}

export type DecodedRecord = StoredRecord | 'tombstone' | 'corrupt' | 'future-version'

export function encodeRecord(metadata: RecordMetadata, payload: string): StoredRecord {
  const line: Record<string, unknown> = { v: 1 }
  for (const { name, letter } of fieldList) line[letter] = metadata[name]
  const { unknownFields } = metadata
  if (unknownFields) for (const name of Object.keys(unknownFields)) setField(line, name, unknownFields[name])
  return { value: `${JSON.stringify(line)}\n${payload}`, metadata, payload }
}

/** Never throws: a stored value is a record, a tombstone, or a reason why it is neither. */
export function decodeRecord(value: string): DecodedRecord {
  const end = value.indexOf('\n')
  if (end < 0) return 'corrupt'
  let line: unknown
  try {
    line = JSON.parse(value.slice(0, end))
  } catch {
    return 'corrupt'
  }
  if (!isObject(line)) return 'corrupt'
  if (typeof line.v === 'number' && line.v > 1) return 'future-version'
  if (line.v !== 1) return 'corrupt'
  if ('x' in line) return 'tombstone'
  const metadata = decodeMetadata(line)
  return metadata ? { value, metadata, payload: value.slice(end + 1) } : 'corrupt'
}

function decodeMetadata(line: Readonly<Record<string, unknown>>): RecordMetadata | undefined {
  const metadata: Record<string, unknown> = {}
  let known = 1
  for (const { name, letter, required, check } of fieldList) {
    const value = line[letter]
    if (value === undefined && !required) continue
    if (!check(value)) return undefined
    metadata[name] = value
    known++
  }
  const letters = Object.keys(line)
  if (letters.length > known) metadata.unknownFields = unknownFieldsOf(line, letters)
  return asMetadata(metadata)
}

function unknownFieldsOf(line: Readonly<Record<string, unknown>>, letters: readonly string[]): Record<string, unknown> {
  const unknownFields: Record<string, unknown> = {}
  for (const letter of letters) if (!knownLetters.has(letter)) setField(unknownFields, letter, line[letter])
  return unknownFields
}

/** Every field has passed its check by now. */
function asMetadata(checked: Readonly<Record<string, unknown>>): RecordMetadata {
  return checked as unknown as RecordMetadata
}

/** The keys of {@link fields} are all there is. */
function asFieldName(name: string): FieldName {
  return name as FieldName
}

/**
 * What a store writer must not be able to forge when the payload is encrypted: everything about the session except
 * the fields that a touch moves, so that a touch need not encrypt again.
 */
export function sealedContext(key: string, metadata: RecordMetadata): string {
  return JSON.stringify([key, ...sealedFields.map(({ name }) => metadata[name])])
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)
}

/** Base64url of 32 bytes in its one spelling: the last character holds 4 bits, its spare ones are 0. */
function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(value)
}
