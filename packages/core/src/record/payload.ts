import type { Clock } from '../clock.ts'
import { printable, SessionError } from '../errors.ts'
import type { PayloadEncryption } from './encryption.ts'
import type { Fields } from './merge.ts'
import { encodeRecord, type RecordMetadata, type StoredRecord, sealedContext } from './record.ts'
import type { Serializer } from './serializer.ts'

/** The parts of a manager that encode and decode payloads. */
export interface PayloadContext {
  readonly serializer: Serializer
  readonly encryption: PayloadEncryption | undefined
  readonly clock: Pick<Clock, 'now'>
  readonly policy: { readonly maxRecordBytes: number }
}

const utf8 = new TextEncoder()

/** Serializes data. A custom serializer must return a well-formed string without U+0000, which every engine can store. */
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

/**
 * The payload, decrypted where it must be. `undefined` when this manager cannot read it: it is far above the limit,
 * encrypted under another secret, forged, damaged, or plain where only an encrypted one is accepted.
 */
export function plaintextOf(
  { encryption, policy, clock }: Omit<PayloadContext, 'serializer'>,
  key: string,
  { metadata, payload }: StoredRecord
): string | undefined {
  // Encryption makes a payload a third longer, and managers may differ in their limits.
  if (exceeds(payload, policy.maxRecordBytes * 2)) return undefined
  if (!encryption) return metadata.encrypted ? undefined : payload
  const plaintext = encryption.decrypt(payload, sealedContext(key, metadata), key)
  if (plaintext !== undefined || metadata.encrypted) return plaintext
  return clock.now() < (encryption.plainUntil ?? 0) ? payload : undefined
}

/** A payload, and the data in it. */
export interface DecodedPayload {
  readonly plaintext: string
  readonly data: Fields
}

/** The decrypted payload with its data, or `undefined` when either cannot be read. */
export function decodePayload(context: PayloadContext, key: string, record: StoredRecord): DecodedPayload | undefined {
  const plaintext = plaintextOf(context, key, record)
  if (plaintext === undefined) return undefined
  const data = deserializeData(context, plaintext)
  return data && { plaintext, data }
}

/**
 * Refuses changed data that is too large. Stored data is never refused: logins, rotations and touches keep it.
 *
 * @throws SessionError `RECORD_TOO_LARGE`, naming the largest keys.
 */
export function checkSize(context: PayloadContext, plaintext: string): void {
  const { maxRecordBytes } = context.policy
  if (!exceeds(plaintext, maxRecordBytes)) return
  throw new SessionError(
    'RECORD_TOO_LARGE',
    `The data exceeds maxRecordBytes (${maxRecordBytes}). Largest keys: ${largestKeys(context, plaintext)}`
  )
}

/** Makes a record, with its payload encrypted if the manager has `encryption`. */
export function sealRecord(
  { encryption }: Pick<PayloadContext, 'encryption'>,
  key: string,
  metadata: RecordMetadata,
  plaintext: string
): StoredRecord {
  if (encryption && encryption.write !== false) {
    const payload = encryption.encrypt(plaintext, sealedContext(key, metadata), key)
    return encodeRecord({ ...metadata, encrypted: true }, payload)
  }
  if (!metadata.encrypted) return encodeRecord(metadata, plaintext)
  const { encrypted: _, ...plain } = metadata
  return encodeRecord(plain, plaintext)
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
