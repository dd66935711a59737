/** One session in a user's index. */
export interface IndexEntry {
  /** Until when the entry is sure to be kept, epoch ms; never before the record's own deadline. */
  readonly keepUntil: number
  /** When the login was announced, or, once active, when it went live: later than all before it. Epoch ms. */
  readonly since: number
  /** Changes with every write of the entry. */
  readonly nonce: string
  /** The login has not written its record yet. */
  readonly reserved: boolean
}

/** The sessions of one user, as one stored value. */
export interface UserIndex {
  /** Raised by `revokeAll`; a login that began in an earlier epoch fails. */
  readonly epoch: number
  readonly entries: ReadonlyMap<string, IndexEntry>
}

/** The stored form: JSON with one-letter names. */
interface StoredEntry {
  readonly q: number
  readonly t: number
  readonly n: string
  readonly p?: 1
}

interface StoredIndex {
  readonly v: 1
  /** Write id. */
  readonly w: string
  readonly e: number
  readonly s: Readonly<Record<string, StoredEntry>>
}

/** @param writeId makes each write a value of its own. */
export function encodeIndex({ epoch, entries }: UserIndex, writeId: string): string {
  const s = Object.fromEntries(
    Array.from(entries, ([id, { keepUntil: q, since: t, nonce: n, reserved }]): [string, StoredEntry] => [
      id,
      reserved ? { q, t, n, p: 1 } : { q, t, n }
    ])
  )
  const stored: StoredIndex = { v: 1, w: writeId, e: epoch, s }
  return JSON.stringify(stored)
}

/** `undefined`: something else wrote under the key. */
export function decodeIndex(value: string): UserIndex | undefined {
  let stored: unknown
  try {
    stored = JSON.parse(value)
  } catch {}
  if (!isStoredIndex(stored)) return undefined
  const entries = Object.entries(stored.s).map(([id, { q, t, n, p }]): [string, IndexEntry] => [
    id,
    { keepUntil: q, since: t, nonce: n, reserved: p === 1 }
  ])
  return { epoch: stored.e, entries: new Map(entries) }
}

function isStoredIndex(value: unknown): value is StoredIndex {
  if (typeof value !== 'object' || value === null) return false
  const { v, e, s }: Partial<Record<keyof StoredIndex, unknown>> = value
  return v === 1 && Number.isSafeInteger(e) && typeof s === 'object' && s !== null && Object.values(s).every(isEntry)
}

function isEntry(value: unknown): value is StoredEntry {
  if (typeof value !== 'object' || value === null) return false
  const { q, t, n }: Partial<Record<keyof StoredEntry, unknown>> = value
  return Number.isFinite(q) && Number.isFinite(t) && typeof n === 'string'
}
