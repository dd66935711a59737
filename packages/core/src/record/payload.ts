import { printable, SessionError } from '../errors.ts'
import type { PayloadEncryption } from './encryption.ts'
import type { Fields } from './merge.ts'
import { encodeRecord, type RecordMetadata, type StoredRecord, sealedContext } from './record.ts'
import type { Serializer } from './serializer.ts'

/** What payloads are made with. */
export interface PayloadContext {
  readonly serializer: Serializer
  readonly encryption: PayloadEncryption | undefined
  readonly policy: { readonly maxRecordBytes: number }
}

const utf8 = new TextEncoder()

/** Serialized data. Custom serializers are held to well-formed strings without U+0000, which every engine can store. */
export function serializeData({ serializer }: Pick<PayloadContext, 'serializer'>, data: unknown): string {
  const serialized: unknown = serializer.serialize(data)
  if (typeof serialized !== 'string' || serialized.includes('\0') || !serialized.isWellFormed()) {
    throw new SessionError('DATA_UNSERIALIZABLE', 'serializer must return a well-formed string without U+0000')
  }
  return serialized
}

/** The data of a plaintext payload, or `undefined` when it does not hold an object. */
export function deserializeData(
  { serializer }: Pick<PayloadContext, 'serializer'>,
  plaintext: string
): Fields | undefined {
  try {
    const value = serializer.deserialize(plaintext)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The decrypted payload, or `undefined` when encryption refuses it: forged, damaged, or never encrypted. */
export function plaintextOf(
  { encryption }: Pick<PayloadContext, 'encryption'>,
  key: string,
  record: StoredRecord
): string | undefined {
  return encryption ? encryption.decrypt(record.payload, sealedContext(key, record.metadata), key) : record.payload
}

/** The payload of a record to be written. */
export interface NextPayload {
  readonly plaintext: string
  /** The payload as it is stored already: a touch keeps it and never encrypts. */
  readonly stored?: string | undefined
}

/**
 * Puts a record together.
 *
 * @throws SessionError `RECORD_TOO_LARGE`, naming the largest keys.
 */
export function sealRecord(
  context: PayloadContext,
  key: string,
  metadata: RecordMetadata,
  { plaintext, stored }: NextPayload
): StoredRecord {
  const { encryption, policy } = context
  const payload = stored ?? (encryption ? encryption.encrypt(plaintext, sealedContext(key, metadata), key) : plaintext)
  const record = encodeRecord(metadata, payload)
  if (exceeds(record.value, policy.maxRecordBytes)) {
    throw new SessionError(
      'RECORD_TOO_LARGE',
      `The session exceeds maxRecordBytes (${policy.maxRecordBytes}). Largest keys: ${largestKeys(context, plaintext)}`
    )
  }
  return record
}

/** Whether a string takes more than `limit` bytes as UTF-8; counts only when its length leaves that open. */
export function exceeds(value: string, limit: number): boolean {
  if (value.length > limit) return true
  return value.length * 3 > limit && byteLength(value) > limit
}

export function byteLength(value: string): number {
  return utf8.encode(value).length
}

function largestKeys(context: PayloadContext, plaintext: string): string {
  const data = deserializeData(context, plaintext) ?? {}
  return Object.entries(data)
    .map(([key, value]) => ({ key: printable(key, 40), size: context.serializer.serialize(value).length }))
    .sort((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ key, size }) => `${key} (${size})`)
    .join(', ')
}
