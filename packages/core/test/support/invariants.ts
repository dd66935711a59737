import { loginTimeout } from '../../src/record/tombstone.ts'
import type { Final } from './interleaving.ts'
import type { Ledger } from './ledger.ts'
import type { Contents } from './scheduled-store.ts'
import { Violation } from './scheduler.ts'
import { factsOf, indexKeyOf, liveEntry, liveRecords, recordPrefix, type StoredFacts, shortId } from './stored-facts.ts'

const users = ['alice', 'bob'] as const

/** Holds after every single step. */
export function checkAlways(contents: Contents, ledger: Ledger): void {
  for (const [id, { userId, loggedIn = 0, latest = 0, payload = '' }] of liveRecords(contents)) {
    if (ledger.destroyed.has(id)) throw new Violation('destroyed-stays-destroyed', `${shortId(id)} is live again`)
    const owners = users.filter((user) => payload.includes(`${user}:`))
    if (owners.length > 1) throw new Violation('no-shared-data', `${payload} has data of two users`)
    const [owner] = owners
    if (owner !== undefined && owner !== userId) {
      throw new Violation('no-shared-data', `data of ${owner} in a session of ${userId ?? 'no user'}: ${payload}`)
    }
    const end = liveEntry(contents, recordPrefix + id)?.expiresAt ?? 0
    if (end > latest) {
      throw new Violation('ends-in-time', `${shortId(id)} is kept for ${end - latest} ms beyond every limit`)
    }
    if (userId === undefined) continue
    if (outlastsLoginTimeout(contents, ledger, id, loggedIn)) continue
    const index = liveEntry(contents, indexKeyOf(userId))
    const keepUntil = index && factsOf(index.value).ids?.get(id)?.keepUntil
    if (!index || keepUntil === undefined) {
      throw new Violation('index-misses-none', `live session ${shortId(id)} of ${userId} is not in the index`)
    }
    if (keepUntil < end || index.expiresAt < end) {
      throw new Violation('index-misses-none', `the index forgets ${shortId(id)} of ${userId} before its time`)
    }
  }
}

/**
 * A login that takes longer than its loginTimeout may find its entry pruned, and restores it before it ends. A first record that
 * arrives as late as that, of a login that has continued under another id, stays out: its token was never sent.
 */
function outlastsLoginTimeout(contents: Contents, ledger: Ledger, id: string, loggedIn: number): boolean {
  const isKnown = ledger.logins.some((login) => login.id === id) || ledger.sent.some((sent) => sent.id === id)
  return !isKnown && loggedIn >= ledger.began && contents.now > loggedIn + loginTimeout
}

/** Holds when all actors are done, as seen by an independent process. */
export async function checkFinally(final: Final): Promise<void> {
  const { ledger, contents, checker, fail } = final
  const records = liveRecords(contents)
  const undisturbed = ledger.faults === 0
  const { current, aliases } = await holdersOf(final)

  for (const id of ledger.denied) {
    if (records.has(id)) fail('revoke-misses-none', `revoke() said that ${shortId(id)} is not there, but it is live`)
  }

  let unreachable = 0
  for (const id of records.keys()) {
    const tokens = current.get(id)?.size ?? 0
    if (tokens > 1) fail('one-token', `${tokens} tokens open ${shortId(id)}`)
    // A rotation whose response was lost leaves the old token working.
    if (tokens === 0 && (undisturbed || !aliases.has(id))) unreachable++
  }
  // A response that was lost, or a first record that arrived late: no client can open it, and it expires.
  if (unreachable > ledger.faults) fail('one-token', `${unreachable} live sessions that no token opens which was sent`)

  for (const { id } of ledger.sent) {
    if (records.has(id) || ledger.mayEnd.has(id) || ledger.endsAny || !undisturbed) continue
    fail('no-session-vanishes', `${shortId(id)} is gone, and no actor ended it`)
  }

  for (const { id, key, value, by } of ledger.writes) {
    const record = records.get(id)
    if (!record) {
      if (ledger.mayEnd.has(id) || ledger.endsAny) continue
      fail('no-lost-update', `${by} wrote to ${shortId(id)}, which is gone`)
    }
    if (ledger.emptied.has(id)) continue
    const data: Record<string, unknown> = JSON.parse(record?.payload ?? '{}')
    if (data[key] !== value) fail('no-lost-update', `${by} was told that ${key} is stored, but it is ${data[key]}`)
  }

  for (const { id, key, by } of ledger.unseen) {
    if (!ledger.emptied.has(id))
      fail('no-lost-update', `${by} was told that ${key} is stored, and did not see it after`)
  }

  checkCounters(final, records)

  for (const { id, cookie, userId, by } of ledger.logins) {
    if (ledger.mayEnd.has(id) || ledger.endsAny) continue
    const session = await checker.manager.open(cookie)
    if (session.isNew || session.detached !== false || session.userId !== userId) {
      fail('logins-last', `${by} logged ${userId} in, but the cookie it was given opens nothing of theirs`)
    }
  }

  await checkUsers(final)
}

/** Each session counts the acknowledged increments, and never more than were tried. */
function checkCounters({ ledger, fail }: Final, records: ReadonlyMap<string, StoredFacts>): void {
  const { acknowledged, tried } = ledger.increments
  if (tried === 0) return
  let sum = 0
  for (const [id, { payload = '{}' }] of records) {
    const count = Number(JSON.parse(payload).count ?? 0)
    const confirmed = acknowledged.filter((one) => one === id).length
    sum += count
    if (ledger.emptied.has(id)) continue
    if (count < confirmed || (ledger.faults === 0 && count !== confirmed)) {
      fail('exact-counters', `${confirmed} increments were acknowledged, the counter says ${count}`)
    }
  }
  // A first record that arrived late cannot be opened by any client, and expires.
  if (sum > tried + ledger.faults) fail('exact-counters', `${tried} increments were tried, the counters say ${sum}`)
}

/** Among the cookies that were sent: the current tokens of each session, and the sessions that an older one opens. */
async function holdersOf({ ledger, checker, fail }: Final): Promise<{
  readonly current: ReadonlyMap<string, ReadonlySet<string>>
  readonly aliases: ReadonlySet<string>
}> {
  const current = new Map<string, Set<string>>()
  const aliases = new Set<string>()
  for (const { cookie, by } of ledger.sent) {
    const session = await checker.manager.open(cookie)
    if (session.isNew || session.detached !== false) continue
    const stored = await checker.manager.find(session.id)
    if (!stored) fail('one-token', `${by} opens a session that cannot be found`)
    else if (stored.tokenId === session.tokenId) {
      const keys = current.get(session.id) ?? new Set()
      current.set(session.id, keys.add(session.tokenId))
    } else aliases.add(session.id)
  }
  return { current, aliases }
}

/** The index names every live session of a user, and `revokeAll` ends them, whatever happened before. */
async function checkUsers({ checker, contents, ledger, fail }: Final): Promise<void> {
  const namedOf = (user: string): string[] =>
    [...liveRecords(contents)]
      .filter(
        ([id, { userId, loggedIn = 0 }]) => userId === user && !outlastsLoginTimeout(contents, ledger, id, loggedIn)
      )
      .map(([id]) => id)
  for (const user of users) {
    const live = namedOf(user)
    if (live.length === 0) continue
    const listed = await checker.manager.list({ userId: user })
    const ids = new Set(listed.map(({ id }) => id))
    const missing = live.find((id) => !ids.has(id))
    if (missing !== undefined) fail('index-misses-none', `list() does not name ${shortId(missing)} of ${user}`)
    await checker.manager.revokeAll(user)
    if (namedOf(user).length > 0) fail('index-misses-none', `a session of ${user} lives on after revokeAll`)
  }
}
