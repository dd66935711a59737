import type { Clock } from '../clock.ts'
import { isSessionError, SessionError } from '../errors.ts'
import type { KeySlot, LastRead } from './key-queue.ts'
import { type StoreAccess, wroteNothing } from './store-access.ts'

/**
 * The decision on a key whose value was just seen: write another one, or stop. Both carry the result of the call. A stop
 * that is based on a value that may be outdated is decided again on a fresh one, unless it is `harmless`.
 */
export type Decision<R> =
  | { readonly write: string; readonly expiresAt: number; readonly result: R }
  | { readonly stop: R; readonly harmless?: boolean }

/** A write whose caller waits for its outcome. */
export interface PendingWrite<R = unknown> {
  /** The live value, if the caller has read it. */
  readonly lastRead: LastRead | undefined
  readonly decide: (value: string | undefined, failure: unknown) => Decision<R> | Promise<Decision<R>>
  resolve(result: R): void
  reject(error: unknown): void
}

/** Writes to one key that one compareAndSet stores, as if each followed directly on the one before. */
export type WriteGroup = PendingWrite[]

export interface GroupCommitOptions {
  readonly clock: Pick<Required<Clock>, 'sleep'>
  readonly randomBytes: (length: number) => Uint8Array
}

/** The decision of a member, or the error that it threw. */
type Outcome = Decision<unknown> | { readonly thrown: unknown; readonly harmless?: false }

/** One pass over the members, each of which decides on the value that the one before it is going to store. */
interface Round {
  /** The value that the next member decides on; after the last member, the value to store. */
  value: string | undefined
  /** The last write of the round; `undefined`: no member stores anything. */
  next: { readonly write: string; readonly expiresAt: number } | undefined
  /** The members that are not settled yet, each with the outcome that holds once `next` is stored. */
  readonly open: (readonly [PendingWrite, Outcome])[]
}

/** A group that is being stored. */
interface Commit {
  readonly key: string
  readonly slot: KeySlot
  /** The members that are not settled yet. */
  members: WriteGroup
  /** The value that the first member decides on, and that the store is to compare with. */
  expected: string | undefined
  /** Whether `expected` was read from the store after the group was complete. */
  fromStore: boolean
  /** Why the previous write was not confirmed. */
  failure: unknown
  /** Rounds whose write may have been stored. */
  readonly unconfirmed: Round[]
  /** The time of the first attempt that did not store the group. */
  contendedSince?: number
}

// Contention ends by time, not by count: 50 logins of one user from several processes all succeed.
const contentionLimitMs = 5_000
const leastAttempts = 8
const mostAttempts = 2_000
const longestPauseMs = 50

/**
 * Stores the writes of a group by one compareAndSet and settles each member. Rejects when the whole group fails; members
 * that are settled already keep their result. A write with an unknown outcome is resolved by reading: the group's own
 * value counts as stored, the expected value is decided on again, any other is `STORE_OUTCOME_UNKNOWN`. A write that
 * changed nothing, as the store reports, fails the group at once.
 */
export function createGroupCommit(
  access: StoreAccess,
  { clock, randomBytes }: GroupCommitOptions
): (key: string, slot: KeySlot, group: WriteGroup) => Promise<void> {
  async function commitGroup(key: string, slot: KeySlot, group: WriteGroup): Promise<void> {
    const lastRead = slot.lastRead ?? group[0]?.lastRead
    const commit: Commit = {
      key,
      slot,
      members: group,
      expected: lastRead ? lastRead.value : await access.get(key),
      // Another process may have written since `lastRead`: it can be the expected value of a write, not a reason to stop.
      fromStore: !lastRead,
      failure: undefined,
      unconfirmed: []
    }
    for (let attempt = 0; ; attempt++) {
      const round = await decideAll(commit)
      if (round.open.length === 0) return
      if (round.next && (await storeRound(commit, round, round.next))) return
      const current = await readAgain(commit)
      if (resolveUnknown(commit, current)) return
      checkAttempts(commit, attempt)
      commit.members = round.open.map(([member]) => member)
      commit.expected = current
      commit.fromStore = true
      await pause(attempt)
    }
  }

  async function storeRound(commit: Commit, round: Round, next: NonNullable<Round['next']>): Promise<boolean> {
    const { key, slot } = commit
    slot.lastRead = undefined
    commit.failure = undefined
    try {
      if (!(await access.compareAndSet(key, commit.expected, next.write, next.expiresAt))) return false
    } catch (error) {
      return handleFailure(commit, round, error)
    }
    slot.lastRead = { value: next.write }
    resolveAll(round)
    return true
  }

  /** Returns whether every member is settled nevertheless. */
  async function handleFailure(commit: Commit, round: Round, error: unknown): Promise<boolean> {
    const code = isSessionError(error) && error.code
    const tooLarge = code === 'RECORD_TOO_LARGE'
    if (tooLarge && round.open.length > 1 && commit.unconfirmed.length === 0) {
      // Nothing was stored, and a single member may be the cause.
      for (const [member] of round.open) await commitGroup(commit.key, commit.slot, [member]).catch(member.reject)
      return true
    }
    const changedNothing = wroteNothing(error)
    if (tooLarge || code === 'STORE_MISBEHAVED' || (changedNothing && commit.unconfirmed.length === 0)) throw error
    commit.failure = error
    if (!changedNothing) commit.unconfirmed.push(round)
    return false
  }

  async function readAgain({ key, slot, failure }: Commit): Promise<string | undefined> {
    try {
      const value = await access.get(key)
      slot.lastRead = { value }
      return value
    } catch (error) {
      throw failure ?? error
    }
  }

  async function pause(attempt: number): Promise<void> {
    if (attempt < 2) return
    const jitter = (randomBytes(1)[0] ?? 0) / 255
    const pauseMs = jitter * Math.min(longestPauseMs, 2 ** attempt)
    await clock.sleep(pauseMs)
  }

  return commitGroup
}

async function decideAll({ members, expected, fromStore, failure }: Commit): Promise<Round> {
  const round: Round = { value: expected, next: undefined, open: [] }
  for (const member of members) {
    let outcome: Outcome
    try {
      const decision = member.decide(round.value, failure)
      outcome = decision instanceof Promise ? await decision : decision
    } catch (thrown) {
      outcome = { thrown }
    }
    applyOutcome(round, member, outcome, fromStore)
  }
  return round
}

/**
 * A member that stops or throws on a value from the store is settled at once. On a value that the group has yet to store,
 * or that was only remembered, it is settled with the group.
 */
function applyOutcome(round: Round, member: PendingWrite, outcome: Outcome, fromStore: boolean): void {
  if ('write' in outcome) {
    round.value = outcome.write
    round.next = outcome
  } else if (outcome.harmless || (!round.next && (fromStore || round.value === member.lastRead?.value))) {
    resolveOne(member, outcome)
    return
  }
  round.open.push([member, outcome])
}

function resolveAll({ open }: Round): void {
  for (const [member, outcome] of open) resolveOne(member, outcome)
}

function resolveOne({ resolve, reject }: PendingWrite, outcome: Outcome): void {
  if ('thrown' in outcome) reject(outcome.thrown)
  else resolve('stop' in outcome ? outcome.stop : outcome.result)
}

/** Returns whether the value is that of an unconfirmed write, which was stored after all. */
function resolveUnknown({ unconfirmed, expected, failure }: Commit, current: string | undefined): boolean {
  const stored = unconfirmed.find(({ value }) => value === current)
  if (stored) resolveAll(stored)
  else if (unconfirmed.length > 0 && current !== expected) {
    throw new SessionError(
      'STORE_OUTCOME_UNKNOWN',
      'The store did not confirm a write and the record has changed since: it may or may not have counted',
      { cause: failure }
    )
  }
  return stored !== undefined
}

function checkAttempts(commit: Commit, attempt: number): void {
  if (commit.failure && attempt >= 2) throw commit.failure
  const now = performance.now()
  commit.contendedSince ??= now
  const limit = now - commit.contendedSince > contentionLimitMs ? leastAttempts : mostAttempts
  if (attempt >= limit) throw new SessionError('CONFLICT', 'Too many concurrent writes to one record; try again')
}
