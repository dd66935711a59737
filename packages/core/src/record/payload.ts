import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import { type Fields, setField } from './merge.ts'
import { encodeRecord, type RecordMetadata, type StoredRecord, sealedContext } from './record.ts'

type PayloadContext = Pick<ManagerContext, 'serializer' | 'encryption' | 'policy'>

const bytesOf = new TextEncoder()

/** Data as text. Custom serializers are held to well-formed text without U+0000, which every engine can store. */
export function serializeData({ serializer }: PayloadContext, data: unknown): string {
  const text: unknown = serializer.serialize(data)
  if (typeof text !== 'string' || text.includes('\0') || !text.isWellFormed()) {
    throw new SessionError('DATA_UNSERIALIZABLE', 'serializer must give well-formed text without U+0000')
  }
  return text
}

/** The data of a plain payload, or `undefined` when it does not hold an object. */
export function deserializeData({ serializer }: PayloadContext, plain: string): Fields | undefined {
  try {
    const value = serializer.deserialize(plain)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The payload in the clear, or `undefined` when encryption refuses it: forged, damaged, or never encrypted. */
export function plainPayload({ encryption }: PayloadContext, key: string, record: StoredRecord): string | undefined {
  return encryption ? encryption.decrypt(record.payload, sealedContext(key, record.metadata), key) : record.payload
}

/** Puts a record together. A touch keeps `sealed`, the payload as stored, and never encrypts. */
export function sealRecord(
  context: PayloadContext,
  key: string,
  metadata: RecordMetadata,
  plain: string,
  sealed: string | undefined
): StoredRecord {
  const { encryption, policy } = context
  const payload = sealed ?? (encryption ? encryption.encrypt(plain, sealedContext(key, metadata), key) : plain)
  const record = encodeRecord(metadata, payload)
  if (exceeds(record.text, policy.maxRecordBytes)) {
    throw new SessionError(
      'RECORD_TOO_LARGE',
      `The session exceeds maxRecordBytes (${policy.maxRecordBytes}). Largest keys: ${largestKeys(context, plain)}`
    )
  }
  return record
}

/** Whether a text takes more than `limit` bytes as UTF-8; counts only when its length leaves that open. */
export function exceeds(text: string, limit: number): boolean {
  if (text.length > limit) return true
  return text.length * 3 > limit && byteLength(text) > limit
}

export function byteLength(text: string): number {
  return bytesOf.encode(text).length
}

function largestKeys(context: PayloadContext, plain: string): string {
  const data = deserializeData(context, plain) ?? {}
  return Object.entries(data)
    .map(([key, value]) => ({ key: key.slice(0, 40), size: context.serializer.serialize(value).length }))
    .sort((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ key, size }) => `${key} (${size})`)
    .join(', ')
}

/** A copy that holds only `keys`. */
export function pickFields(data: Fields, keys: readonly string[]): Fields {
  const picked: Fields = {}
  for (const key of keys) if (Object.hasOwn(data, key)) setField(picked, key, data[key])
  return picked
}
