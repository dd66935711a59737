import type { ManagerContext } from './context.ts'
import { isSessionError, SessionError } from './errors.ts'
import { readRecord, standingOf } from './loading.ts'
import { type Fields, merge, replaceFields } from './merge.ts'
import { byteLength, deserializeData, pickFields, plainPayload, sealRecord, serializeData } from './payload.ts'
import { type StoredRecord, sealedContext } from './record.ts'
import {
  firstMetadata,
  markUse,
  type NextMetadata,
  restart,
  rotationDue,
  type Swap,
  setPermanent,
  swapSecret,
  touchDue
} from './record-change.ts'
import { evictOldest } from './session-limit.ts'
import { becomeOver, identityOf, type SessionState } from './session-state.ts'
import { absoluteDeadline, deadline, passedLimit } from './timeouts.ts'
import { type Announcement, announce, confirm, coverByIndex } from './user-index.ts'

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

interface Write {
  readonly record: StoredRecord
  /** The payload in the clear; `undefined`: left as it was. */
  readonly plain: string | undefined
  readonly swap: Swap | undefined
  readonly secret: Uint8Array | undefined
  readonly conflicts: readonly string[]
  /** Stored for a superseded holder, who must see nothing of it. */
  readonly blind: boolean
  /** The data named another user. */
  readonly moved: boolean
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

  async function decide(
    text: string | undefined
  ): Promise<{ stop: Result; harmless?: boolean } | { write: string; expiresAt: number; result: Result }> {
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
    const horizon = absoluteDeadline(next, policy)
    if (next.u !== undefined && (swap === 'login' || owner.moved)) {
      login.announced = await announce(context, next.u, identity.id, horizon, login.announced)
      next.q = horizon
    } else if (next.u !== undefined) await coverByIndex(context, identity.id, next)
    const kept = plain === undefined && !(context.encryption && sealedContext(key, next) !== sealedContext(key, was))
    const clear = plain ?? (kept ? '' : stored())
    if (clear === undefined) return { stop: { outcome: 'gone' } }
    const record = sealRecord(context, key, next, clear, kept ? fresh.payload : undefined)
    const write: Write = { record, plain, swap, secret, conflicts: data.conflicts, blind, moved: owner.moved }
    return { write: record.text, expiresAt: deadline(next, policy), result: { outcome: 'written', write } }
  }

  // A login writes to the index before it is stored: nobody else's write waits for that.
  const alone = change.login !== undefined
  const { outcome, write } = await context.loop.run<Result>(key, { text: base.text }, decide, alone)
  if (write) adopt(context, state, identity.id, write, mine, permanent)
  if (write && login.announced) await settleLogin(context, state, login.announced)
  return outcome
}

/**
 * Stores a new session under a fresh id. A taken id, or a write nobody confirmed, is left behind for another id: a
 * straggling write of the first then leaves an unreachable record that expires, and never revives this one.
 *
 * @param login names the user; without one `userIdFrom` does.
 * @param started when the session began, if it moved here from another id.
 * @param plain what the data serializes to.
 */
export async function writeNew(
  context: ManagerContext,
  state: SessionState,
  login: Pick<LoginAttempt, 'announced'> & { readonly userId?: string | undefined } = { announced: undefined },
  started?: number,
  plain: string = serializeData(context, state.data ?? {})
): Promise<void> {
  if (state.headers) throw headersSent()
  const data = state.data ?? {}
  const userId = login.userId ?? userOf(context, plain)
  let failure: unknown
  for (let attempt = 0; attempt < 3; attempt++) {
    const identity = identityOf(context, state)
    const key = context.recordKey(identity.id)
    const record = await context.loop.run<StoredRecord | undefined>(
      key,
      { text: undefined },
      async (text, unconfirmed) => {
        failure = unconfirmed
        if (text !== undefined || failure) return { stop: undefined }
        const now = context.clock.now()
        const next = firstMetadata(context, identity, started ?? now)
        next.s = now
        setPermanent(context, next, state.permanent, now)
        if (userId !== undefined) {
          const horizon = absoluteDeadline(next, context.policy)
          Object.assign(next, { u: userId, l: now, q: horizon })
          login.announced = await announce(context, userId, identity.id, horizon, login.announced)
        }
        const result = sealRecord(context, key, next, plain, undefined)
        return { write: result.text, expiresAt: deadline(next, context.policy), result }
      }
    )
    if (record) {
      state.phase = 'live'
      state.record = record
      state.created = record.metadata.c
      state.data = data
      state.baseline = plain
      state.stored = plain
      state.cookie = 'send'
      state.swapped = true
      state.permanent = undefined
      context.emit?.({ type: 'created', id: identity.id })
      if (userId !== undefined) context.emit?.({ type: 'loggedIn', id: identity.id, userId })
      if (login.announced) await settleLogin(context, state, login.announced)
      return
    }
    state.id = undefined
    state.secret = undefined
  }
  if (failure) throw failure
  throw new SessionError('CONFLICT', 'No free session id in three tries: check randomBytes, or the store')
}

export function headersSent(): SessionError {
  return new SessionError(
    'HEADERS_SENT',
    'The response has started, so no cookie can be set: log in, regenerate or store first, then write'
  )
}

interface Payload {
  /** The payload to store; `undefined`: the data is not looked at. */
  readonly plain: string | undefined
  /** The payload that is stored now; `undefined`: it cannot be read. */
  stored(): string | undefined
  readonly conflicts: readonly string[]
}

/** Our data merged with what others wrote meanwhile, then updated. `undefined`: what is stored cannot be read. */
function payloadOf(
  context: ManagerContext,
  state: SessionState,
  { update }: Change,
  mine: string | undefined,
  stored: () => string | undefined
): Payload | undefined {
  let plain = mine
  let conflicts: readonly string[] = []
  const there = mine !== undefined || update ? stored() : ''
  if (there === undefined) return undefined
  const left = mine === undefined ? undefined : userOf(context, state.baseline)
  const leaves = left !== undefined && left !== userOf(context, mine ?? '')
  // What others wrote for the user who leaves is not the next one's: two users never share data.
  if (mine !== undefined && there !== state.stored && !leaves) {
    const theirs = deserializeData(context, there)
    if (!theirs) return undefined
    const textOf = (value: unknown): string => context.serializer.serialize(value)
    const base = deserializeData(context, state.baseline) ?? {}
    const merged = merge(base, deserializeData(context, mine) ?? {}, theirs, textOf, context.onConflict)
    plain = serializeData(context, merged.data)
    conflicts = merged.conflicts
  }
  if (update) {
    const draft = deserializeData(context, plain ?? there)
    if (!draft) return undefined
    update(draft)
    plain = serializeData(context, draft)
  }
  return { plain, stored, conflicts }
}

/** Settles in `next` whose session it is, and what of the data the owner may keep. Two users never share data. */
function ownerOf(
  context: ManagerContext,
  next: NextMetadata,
  { plain, stored }: Payload,
  { login, anonymous }: Change,
  blind: boolean
): { readonly plain: string | undefined; readonly moved: boolean } {
  const was = next.u
  if (login) {
    const keep = was === login.userId || (was === undefined && login.keepData)
    next.u = login.userId
    if (keep === true) return { plain, moved: false }
    next.d++
    if (keep === false) return { plain: context.emptyPayload, moved: false }
    const kept = pickFields(deserializeData(context, plain ?? stored() ?? '') ?? {}, keep)
    return { plain: serializeData(context, kept), moved: false }
  }
  if (anonymous) {
    next.d++
    delete next.u
    delete next.p
    delete next.f
    return { plain: context.emptyPayload, moved: false }
  }
  if (!context.userIdFrom || plain === undefined || blind) return { plain, moved: false }
  const user = userOf(context, plain)
  if (user === userOf(context, stored() ?? '')) return { plain, moved: false }
  if (user === undefined) delete next.u
  else next.u = user
  return { plain, moved: user !== was }
}

function userOf(context: ManagerContext, plain: string): string | undefined {
  const data = context.userIdFrom && deserializeData(context, plain)
  return data && context.userIdFrom?.(data)
}

function adopt(
  context: ManagerContext,
  state: SessionState,
  id: string,
  { record, plain, swap, secret, conflicts, blind, moved }: Write,
  mine: string | undefined,
  permanent: boolean | number | undefined
): void {
  const { emit } = context
  if (conflicts.length > 0) emit?.({ type: 'conflict', id, keys: conflicts })
  if (plain !== undefined) emit?.({ type: 'saved', id, bytes: byteLength(record.text) })
  else if (!swap) emit?.({ type: 'touched', id })
  if (blind) {
    emit?.({ type: 'superseded', id, withinGrace: true })
    if (mine !== undefined) state.baseline = mine
    state.reissue = false
    state.cookie = 'none'
    return
  }
  state.record = record
  if (permanent !== undefined && state.permanent === permanent) state.permanent = undefined
  if (permanent !== undefined && !state.alias) state.cookie = 'send'
  if (plain !== undefined && state.data) {
    if (plain !== mine) refresh(context, state.data, plain, mine)
    state.baseline = plain
    state.stored = plain
  }
  const { u: userId } = record.metadata
  if (userId !== undefined && (swap === 'login' || moved)) emit?.({ type: 'loggedIn', id, userId })
  else if (swap) emit?.({ type: swap === 'rotate' ? 'rotated' : 'regenerated', id })
  if (!swap || !secret) return
  state.secret = secret
  state.created = record.metadata.c
  state.alias = false
  state.swapped = true
  state.cookie = 'send'
}

/** Brings the handler's own data object up to what was stored; what changed in it since `mine` was taken stays. */
function refresh(context: ManagerContext, data: Fields, plain: string, mine: string | undefined): void {
  const textOf = (value: unknown): string => context.serializer.serialize(value)
  const stored = deserializeData(context, plain) ?? {}
  const before = deserializeData(context, mine ?? context.emptyPayload) ?? {}
  const merged = merge(before, data, stored, textOf, undefined).data
  replaceFields(data, merged, (key) => Object.hasOwn(data, key) && textOf(data[key]) === textOf(merged[key]))
}

async function settleLogin(context: ManagerContext, state: SessionState, login: Announcement): Promise<void> {
  const index = await confirm(context, login).catch((error: unknown) => {
    // The record was ended again: neither its user nor its cookie may outlive it in this request.
    if (isSessionError(error) && error.code === 'LOGIN_REVOKED') becomeOver(context, state)
    throw error
  })
  await evictOldest(context, login, index)
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
