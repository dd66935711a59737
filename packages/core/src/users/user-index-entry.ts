/** One session in a user's index. */
export interface IndexEntry {
  /** Horizon: until when the entry is sure to be kept, epoch ms; never before the record's own deadline. */
  readonly q: number
  /** Pending: when the login was announced. Live: when it went live, later than all before it. Epoch ms. */
  readonly t: number
  /** Nonce: changes with every write of the entry. */
  readonly n: string
  /** Pending: the login has not written its record yet. */
  readonly p?: 1
}

/** What is stored under a user's index key, as JSON. */
export interface IndexText {
  readonly v: 1
  /** Write id. */
  readonly w: string
  /** Epoch: raised by `revokeAll`; a login that began in an earlier one fails. */
  readonly e: number
  /** Entries by session id. */
  readonly s: Readonly<Record<string, IndexEntry>>
}

export function isUserIndex(value: unknown): value is IndexText {
  if (typeof value !== 'object' || value === null) return false
  const index: Partial<Record<keyof IndexText, unknown>> = value
  const { v, e, s } = index
  return v === 1 && Number.isSafeInteger(e) && typeof s === 'object' && s !== null && Object.values(s).every(isEntry)
}

function isEntry(value: unknown): value is IndexEntry {
  if (typeof value !== 'object' || value === null) return false
  const entry: Partial<Record<keyof IndexEntry, unknown>> = value
  return Number.isFinite(entry.q) && Number.isFinite(entry.t) && typeof entry.n === 'string'
}
