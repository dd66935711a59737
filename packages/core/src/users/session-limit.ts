import type { ManagerContext } from '../context.ts'
import { readRecord } from '../record/live-record.ts'
import type { StoredRecord } from '../record/record.ts'
import { loginTimeout } from '../record/tombstone.ts'
import { endSession, type IndexContext } from './end-session.ts'
import { prune, type ReadIndex, type Reservation, readIndex } from './user-index.ts'
import type { IndexEntry } from './user-index-entry.ts'

/** Indexes above this are sampled for dead entries at each login, so that an index does not grow with the logouts. */
const prunedAbove = 16
const sampled = 4

/**
 * After a login: ends the user's oldest sessions beyond `maxSessionsPerUser`. Only those that went live before this
 * login did: two concurrent logins then never end each other, and the last one sees all others, so that the limit
 * holds when all have settled.
 */
export async function evictOldest(
  context: IndexContext & Pick<ManagerContext, 'randomBytes'>,
  login: Reservation,
  read: ReadIndex
): Promise<void> {
  const { index } = read
  const { userId } = login
  const limit = context.policy.maxSessionsPerUser
  const count = index.entries.size
  if (count > limit) {
    // Read again: a session that has logged in meanwhile is no longer among the oldest.
    const { sessions, pruneDead } = await surveySessions(context, userId, await readIndex(context, userId))
    const since = index.entries.get(login.id)?.since ?? 0
    const settledBy = context.clock.now() - loginTimeout
    const earlier = sessions.filter(({ entry }) => entry.since < since && (!entry.reserved || entry.since < settledBy))
    const excess = earlier.slice(0, Math.max(0, earlier.length + 1 - limit))
    for (const { id } of excess) {
      if (await endSession(context, id, { userId })) context.emit?.({ type: 'evicted', id, userId, by: login.id })
    }
    await pruneDead()
  } else if (count > prunedAbove) {
    const offset = (context.randomBytes(1)[0] ?? 0) % count
    const ids = [...index.entries.keys()].filter((id) => id !== login.id)
    const { pruneDead } = await surveySessions(context, userId, read, ids.slice(offset, offset + sampled))
    await pruneDead()
  }
}

interface StoredSession {
  readonly id: string
  readonly record: StoredRecord
  readonly entry: IndexEntry
}

export interface Survey {
  /** The sessions of the user that the store has, oldest login first; some may have ended by the timeouts of this manager. */
  readonly sessions: readonly StoredSession[]
  /** Removes the entries that were found dead: the store has no record, or one that is not the user's. */
  pruneDead(): Promise<void>
}

/**
 * Reads the records that an index names (`only`: some of them). The index must have been read or written before: see
 * `user-index.ts`.
 */
export async function surveySessions(
  context: IndexContext,
  userId: string,
  read: ReadIndex,
  only?: readonly string[]
): Promise<Survey> {
  const entries = [...read.index.entries]
    .filter(([id]) => !only || only.includes(id))
    .sort(([, a], [, b]) => a.since - b.since)
  const values = await context.access.getMany(entries.map(([id]) => context.recordKey(id)))
  const sessions: StoredSession[] = []
  const dead: string[] = []
  for (const [index, [id, entry]] of entries.entries()) {
    const record = readRecord(context, id, values[index])
    if (typeof record !== 'string' && record.metadata.userId === userId) sessions.push({ id, record, entry })
    else if (record !== 'unreadable') dead.push(id)
  }
  return { sessions, pruneDead: () => prune(context, userId, read, dead) }
}
