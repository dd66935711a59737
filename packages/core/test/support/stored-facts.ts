import { decodeRecord } from '../../src/record/record.ts'
import { userKeyOf } from '../../src/token/secret-hash.ts'
import { decodeIndex, type IndexEntry } from '../../src/users/user-index-entry.ts'
import type { Contents, Entry } from './scheduled-store.ts'

/** What the checks need to know of a stored value. Read from the value itself, with none of the manager's policy. */
export interface StoredFacts {
  readonly kind: 'record' | 'tombstone' | 'index' | 'other'
  readonly userId?: string | undefined
  readonly payload?: string
  /** When the last login into a record began, epoch ms. */
  readonly loggedIn?: number | undefined
  /** When the absolute limit of a record ends it, epoch ms. */
  readonly latest?: number
  /** When it ends unless it is used, by the timeouts of most processes here, epoch ms. A store may keep it for longer. */
  readonly idleEnd?: number
  /** Entries of an index by session id. */
  readonly ids?: ReadonlyMap<string, IndexEntry>
  readonly summary: string
}

const hour = 3_600_000
const day = 24 * hour
const known = new Map<string, StoredFacts>()

export function factsOf(value: string): StoredFacts {
  let facts = known.get(value)
  if (facts === undefined) {
    facts = readFacts(value)
    if (known.size > 200_000) known.clear()
    known.set(value, facts)
  }
  return facts
}

function readFacts(value: string): StoredFacts {
  if (!value.includes('\n')) {
    const index = decodeIndex(value)
    if (!index) throw new TypeError(`no index: ${value}`)
    const entries = [...index.entries].map(([id, { reserved }]) => shortId(id) + (reserved ? '?' : ''))
    return { kind: 'index', ids: index.entries, summary: `epoch ${index.epoch} [${entries.join(' ')}]` }
  }
  const record = decodeRecord(value)
  if (record === 'tombstone') return { kind: 'tombstone', summary: 'tombstone' }
  if (typeof record === 'string') return { kind: 'other', summary: record }
  const { payload, metadata } = record
  const { generation, dataEpoch, userId, secretHash, aliasHash, createdAt, lastSeenAt, permanent, authenticatedAt } =
    metadata
  const alias = aliasHash === undefined ? '' : ` alias ${aliasHash.slice(0, 4)}`
  const secret = secretHash.slice(0, 4)
  const summary = `g${generation} d${dataEpoch} user ${userId ?? '-'} secret ${secret}${alias} ${payload}`
  const latest = createdAt + (permanent ? 31 * day : day)
  const idleEnd = permanent ? latest : lastSeenAt + hour
  return { kind: 'record', userId, payload, loggedIn: authenticatedAt, latest, idleEnd, summary }
}

export function shortId(id: string): string {
  return id.replace(/0+/g, '.')
}

export const recordPrefix = 'sessions.s.'

const indexKeys = new Map<string, string>()

export function indexKeyOf(userId: string): string {
  let key = indexKeys.get(userId)
  if (key === undefined) {
    key = `sessions.u.${userKeyOf(userId)}`
    indexKeys.set(userId, key)
  }
  return key
}

/** Live records, by session id. */
export function liveRecords({ entries, now }: Contents): Map<string, StoredFacts> {
  const records = new Map<string, StoredFacts>()
  for (const [key, { value, expiresAt }] of entries) {
    if (expiresAt <= now || !key.startsWith(recordPrefix)) continue
    const facts = factsOf(value)
    if (facts.kind === 'record' && now < (facts.idleEnd ?? 0)) records.set(key.slice(recordPrefix.length), facts)
  }
  return records
}

export function liveEntry(contents: Contents, key: string): Entry | undefined {
  const entry = contents.entries.get(key)
  return entry && entry.expiresAt > contents.now ? entry : undefined
}
