import { SessionError } from '../errors.ts'
import type { NextMetadata } from '../record/metadata-change.ts'
import { absoluteDeadline } from '../record/timeouts.ts'
import { loginTimeout, tombstoneLifetime } from '../record/tombstone.ts'
import { eachOf } from '../store/batches.ts'
import { userKeyOf } from '../token/secret-hash.ts'
import { endSession, type IndexContext } from './end-session.ts'
import { decodeIndex, encodeIndex, type IndexEntry, type UserIndex } from './user-index-entry.ts'

/**
 * The user index: one value per user that names the user's sessions. Entries are hints, the record decides; but no live
 * session of a user is ever missing. The order of writes is the design:
 *
 * login:     reserve an entry → record (against the value read before the entry) → activate the entry; if the epoch has
 *            moved, undo it.
 * revokeAll: epoch up, entries kept → each record ended, each reserved one touched → entries removed.
 * prune:     only active entries whose record is absent or another user's, against the index value read before the record.
 * touch:     puts the entry back if it is missing, because an engine may have evicted the index.
 *
 * Several managers may serve one namespace with other timeouts, limits, clocks or versions. A record therefore ends, or
 * counts as gone, by its stored state, never by the timeouts of the manager that reads it.
 */

/** An entry is kept for this long after the end of its session, ms: clocks of different managers may differ. */
const clockTolerance = 2 * 3_600_000

/** The index entry that a login requests. */
export interface EntryRequest {
  readonly userId: string
  readonly id: string
  /** Epoch ms; never before the record's own deadline. */
  readonly keepUntil: number
}

/** A login under way: its reserved entry, and the epoch in which it began. */
export interface Reservation extends EntryRequest {
  readonly epoch: number
  /** The index with that entry, as it was written: the next write need not read it. */
  readonly written?: string | undefined
}

export function indexKey({ policy }: Pick<IndexContext, 'policy'>, userId: string): string {
  return `${policy.namespace}.u.${userKeyOf(userId)}`
}

/**
 * First phase: writes a reserved entry. Called again before each retry, also under another id, with the previous result.
 *
 * @throws SessionError `LOGIN_REVOKED` when `revokeAll` has passed since the login began.
 */
export async function reserve(
  context: IndexContext,
  { userId, id, keepUntil }: EntryRequest,
  before: Reservation | undefined
): Promise<Reservation> {
  const written = await changeIndex(context, { userId }, (index) => {
    const now = context.clock.now()
    if (before?.userId === userId && index.epoch !== before.epoch) return undefined
    const entries = new Map([...index.entries].filter(([, entry]) => entry.keepUntil + clockTolerance > now))
    return withEntry(context, { ...index, entries }, id, { keepUntil, since: now, reserved: 1 })
  })
  if (!written) throw revoked()
  return { userId, id, epoch: written.index.epoch, keepUntil, written: written.value }
}

/**
 * Second phase: the record is the user's; its entry becomes active.
 *
 * @returns the index as it was written.
 * @throws SessionError `LOGIN_REVOKED` after ending the session again, when `revokeAll` has passed.
 */
export async function activate(context: IndexContext, login: Reservation): Promise<ReadIndex> {
  const active = await changeIndex(context, login, (index) => {
    if (index.epoch !== login.epoch) return undefined
    const others = [...index.entries].filter(([id]) => id !== login.id)
    // Later than all others: the order in which sessions went live decides which of them a limit ends.
    const since = others.reduce((latest, [, entry]) => Math.max(latest, entry.since + 1), context.clock.now())
    return withEntry(context, index, login.id, { keepUntil: login.keepUntil, since })
  })
  if (!active) {
    await endSession(context, login.id, { userId: login.userId })
    throw revoked()
  }
  return active
}

/**
 * Before a record is written: keeps its entry for longer, if the record may now outlive it.
 *
 * @param isTouch also checks that the entry is there, and puts it back.
 */
export function extendEntry(
  context: IndexContext,
  id: string,
  next: Pick<NextMetadata, 'createdAt' | 'lastSeenAt' | 'permanent' | 'permanentSince' | 'userId' | 'indexedUntil'>,
  isTouch = false
): Promise<void> | undefined {
  const { userId, indexedUntil = 0 } = next
  const keepUntil = Math.max(absoluteDeadline(next, context.policy), indexedUntil)
  if (userId === undefined || (keepUntil === indexedUntil && !isTouch)) return undefined
  const extended = changeIndex(context, { userId }, (index) => {
    const entry = index.entries.get(id)
    if (entry && entry.keepUntil >= keepUntil) return undefined
    return withEntry(context, index, id, { since: context.clock.now(), ...entry, keepUntil })
  }).then(() => {
    next.indexedUntil = keepUntil
  })
  // Extending the entry is upkeep: no write fails because of it.
  return keepUntil === indexedUntil ? extended.catch(() => {}) : extended
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

/** Removes dead entries if the index has not changed since it was read; otherwise the next call will. */
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
  const write = encodeIndex(next, context.newWriteId())
  try {
    await context.access.compareAndSet(indexKey(context, userId), value, write, expiryOf(next, now))
  } catch {}
}

/**
 * Ends all sessions of the user but `except`; resolves to how many it ended. A session that cannot be ended
 * does not stop the others: its error is thrown after them.
 *
 * @param by the actor that the events name.
 */
export async function revokeUser(
  context: IndexContext,
  userId: string,
  except: ReadonlySet<string>,
  by = 'revokeAll'
): Promise<number> {
  let entries: readonly (readonly [string, IndexEntry])[] = []
  let ended = 0
  const raiseEpoch = async (): Promise<void> => {
    await changeIndex(context, { userId }, (index) => {
      entries = [...index.entries].filter(([id]) => !except.has(id))
      return index.entries.size === 0 ? undefined : { ...index, epoch: index.epoch + 1 }
    })
  }
  const endAll = (): Promise<readonly (Failure | undefined)[]> =>
    eachOf(entries, ([id, { reserved }]) =>
      endSession(context, id, { userId, reserved }).then((record) => {
        if (!record) return undefined
        ended++
        context.emit?.({ type: 'destroyed', id, userId, by })
        return undefined
      }, asFailure)
    )

  const failure = await raiseEpoch().then(ignore, asFailure)
  if (failure) {
    // A full store accepts the epoch once sessions are deleted. Only sessions ended under the new epoch keep a login out.
    if (entries.length === 0) throw failure.error
    await endAll()
    await raiseEpoch()
  }
  const failures = await endAll()
  await changeIndex(context, { userId }, (index) => {
    const done = entries.filter(
      ([id, { nonce }], position) => !failures[position] && index.entries.get(id)?.nonce === nonce
    )
    if (done.length === 0) return undefined
    const ids = done.map(([id]) => id)
    return without(index, ids)
  })
  const failed = failures.find((one) => one !== undefined)
  if (failed) throw failed.error
  return ended
}

interface Failure {
  readonly error: unknown
}

function asFailure(error: unknown): Failure {
  return { error }
}

function ignore(): undefined {}

/**
 * Changes the index, or leaves it when `change` returns `undefined`; resolves to the index as it was written, if it was.
 *
 * @param written the index as the caller last wrote it. Default: read from the store.
 */
function changeIndex(
  context: IndexContext,
  { userId, written }: Pick<Reservation, 'userId' | 'written'>,
  change: (index: UserIndex) => UserIndex | undefined
): Promise<ReadIndex | undefined> {
  const lastRead = written === undefined ? undefined : { value: written }
  return context.loop.run<ReadIndex | undefined>(indexKey(context, userId), lastRead, (value) => {
    const index = change(indexOf(value))
    if (!index) return { stop: undefined }
    const write = encodeIndex(index, context.newWriteId())
    return { write, expiresAt: expiryOf(index, context.clock.now()), result: { value: write, index } }
  })
}

/**
 * The index with an entry replaced, and kept at least as long as before: until a login succeeds, the record that it
 * replaces may live longer than its own.
 */
function withEntry(
  { newWriteId }: Pick<IndexContext, 'newWriteId'>,
  index: UserIndex,
  id: string,
  entry: Omit<IndexEntry, 'nonce'>
): UserIndex {
  const keepUntil = Math.max(entry.keepUntil, index.entries.get(id)?.keepUntil ?? 0)
  return { ...index, entries: new Map([...index.entries, [id, { ...entry, keepUntil, nonce: newWriteId() }]]) }
}

function without(index: UserIndex, ids: readonly string[]): UserIndex {
  const entries = new Map(index.entries)
  for (const id of ids) entries.delete(id)
  return { ...index, entries }
}

/** The index outlives every session in it, and lasts long enough for a login under way to notice its epoch. */
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
