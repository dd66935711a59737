import type { ManagerContext } from '../context.ts'
import type { StoredRecord } from '../record/record.ts'
import { readRecord } from '../session/load.ts'
import { type Announcement, eachOf, endSession, lease, prune, readIndex } from './user-index.ts'
import type { IndexEntry, IndexText } from './user-index-entry.ts'

/** Entries beyond this are sampled for dead ones at each login, so that an index does not grow with the logouts. */
const prunedAbove = 16
const sampled = 4

/**
 * After a login: ends the user's oldest sessions beyond `maxSessionsPerUser`. Only those that went live before this
 * login did: two concurrent logins then never end each other, and the last one sees all others, so that the limit
 * holds when all have settled.
 */
export async function evictOldest(context: ManagerContext, login: Announcement, confirmed: IndexText): Promise<void> {
  const { userId } = login
  const limit = context.policy.maxSessionsPerUser
  const count = Object.keys(confirmed.s).length
  if (count > limit) {
    const { live, prunable } = await surveySessions(context, userId)
    const mine = confirmed.s[login.id]?.t ?? 0
    const settledBy = context.clock.now() - lease
    const earlier = live.filter(({ entry: { p, t } }) => t < mine && (p === undefined || t < settledBy))
    const excess = earlier.slice(0, Math.max(0, earlier.length + 1 - limit))
    for (const { id } of excess) {
      if (await endSession(context, id, userId, false)) context.emit?.({ type: 'evicted', id, userId })
    }
    await prunable()
  } else if (count > prunedAbove) {
    const offset = (context.randomBytes(1)[0] ?? 0) % count
    const ids = Object.keys(confirmed.s).filter((id) => id !== login.id)
    await (await surveySessions(context, userId, ids.slice(offset, offset + sampled))).prunable()
  }
}

interface LiveSession {
  readonly id: string
  readonly record: StoredRecord
  readonly entry: IndexEntry
}

export interface Survey {
  /** The user's live sessions, oldest login first. */
  readonly live: readonly LiveSession[]
  /** Removes the entries that were found dead. */
  prunable(): Promise<void>
}

/** Reads the index, then the records it names (`only`: some of them). The order matters: see the index. */
export async function surveySessions(
  context: ManagerContext,
  userId: string,
  only?: readonly string[]
): Promise<Survey> {
  const asked = context.clock.now()
  const read = await readIndex(context, userId)
  const entries = Object.entries(read.index.s).sort(([, a], [, b]) => a.t - b.t)
  const live: LiveSession[] = []
  const dead: string[] = []
  const looked = entries.filter(([id]) => !only || only.includes(id))
  const texts = await eachOf(
    looked.map(([id]) => id),
    (id) => context.access.get(context.recordKey(id))
  )
  for (const [index, [id, entry]] of looked.entries()) {
    const record = readRecord(context, id, texts[index], asked)
    if (typeof record !== 'string' && record.metadata.u === userId) live.push({ id, record, entry })
    else dead.push(id)
  }
  return { live, prunable: () => prune(context, userId, read, dead) }
}
