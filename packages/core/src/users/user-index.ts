import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import type { NextMetadata } from '../record/metadata-change.ts'
import { encodeRecord, encodeTombstone, type StoredRecord } from '../record/record.ts'
import { absoluteDeadline, deadline } from '../record/timeouts.ts'
import { readRecord } from '../session/load.ts'
import { userKeyOf } from '../token/secret-hash.ts'
import { type IndexEntry, type IndexText, isUserIndex } from './user-index-entry.ts'

/**
 * The user index: one text per user that names the user's sessions. Entries are hints, the record decides; but no live
 * session of a user is ever missing. The order of writes is the design:
 *
 * login:     entry `pending` → record (against the text read before the entry) → entry live; a moved epoch undoes it.
 * revokeAll: epoch up, entries kept → each record ended, each pending one disturbed → entries removed.
 * prune:     only live entries whose record is gone or another's, against the index text read before the record.
 */

/** For how long a pending entry belongs to its login; nobody prunes it before. Milliseconds. */
export const lease = 60_000

/** A login under way: what it announced, and the epoch it began in. */
export interface Announcement {
  readonly userId: string
  readonly id: string
  readonly epoch: number
  readonly horizon: number
}

export function indexKey(context: ManagerContext, userId: string): string {
  return `${context.policy.namespace}.u.${userKeyOf(userId)}`
}

/**
 * First phase: writes a pending entry. Called again before each retry, also under another id, with what it gave before.
 *
 * @throws SessionError `LOGIN_REVOKED` when `revokeAll` has passed since the login began.
 */
export async function announce(
  context: ManagerContext,
  userId: string,
  id: string,
  horizon: number,
  before: Announcement | undefined
): Promise<Announcement> {
  const epoch = await changeIndex(context, userId, (index) => {
    const now = context.clock.now()
    if (before?.userId === userId && index.e !== before.epoch) return undefined
    const sessions: Record<string, IndexEntry> = {}
    for (const [other, entry] of Object.entries(index.s)) if (entry.q > now) sessions[other] = entry
    // The record as it is may live longer than the login will let it; until the login succeeds, that is what counts.
    sessions[id] = { q: Math.max(horizon, index.s[id]?.q ?? 0), t: now, n: context.newWriteId(), p: 1 }
    return { ...index, s: sessions }
  })
  if (epoch === undefined) throw revoked()
  return { userId, id, epoch, horizon }
}

/**
 * Second phase: the record is the user's; its entry becomes live.
 *
 * @returns the index as it now is.
 * @throws SessionError `LOGIN_REVOKED` after ending the session again, when `revokeAll` has passed.
 */
export async function confirm(context: ManagerContext, login: Announcement): Promise<IndexText> {
  let confirmed: IndexText | undefined
  const epoch = await changeIndex(context, login.userId, (index) => {
    if (index.e !== login.epoch) return undefined
    const latest = Object.entries(index.s).reduce((end, [id, { t }]) => (id === login.id ? end : Math.max(end, t)), 0)
    // Later than all others: the order in which sessions went live decides which of them a limit ends.
    const t = Math.max(context.clock.now(), latest + 1)
    const q = Math.max(login.horizon, index.s[login.id]?.q ?? 0)
    const entry: IndexEntry = { q, t, n: context.newWriteId() }
    confirmed = { ...index, s: { ...index.s, [login.id]: entry } }
    return confirmed
  })
  if (epoch === undefined || !confirmed) {
    await endSession(context, login.id, login.userId, false)
    throw revoked()
  }
  return confirmed
}

/** Before a record is written: moves the horizon of its entry, if the record may now outlive it. */
export function coverByIndex(
  context: ManagerContext,
  id: string,
  next: Pick<NextMetadata, 'c' | 's' | 'p' | 'f' | 'u' | 'q'>
): Promise<void> | undefined {
  const horizon = absoluteDeadline(next, context.policy)
  if (next.u === undefined || horizon <= (next.q ?? 0)) return undefined
  return changeIndex(context, next.u, (index) => {
    const entry = index.s[id] ?? { q: 0, t: context.clock.now(), n: '' }
    return { ...index, s: { ...index.s, [id]: { ...entry, q: Math.max(entry.q, horizon), n: context.newWriteId() } } }
  }).then(() => {
    next.q = horizon
  })
}

/** The user's entries, and the text they were read from. */
export async function readIndex(
  context: ManagerContext,
  userId: string
): Promise<{ readonly text: string | undefined; readonly index: IndexText }> {
  const text = await context.access.get(indexKey(context, userId))
  return { text, index: parseIndex(text) }
}

/** Removes dead entries if nobody changed the index since it was read; otherwise the next one will. */
export async function prune(
  context: ManagerContext,
  userId: string,
  read: { readonly text: string | undefined; readonly index: IndexText },
  dead: readonly string[]
): Promise<void> {
  const now = context.clock.now()
  const removable = dead.filter((id) => {
    const entry = read.index.s[id]
    return entry && (entry.p === undefined || entry.t + lease < now)
  })
  if (removable.length === 0 || read.text === undefined) return
  const next = without(context, read.index, removable)
  await context.access
    .compareAndSet(indexKey(context, userId), read.text, JSON.stringify(next), expiry(next, now))
    .catch(() => false)
}

/** Ends all sessions of the user but `except`; resolves to how many it ended. */
export async function revokeUser(
  context: ManagerContext,
  userId: string,
  except: ReadonlySet<string>
): Promise<number> {
  let entries: Readonly<Record<string, IndexEntry>> = {}
  await changeIndex(context, userId, (index) => {
    entries = index.s
    return Object.keys(index.s).length === 0 ? undefined : { ...index, e: index.e + 1 }
  })
  const ids = Object.keys(entries).filter((id) => !except.has(id))
  const ended = await eachOf(ids, async (id) => {
    const live = await endSession(context, id, userId, entries[id]?.p === 1)
    if (live) context.emit?.({ type: 'destroyed', id, by: 'revokeAll' })
    return live
  })
  await changeIndex(context, userId, (index) => {
    const done = ids.filter((id) => index.s[id]?.n === entries[id]?.n)
    return done.length === 0 ? undefined : without(context, index, done)
  })
  return ended.filter(Boolean).length
}

/**
 * The conditional delete: turns the record into a tombstone if it is the user's. A `pending` one that is not yet the
 * user's is written anew, or a tombstone is put where nothing is, so that the login under way finds it changed.
 *
 * @returns whether a live session of the user was ended.
 */
export function endSession(context: ManagerContext, id: string, userId: string, pending: boolean): Promise<boolean> {
  const asked = context.clock.now()
  return context.loop.run<boolean>(context.recordKey(id), undefined, (text) => {
    const record = readRecord(context, id, text, asked)
    if (typeof record === 'string') {
      if (!pending || text !== undefined) return { stop: false }
      return { write: encodeTombstone(context.newWriteId()), expiresAt: tombstoneEnd(context), result: false }
    }
    if (record.metadata.u === userId) {
      return { write: encodeTombstone(context.newWriteId()), expiresAt: tombstoneEnd(context), result: true }
    }
    if (!pending) return { stop: false }
    const next = disturbed(context, record)
    const end = Math.min(deadline(next.metadata, context.policy), next.metadata.q ?? Number.POSITIVE_INFINITY)
    return { write: next.text, expiresAt: end, result: false }
  })
}

/** Does `task` for each id, a bounded number at a time; the results are in order. */
export async function eachOf<T>(ids: readonly string[], task: (id: string) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let start = 0; start < ids.length; start += 16) {
    results.push(...(await Promise.all(ids.slice(start, start + 16).map(task))))
  }
  return results
}

/** When a tombstone written now ends: after every login that was under way has given up. */
export function tombstoneEnd(context: ManagerContext): number {
  return context.clock.now() + 2 * lease
}

function disturbed(context: ManagerContext, record: StoredRecord): StoredRecord {
  return encodeRecord({ ...record.metadata, w: context.newWriteId() }, record.payload)
}

/** Changes the index, or leaves it when `change` gives `undefined`; resolves to the epoch written, if any. */
function changeIndex(
  context: ManagerContext,
  userId: string,
  change: (index: IndexText) => IndexText | undefined
): Promise<number | undefined> {
  return context.loop.run<number | undefined>(indexKey(context, userId), undefined, (text) => {
    const next = change(parseIndex(text))
    if (!next) return { stop: undefined }
    const written = { ...next, w: context.newWriteId() }
    return {
      write: JSON.stringify(written),
      expiresAt: expiry(written, context.clock.now()),
      result: written.e
    }
  })
}

function without(context: ManagerContext, index: IndexText, ids: readonly string[]): IndexText {
  const gone = new Set(ids)
  return {
    ...index,
    w: context.newWriteId(),
    s: Object.fromEntries(Object.entries(index.s).filter(([id]) => !gone.has(id)))
  }
}

/** No index ends before a session in it, nor before a login under way could notice its epoch. */
function expiry(index: IndexText, now: number): number {
  return Object.values(index.s).reduce((end, entry) => Math.max(end, entry.q), now + 2 * lease)
}

function parseIndex(text: string | undefined): IndexText {
  if (text === undefined) return { v: 1, w: '', e: 0, s: {} }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {}
  if (isUserIndex(value)) return value
  throw new SessionError(
    'STORE_MISBEHAVED',
    'The index of a user cannot be read: something else wrote under its key. Delete that key; its sessions stay until they expire'
  )
}

function revoked(): SessionError {
  return new SessionError('LOGIN_REVOKED', 'All sessions of the user were revoked while the login ran; log in again')
}
