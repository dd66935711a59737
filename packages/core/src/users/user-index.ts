import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import { readLiveRecord } from '../record/live-record.ts'
import type { NextMetadata } from '../record/metadata-change.ts'
import { encodeRecord, type StoredRecord } from '../record/record.ts'
import { absoluteDeadline, deadline } from '../record/timeouts.ts'
import { encodeTombstone, loginTimeout, tombstoneLifetime } from '../record/tombstone.ts'
import type { Decision } from '../store/write-group.ts'
import { userKeyOf } from '../token/secret-hash.ts'
import { decodeIndex, encodeIndex, type IndexEntry, type UserIndex } from './user-index-entry.ts'

/**
 * The user index: one value per user that names the user's sessions. Entries are hints, the record decides; but no live
 * session of a user is ever missing. The order of writes is the design:
 *
 * login:     reserve an entry → record (against the value read before the entry) → activate the entry; if the epoch has
 *            moved, undo it.
 * revokeAll: epoch up, entries kept → each record ended, each reserved one touched → entries removed.
 * prune:     only active entries whose record is gone or another's, against the index value read before the record.
 */

export type IndexContext = Pick<
  ManagerContext,
  'policy' | 'clock' | 'emit' | 'loop' | 'access' | 'newWriteId' | 'recordKey'
>

/** What a login asks the index to keep. */
export interface EntryRequest {
  readonly userId: string
  readonly id: string
  /** Epoch ms; never before the record's own deadline. */
  readonly keepUntil: number
}

/** A login under way: what it reserved, and the epoch it began in. */
export interface Reservation extends EntryRequest {
  readonly epoch: number
}

export function indexKey({ policy }: Pick<IndexContext, 'policy'>, userId: string): string {
  return `${policy.namespace}.u.${userKeyOf(userId)}`
}

/**
 * First phase: writes a reserved entry. Called again before each retry, also under another id, with the result of before.
 *
 * @throws SessionError `LOGIN_REVOKED` when `revokeAll` has passed since the login began.
 */
export async function reserve(
  context: IndexContext,
  { userId, id, keepUntil }: EntryRequest,
  before: Reservation | undefined
): Promise<Reservation> {
  const epoch = await changeIndex(context, userId, (index) => {
    const now = context.clock.now()
    if (before?.userId === userId && index.epoch !== before.epoch) return undefined
    const entries = new Map([...index.entries].filter(([, entry]) => entry.keepUntil > now))
    // The record as it is may live longer than the login will let it; until the login succeeds, that is what counts.
    const longest = Math.max(keepUntil, index.entries.get(id)?.keepUntil ?? 0)
    entries.set(id, { keepUntil: longest, since: now, nonce: context.newWriteId(), reserved: 1 })
    return { ...index, entries }
  })
  if (epoch === undefined) throw revoked()
  return { userId, id, epoch, keepUntil }
}

/**
 * Second phase: the record is the user's; its entry becomes active.
 *
 * @returns the index as it now is.
 * @throws SessionError `LOGIN_REVOKED` after ending the session again, when `revokeAll` has passed.
 */
export async function activate(context: IndexContext, login: Reservation): Promise<UserIndex> {
  let active: UserIndex | undefined
  const epoch = await changeIndex(context, login.userId, (index) => {
    if (index.epoch !== login.epoch) return undefined
    const others = [...index.entries].filter(([id]) => id !== login.id)
    // Later than all others: the order in which sessions went live decides which of them a limit ends.
    const since = others.reduce((latest, [, entry]) => Math.max(latest, entry.since + 1), context.clock.now())
    const keepUntil = Math.max(login.keepUntil, index.entries.get(login.id)?.keepUntil ?? 0)
    active = withEntry(index, login.id, { keepUntil, since, nonce: context.newWriteId() })
    return active
  })
  if (epoch === undefined || !active) {
    await endSession(context, login.id, { userId: login.userId })
    throw revoked()
  }
  return active
}

/** Before a record is written: keeps its entry for longer, if the record may now outlive it. */
export function extendEntry(
  context: IndexContext,
  id: string,
  next: Pick<NextMetadata, 'createdAt' | 'lastSeenAt' | 'permanent' | 'permanentSince' | 'userId' | 'indexedUntil'>
): Promise<void> | undefined {
  const keepUntil = absoluteDeadline(next, context.policy)
  if (next.userId === undefined || keepUntil <= (next.indexedUntil ?? 0)) return undefined
  return changeIndex(context, next.userId, (index) => {
    const nonce = context.newWriteId()
    const entry = index.entries.get(id) ?? { keepUntil: 0, since: context.clock.now() }
    return withEntry(index, id, { ...entry, keepUntil: Math.max(entry.keepUntil, keepUntil), nonce })
  }).then(() => {
    next.indexedUntil = keepUntil
  })
}

/** The index of a user, and the value it was read from. */
export interface ReadIndex {
  readonly value: string | undefined
  readonly index: UserIndex
}

export async function readIndex(context: IndexContext, userId: string): Promise<ReadIndex> {
  const value = await context.access.get(indexKey(context, userId))
  return { value, index: indexOf(value) }
}

/** Removes dead entries if nobody changed the index since it was read; otherwise the next one will. */
export async function prune(
  context: IndexContext,
  userId: string,
  { value, index }: ReadIndex,
  dead: readonly string[]
): Promise<void> {
  const now = context.clock.now()
  const removable = dead.filter((id) => {
    const entry = index.entries.get(id)
    return entry && (!entry.reserved || entry.since + loginTimeout < now)
  })
  if (removable.length === 0 || value === undefined) return
  const next = without(index, removable)
  await context.access
    .compareAndSet(indexKey(context, userId), value, encodeIndex(next, context.newWriteId()), expiryOf(next, now))
    .catch(() => false)
}

/** Ends all sessions of the user but `except`; resolves to how many it ended. */
export async function revokeUser(context: IndexContext, userId: string, except: ReadonlySet<string>): Promise<number> {
  let before: UserIndex['entries'] = new Map()
  await changeIndex(context, userId, (index) => {
    before = index.entries
    return before.size === 0 ? undefined : { ...index, epoch: index.epoch + 1 }
  })
  const entries = [...before].filter(([id]) => !except.has(id))
  const ended = await eachOf(entries, async ([id, { reserved }]) => {
    const live = await endSession(context, id, { userId, reserved })
    if (live) context.emit?.({ type: 'destroyed', id, userId, by: 'revokeAll' })
    return live
  })
  await changeIndex(context, userId, (index) => {
    const done = entries.filter(([id, { nonce }]) => index.entries.get(id)?.nonce === nonce).map(([id]) => id)
    return done.length === 0 ? undefined : without(index, done)
  })
  return ended.filter(Boolean).length
}

/**
 * The conditional delete: turns the record into a tombstone if it is the user's. A record under a `reserved` entry that is
 * not yet the user's is written anew, or a tombstone is put where nothing is, so that the login under way finds a change.
 *
 * @returns whether a live session of the user was ended.
 */
export function endSession(
  context: IndexContext,
  id: string,
  { userId, reserved }: { readonly userId: string; readonly reserved?: IndexEntry['reserved'] }
): Promise<boolean> {
  const asked = context.clock.now()
  return context.loop.run<boolean>(context.recordKey(id), undefined, (value) => {
    const record = readLiveRecord(context, id, value, asked)
    if (typeof record === 'string') return reserved && value === undefined ? entomb(context, false) : { stop: false }
    if (record.metadata.userId === userId) return entomb(context, true)
    if (!reserved) return { stop: false }
    const next = touchedCopy(context, record)
    const { indexedUntil = Number.POSITIVE_INFINITY } = next.metadata
    const expiresAt = Math.min(deadline(next.metadata, context.policy), indexedUntil)
    return { write: next.value, expiresAt, result: false }
  })
}

/** Decides to write a tombstone. */
export function entomb<Result>(
  { clock, newWriteId }: Pick<IndexContext, 'clock' | 'newWriteId'>,
  result: Result
): Decision<Result> {
  return { write: encodeTombstone(newWriteId()), expiresAt: clock.now() + tombstoneLifetime, result }
}

const mostAtOnce = 16

/** Does `task` for each item, at most 16 at a time; the results are in order. */
export async function eachOf<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>
): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += mostAtOnce) {
    results.push(...(await Promise.all(items.slice(start, start + mostAtOnce).map(task))))
  }
  return results
}

/** The same record under another write id: a login that has read the old value must read again. */
function touchedCopy(context: IndexContext, record: StoredRecord): StoredRecord {
  return encodeRecord({ ...record.metadata, writeId: context.newWriteId() }, record.payload)
}

/** Changes the index, or leaves it when `change` returns `undefined`; resolves to the epoch written, if any. */
function changeIndex(
  context: IndexContext,
  userId: string,
  change: (index: UserIndex) => UserIndex | undefined
): Promise<number | undefined> {
  return context.loop.run<number | undefined>(indexKey(context, userId), undefined, (value) => {
    const next = change(indexOf(value))
    if (!next) return { stop: undefined }
    const write = encodeIndex(next, context.newWriteId())
    return { write, expiresAt: expiryOf(next, context.clock.now()), result: next.epoch }
  })
}

function withEntry(index: UserIndex, id: string, entry: IndexEntry): UserIndex {
  return { ...index, entries: new Map([...index.entries, [id, entry]]) }
}

function without(index: UserIndex, ids: readonly string[]): UserIndex {
  const entries = new Map(index.entries)
  for (const id of ids) entries.delete(id)
  return { ...index, entries }
}

/** No index ends before a session in it, nor before a login under way could notice its epoch. */
function expiryOf({ entries }: UserIndex, now: number): number {
  return [...entries.values()].reduce((end, { keepUntil }) => Math.max(end, keepUntil), now + tombstoneLifetime)
}

function indexOf(value: string | undefined): UserIndex {
  const index = value === undefined ? { epoch: 0, entries: new Map<string, IndexEntry>() } : decodeIndex(value)
  if (index) return index
  throw new SessionError(
    'STORE_MISBEHAVED',
    'The index of a user cannot be read: something else wrote under its key. Delete that key; its sessions stay until they expire'
  )
}

function revoked(): SessionError {
  return new SessionError('LOGIN_REVOKED', 'All sessions of the user were revoked while the login ran; log in again')
}
