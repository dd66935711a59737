import type { ManagerContext } from './context.ts'
import { readRecord } from './loading.ts'
import type { StoredRecord } from './record.ts'
import { type Announcement, eachOf, endSession, prune, readIndex } from './user-index.ts'
import type { IndexText } from './user-index-text.ts'

/** Entries beyond this are sampled for dead ones at each login, so that an index does not grow with the logouts. */
const prunedAbove = 16
const sampled = 4

/**
 * After a login: ends the user's oldest other sessions beyond `maxSessionsPerUser`. Of concurrent logins the last one
 * to become live sees all others, so when all have settled the limit holds.
 */
export async function evictOldest(context: ManagerContext, login: Announcement, confirmed: IndexText): Promise<void> {
  const { userId } = login
  const limit = context.policy.maxSessionsPerUser
  const count = Object.keys(confirmed.s).length
  if (count > limit) {
    const { live, prunable } = await surveySessions(context, userId)
    const others = live.filter(({ id }) => id !== login.id)
    const excess = others.slice(0, Math.max(0, others.length + 1 - limit))
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

export interface Survey {
  /** The user's live sessions, oldest login first. */
  readonly live: readonly { readonly id: string; readonly record: StoredRecord }[]
  /** Removes the entries that were found dead. */
  prunable(): Promise<void>
}

/** Reads the index, then the records it names (`only`: some of them). The order matters: see the index. */
export async function surveySessions(
  context: ManagerContext,
  userId: string,
  only?: readonly string[]
): Promise<Survey> {
  const read = await readIndex(context, userId)
  const entries = Object.entries(read.index.s).sort(([, a], [, b]) => a.t - b.t)
  const live: { readonly id: string; readonly record: StoredRecord }[] = []
  const dead: string[] = []
  const ids = entries.map(([id]) => id).filter((id) => !only || only.includes(id))
  const texts = await eachOf(ids, (id) => context.access.get(context.recordKey(id)))
  for (const [index, id] of ids.entries()) {
    const record = readRecord(context, id, texts[index])
    if (typeof record !== 'string' && record.metadata.u === userId) live.push({ id, record })
    else dead.push(id)
  }
  return { live, prunable: () => prune(context, userId, read, dead) }
}
