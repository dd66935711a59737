import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import type { Fields } from '../record/merge.ts'
import {
  markUse,
  type NextMetadata,
  restart,
  rotationDue,
  type Swap,
  setPermanent,
  swapSecret,
  touchDue
} from '../record/metadata-change.ts'
import { plainPayload, sealRecord, serializeData } from '../record/payload.ts'
import { sealedContext } from '../record/record.ts'
import { absoluteDeadline, deadline, passedLimit } from '../record/timeouts.ts'
import type { Decision } from '../store/write-group.ts'
import { type Announcement, announce, coverByIndex } from '../users/user-index.ts'
import { adopt, settleLogin, type Write } from './after-commit.ts'
import { readRecord, standingOf } from './load.ts'
import { ownerOf, payloadOf, userOf } from './next-data.ts'
import { identityOf, type SessionState } from './session-state.ts'

/** What a write does beside storing changed data and moving `last seen`. */
export interface Change {
  readonly swap?: Swap
  readonly login?: LoginAttempt
  /** Empties the data and forgets the user. */
  readonly anonymous?: boolean
  /** Runs on fresh data, again after each conflict. */
  readonly update?: (data: Fields) => void
  /** Leaves changed data out: the request failed and `commitOnError` is off. */
  readonly withoutData?: boolean
  /** What the data serializes to, where the caller has found that out. */
  readonly plain?: string
}

/** One call of `login`, through however many records it takes: a `revokeAll` since its first announcement ends it. */
export interface LoginAttempt {
  readonly userId: string
  readonly keepData: boolean | readonly string[]
  announced: Announcement | undefined
}

/** `written`: stored. `unchanged`: there was nothing to store. `gone`, `superseded`: given up, and why. */
export type Outcome = 'written' | 'unchanged' | 'gone' | 'superseded'

interface Result {
  readonly outcome: Outcome
  readonly write?: Write
}

/** Stores what changed in a live session. Every re-read checks the secret that the request came in with. */
export async function writeLive(context: ManagerContext, state: SessionState, change: Change): Promise<Outcome> {
  const base = state.record
  if (!base) return 'gone'
  const { policy } = context
  const identity = identityOf(context, state)
  const key = context.recordKey(identity.id)
  const { permanent } = state
  const mine = state.data && !change.withoutData ? (change.plain ?? serializeData(context, state.data)) : undefined
  const changed = mine !== undefined && mine !== state.baseline
  const login = change.login ?? { announced: undefined }

  function decide(text: string | undefined): Decision<Result> | Promise<Decision<Result>> {
    const now = context.clock.now()
    const known = text === base?.text && base && !passedLimit(base.metadata, policy, now)
    const fresh = known ? base : readRecord(context, identity.id, text)
    if (typeof fresh === 'string') return { stop: { outcome: 'gone' } }
    const was = fresh.metadata
    const standing = known ? (state.alias ? 'alias' : 'current') : standingOf(context, was, identity)
    const current = standing === 'current'
    const blind = standing === 'stale'
    // The request that rotated has not seen the new secret come back from the client.
    const firstSeen = current && !state.swapped
    if (blind && (change.swap || change.update || was.u !== base?.metadata.u || was.d !== base?.metadata.d)) {
      return { stop: { outcome: 'superseded' } }
    }
    const stored = once(() => plainPayload(context, key, fresh))
    const data = payloadOf(context, state, change, changed ? mine : undefined, stored)
    if (!data) return { stop: { outcome: 'gone' } }
    // Else whoever swapped the secret would be logged in by the holder of the one before it.
    if (blind && data.plain !== undefined && userOf(context, data.plain) !== userOf(context, stored() ?? '')) {
      return { stop: { outcome: 'superseded' } }
    }

    const next: NextMetadata = { ...was, w: context.newWriteId() }
    const owner = ownerOf(context, next, data, change, blind)
    const { plain } = owner
    let swap = change.swap === 'rotate' && !current ? undefined : change.swap
    if (owner.moved && !state.swapped) swap ??= next.u === undefined ? 'regenerate' : 'login'
    if (current && !state.headers && !state.swapped && rotationDue(context, was, now)) swap ??= 'rotate'
    const useful = plain !== undefined || swap !== undefined || (!blind && permanent !== undefined)
    if (!useful && (blind || !touchDue(context, was, firstSeen, now)))
      return { stop: { outcome: 'unchanged' }, harmless: true }
    if (swap && state.headers) throw headersSent()

    if (!blind) {
      markUse(context, next, firstSeen, now)
      setPermanent(context, next, permanent, now)
    }
    const secret = swap && context.randomBytes(policy.secretBytes)
    if (swap && secret) swapSecret(context, next, { id: identity.id, secret }, swap, now)
    else if (owner.moved && next.u !== undefined && !state.headers) restart(next, now)
    const kept = plain === undefined && !(context.encryption && sealedContext(key, next) !== sealedContext(key, was))
    const clear = plain ?? (kept ? '' : stored())
    if (clear === undefined) return { stop: { outcome: 'gone' } }
    const horizon = absoluteDeadline(next, policy)
    const indexing =
      next.u !== undefined && (swap === 'login' || owner.moved)
        ? announce(context, next.u, identity.id, horizon, login.announced).then((announced) => {
            login.announced = announced
            next.q = horizon
          })
        : coverByIndex(context, identity.id, next)
    const seal = (): Decision<Result> => {
      const record = sealRecord(context, key, next, clear, kept ? fresh.payload : undefined)
      const write: Write = { record, plain, swap, secret, conflicts: data.conflicts, blind, moved: owner.moved }
      return { write: record.text, expiresAt: deadline(next, policy), result: { outcome: 'written', write } }
    }
    // A promise only where the index has something to learn, which is seldom.
    return indexing === undefined ? seal() : indexing.then(seal)
  }

  // A login writes to the index before it is stored: nobody else's write waits for that.
  const alone = change.login !== undefined
  const { outcome, write } = await context.loop.run<Result>(key, { text: base.text }, decide, alone)
  if (write) adopt(context, state, identity.id, write, mine, permanent)
  if (write && login.announced) await settleLogin(context, state, login.announced)
  return outcome
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
