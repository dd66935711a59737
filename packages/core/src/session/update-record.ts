import type { ManagerContext } from '../context.ts'
import { afterwards, checkData, type Validated } from '../data-schema.ts'
import { SessionError } from '../errors.ts'
import { readLiveRecord, standingOf } from '../record/live-record.ts'
import {
  awaitsFirstUse,
  markUse,
  type NextMetadata,
  nextMetadata,
  restart,
  rotationDue,
  type Swap,
  setPermanent,
  startGrace,
  swapSecret,
  touchDue
} from '../record/metadata-change.ts'
import { checkSize, plaintextOf, sealRecord, serializeData } from '../record/payload.ts'
import { encodeRecord, type StoredRecord, sealedContext } from '../record/record.ts'
import { absoluteDeadline, deadline, passedLimit } from '../record/timeouts.ts'
import type { Decision } from '../store/write-group.ts'
import type { Identity } from '../token/secret-hash.ts'
import { writeRecord } from '../users/end-session.ts'
import { extendEntry, reserve } from '../users/user-index.ts'
import { adoptWrite, finishLogin, type Write } from './after-commit.ts'
import type { Change, LoginAttempt, Outcome } from './change.ts'
import {
  type DataChange,
  type FoundRecord,
  type NextData,
  type NextOwner,
  nextData,
  nextOwner,
  userIdOf
} from './next-data.ts'
import { identityOf, permanentToStore, type SessionState, secretHashOf } from './session-state.ts'

/** One write of one request to a live record: the input of every attempt. */
interface Update extends DataChange {
  readonly context: ManagerContext
  readonly state: SessionState
  readonly change: Change
  readonly identity: Identity
  /** The record as this request last saw it. */
  readonly base: StoredRecord
  readonly login: Pick<LoginAttempt, 'reservation'>
}

/** What was written, or why nothing was. */
type Result = Write | Exclude<Outcome, 'written'>

type Stop = Extract<Decision<Result>, { readonly stop: unknown }>

const gone: Stop = { stop: 'gone' }
const superseded: Stop = { stop: 'superseded' }
const unchanged: Stop = { stop: 'unchanged', harmless: true }

/**
 * Stores the changes of a live session, by compareAndSet against the record it was decided on. After a conflict the
 * steps of {@link decide} run again on what is stored then, the check of the request's secret among them.
 */
export async function updateRecord(context: ManagerContext, state: SessionState, change: Change): Promise<Outcome> {
  const { record: base, data } = state
  if (!base) return 'gone'
  const identity = identityOf(context, state)
  const serialized = data && !change.withoutData ? (change.serialized ?? serializeData(context, data)) : undefined
  const { login = { reservation: undefined } } = change
  const update: Update = { context, state, change, identity, base, serialized, login }
  const decideOn = (value: string | undefined): Validated<Decision<Result>> => decide(update, value)
  // A login writes to the index before its record is stored: other writes must not wait for that.
  const alone = change.login !== undefined
  const result = await context.loop.run(context.recordKey(identity.id), base, decideOn, alone)
  if (typeof result === 'string') return result
  adoptWrite(context, state, result)
  if (login.reservation) await finishLogin(context, state, login.reservation)
  return 'written'
}

/** From the stored value to the write, in six steps. The first that finds a reason stops the write. */
function decide(update: Update, value: string | undefined): Validated<Decision<Result>> {
  const found = find(update, value)
  if (!found) return gone
  if (isOvertaken(update, found)) return superseded
  return afterwards(nextData(update.context, update, found), (data) => decideData(update, found, data))
}

function decideData(update: Update, found: Found, data: NextData | undefined): Validated<Decision<Result>> {
  if (!data) return gone
  if (wouldChangeUser(update, found, data)) return superseded
  const plan = planWrite(update, found, data)
  return 'stop' in plan ? plan : seal(update, found, plan)
}

/** The live record at the time of one attempt. */
interface Found extends FoundRecord {
  readonly record: StoredRecord
  readonly now: number
}

function find({ context, state, identity, base }: Update, value: string | undefined): Found | undefined {
  const now = context.clock.now()
  const isBase = value === base.value && !passedLimit(base.metadata, context.policy, now)
  const record = isBase ? base : readLiveRecord(context, identity.id, value)
  if (typeof record === 'string') return undefined
  const standing = isBase ? (state.alias ? 'alias' : 'current') : standingOf(context, record.metadata, identity)
  const stored = once(() => plaintextOf(context, context.recordKey(identity.id), record))
  return { record, standing, now, stored, loaded: isBase && context.schema ? state.baseline : undefined }
}

/** A request with a stale secret may add data for the same user, and nothing else. */
function isOvertaken({ change, base }: Update, { record, standing }: Found): boolean {
  if (standing !== 'stale') return false
  const { userId, dataEpoch } = record.metadata
  return (
    change.swap !== undefined ||
    change.update !== undefined ||
    userId !== base.metadata.userId ||
    dataEpoch !== base.metadata.dataEpoch
  )
}

/** A request with a stale secret must not change the user of the session. */
function wouldChangeUser({ context }: Update, { standing, stored }: Found, { plaintext }: NextData): boolean {
  if (standing !== 'stale' || plaintext === undefined) return false
  return userIdOf(context, plaintext) !== userIdOf(context, stored() ?? '')
}

/** The metadata of the write, and its other parts. */
interface Plan extends Omit<Write, 'record'> {
  readonly next: NextMetadata
}

function planWrite(update: Update, found: Found, { plaintext, conflicts }: NextData): Plan | Stop {
  const { context, state, identity, change, serialized } = update
  const { now } = found
  const permanent = permanentToStore(context, state, change.anonymous === true)
  const superseded = found.standing === 'stale'
  const owner = nextOwner(context, found, change, plaintext)
  const swap = swapFor(update, found, owner)
  if (owner.plaintext === undefined && !swap && !isUpkeepDue(update, found)) return unchanged
  if (swap && state.headers) throw headersSent()
  const next = metadataFor(context, found.record.metadata, owner, change)
  if (!superseded) {
    if (!state.passive) markUse(next, now)
    if (usesNewestSecret(update, found)) startGrace(context.policy, next, now)
    setPermanent(context.policy, next, permanent, now)
  }
  const secret = swap && context.randomBytes(context.policy.secretBytes)
  if (swap && secret) swapSecret(next, swap, secretHashOf(context, { id: identity.id, secret }), now)
  else if (owner.userChanged && owner.userId !== undefined && !state.headers) restart(next, now)
  const { policy } = context
  const extended = next.permanent !== undefined && deadline(next, policy) > deadline(found.record.metadata, policy)
  return { ...owner, next, swap, secret, conflicts, serialized, permanent, extended, superseded }
}

/** The request that rotated has not seen the new secret come back from the client. */
function usesNewestSecret({ state }: Update, { standing }: Found): boolean {
  return standing === 'current' && !state.swapped
}

/** Whether the record needs a write although neither data nor secret changes. A superseded request does no upkeep. */
function isUpkeepDue(update: Update, found: Found): boolean {
  const { record, standing, now } = found
  if (standing === 'stale') return false
  if (update.state.permanent !== undefined || touchDue(update.context.policy, record.metadata, now)) return true
  return usesNewestSecret(update, found) && awaitsFirstUse(record.metadata)
}

/** Which swap the write makes: the requested one, one that a change of user requires, or one that is due. */
function swapFor(update: Update, found: Found, owner: NextOwner): Swap | undefined {
  const { context, state, change } = update
  const current = found.standing === 'current'
  if (change.swap && (change.swap !== 'rotate' || current)) return change.swap
  if (state.swapped) return undefined
  if (owner.userChanged) return owner.userId === undefined ? 'regenerate' : 'login'
  const mayRotate = change.atCommit && current && !state.headers && !state.passive
  return mayRotate && rotationDue(context.policy, found.record.metadata, found.now) ? 'rotate' : undefined
}

function metadataFor(
  context: ManagerContext,
  metadata: StoredRecord['metadata'],
  owner: NextOwner,
  { anonymous }: Change
): NextMetadata {
  const next = nextMetadata(context, metadata)
  if (owner.userId !== undefined) next.userId = owner.userId
  else {
    next.userId = next.indexedUntil = undefined
  }
  if (owner.emptied) next.dataEpoch++
  if (anonymous) {
    next.permanent = next.permanentSince = undefined
  }
  return next
}

/** Encrypts the payload, writes the user index first if it must change, and makes the record. */
function seal(update: Update, found: Found, plan: Plan): Validated<Decision<Result>> {
  const { context, identity } = update
  const { next } = plan
  const { metadata, payload } = found.record
  const key = context.recordKey(identity.id)
  const reencrypt = context.encryption !== undefined && sealedContext(key, next) !== sealedContext(key, metadata)
  const kept = plan.plaintext === undefined && !reencrypt
  const plaintext = kept ? '' : (plan.plaintext ?? found.stored())
  // Before the index is written: a login that cannot be stored must leave no trace there.
  if (plaintext === undefined) return gone
  if (plan.plaintext !== undefined) checkSize(context, plan.plaintext)
  const checked = plan.plaintext === undefined ? undefined : checkData(context, plan.plaintext)
  return afterwards(checked, (accepted) => {
    const sealNow = (): Decision<Result> => {
      const record = kept ? encodeRecord(next, payload) : sealRecord(context, key, next, plaintext)
      return writeRecord<Result>(context, record, { ...plan, record, accepted })
    }
    // A promise only when the index must change, which is rare.
    const indexing = indexWrite(update, found, plan)
    return indexing === undefined ? sealNow() : indexing.then(sealNow)
  })
}

/** Writes the user index before the record is stored, if it must change. */
function indexWrite(
  { context, identity, login }: Update,
  found: Found,
  { next, swap, userChanged }: Plan
): Promise<void> | undefined {
  const { id } = identity
  const { userId } = next
  if (userId === undefined || (swap !== 'login' && !userChanged)) {
    return extendEntry(context, id, next, touchDue(context.policy, found.record.metadata, found.now))
  }
  const keepUntil = absoluteDeadline(next, context.policy)
  return reserve(context, { userId, id, keepUntil }, login.reservation).then((reservation) => {
    login.reservation = reservation
    next.indexedUntil = keepUntil
  })
}

export function headersSent(): SessionError {
  return new SessionError(
    'HEADERS_SENT',
    'The response has started, so no cookie can be set: log in, regenerate or store first, then write'
  )
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
