import { createFieldCodec, isObject, isString, optional } from '../record/field-table.ts'

/** One session in a user's index. */
export interface IndexEntry {
  /** The entry is kept at least until then, epoch ms; never before the record's own deadline. */
  readonly keepUntil: number
  /** When the login reserved the entry or, once active, when it went live: later than all earlier ones. Epoch ms. */
  readonly since: number
  /** Changes with every write of the entry. */
  readonly nonce: string
  /** 1: the login has not written its record yet. Absent: the entry is active. */
  readonly reserved?: 1 | undefined
  /** Fields of later versions. */
  readonly unknownFields?: Readonly<Record<string, unknown>> | undefined
}

/** The sessions of one user, as one stored value. */
export interface UserIndex {
  /** Raised by `revokeAll`; a login that began in an earlier epoch fails. */
  readonly epoch: number
  /** By session id. */
  readonly entries: ReadonlyMap<string, IndexEntry>
}

const codec = createFieldCodec<IndexEntry>({
  keepUntil: ['q', Number.isFinite],
  since: ['t', Number.isFinite],
  nonce: ['n', isString],
  reserved: ['p', optional((value) => value === 1)]
})

/** @param writeId makes each written value unique. */
export function encodeIndex({ epoch, entries }: UserIndex, writeId: string): string {
  const sessions = Array.from(entries, ([id, entry]) => `${JSON.stringify(id)}:${codec.encode(entry)}`)
  return `{"v":1,"w":${JSON.stringify(writeId)},"e":${epoch},"s":{${sessions}}}`
}

/** `undefined`: something else wrote under the key. */
export function decodeIndex(value: string): UserIndex | undefined {
  let stored: unknown
  try {
    stored = JSON.parse(value)
  } catch {}
  if (!isObject(stored) || stored.v !== 1 || !isObject(stored.s)) return undefined
  const { e: epoch, s: sessions } = stored
  if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch)) return undefined
  const entries = new Map<string, IndexEntry>()
  for (const [id, session] of Object.entries(sessions)) {
    const entry = isObject(session) && codec.decode(session)
    if (!entry) return undefined
    entries.set(id, entry)
  }
  return { epoch, entries }
}
