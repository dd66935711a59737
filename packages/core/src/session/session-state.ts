import type { ManagerContext } from '../context.ts'
import type { Fields } from '../record/merge.ts'
import type { Swap } from '../record/metadata-change.ts'
import { deserializeData, plaintextOf } from '../record/payload.ts'
import type { StoredRecord } from '../record/record.ts'
import { hashSecret, type Identity } from '../token/secret-hash.ts'
import { encodeHex, type PresentedToken } from '../token/token.ts'
import type { RequestFacts } from '../transport/request-source.ts'
import type { HeaderList } from '../transport/response-headers.ts'
import type { CookieTemplate } from '../transport/set-cookie.ts'

/**
 * - `unloaded`: a genuine token was presented, the store was not asked yet (`lazy`).
 * - `new`: nothing is stored under this session.
 * - `live`: `record` is what was last read or written of it.
 * - `superseded`: the secret was swapped by another request. Empty, stores nothing, sets no cookie; `destroy` works.
 * - `unavailable`: the store could not be read. Empty, stores nothing, sets no cookie; asked again when it must be.
 * - `ended`: destroyed by this request, or found gone.
 */
export type SessionPhase = 'unloaded' | 'new' | 'live' | 'superseded' | 'unavailable' | 'ended'

/** Everything about one session in one request. Only the functions of this file change it. */
export interface SessionState {
  readonly phase: SessionPhase
  readonly id: string | undefined
  readonly secret: Uint8Array | undefined
  /** Start of the session, epoch ms. */
  readonly createdAt: number
  /** Genuine tokens of the request, in order. */
  readonly tokens: readonly PresentedToken[]
  /** The request came in with a secret that `rotate` has replaced. */
  readonly alias: boolean
  /** The token was signed by a retired key. */
  readonly reissue: boolean
  readonly record: StoredRecord | undefined
  /** The handler's own object, which it changes in place; `undefined` until it is asked for. */
  readonly data: Fields | undefined
  /** The plaintext payload as stored, once it was decoded. */
  readonly stored: string | undefined
  /** What `data` serialized to when it last equalled the store. */
  readonly baseline: string
  /** What `session.permanent` was set to and is not stored yet. */
  readonly permanent: boolean | number | undefined
  readonly cookie: 'none' | 'send' | 'clear'
  /** This request has swapped the secret. */
  readonly swapped: boolean
  /** Something that depends on the cookie was read: the response varies with it. */
  readonly accessed: boolean
  /** The request had a cookie of our name, genuine or not. */
  readonly hadCookie: boolean
  /** The headers of the response, once they were handed out. */
  readonly headers: HeaderList | undefined
  readonly cookieTemplate: CookieTemplate
  readonly request: RequestFacts
  /** The last operation on this session object; the next one waits for it. */
  readonly lastOperation: Promise<unknown> | undefined
}

type Mutable = { -readonly [Name in keyof SessionState]: SessionState[Name] }

/** The one place where the state of a session becomes writable: only the functions below are given it. */
function writable(state: SessionState): Mutable {
  return state
}

/** What is known of a session before the store is asked. */
export type Identified = Pick<SessionState, 'tokens' | 'cookieTemplate' | 'request' | 'hadCookie' | 'createdAt'>

export function createState(emptyPayload: string, identified: Identified): SessionState {
  const { tokens, cookieTemplate, request, hadCookie, createdAt } = identified
  return {
    phase: tokens.length > 0 ? 'unloaded' : 'new',
    id: undefined,
    secret: undefined,
    createdAt,
    tokens,
    alias: false,
    reissue: false,
    record: undefined,
    data: undefined,
    stored: undefined,
    baseline: emptyPayload,
    permanent: undefined,
    cookie: 'none',
    swapped: false,
    accessed: false,
    hadCookie,
    headers: undefined,
    cookieTemplate,
    request,
    lastOperation: undefined
  }
}

/** Starts over with nothing stored: a fresh identity, made when it is first needed, and empty data. */
export function becomeNew(context: Pick<ManagerContext, 'clock' | 'emptyPayload'>, state: SessionState): void {
  const next = writable(state)
  next.phase = 'new'
  next.id = undefined
  next.secret = undefined
  next.createdAt = context.clock.now()
  next.alias = false
  next.reissue = false
  next.record = undefined
  next.permanent = undefined
  next.cookie = 'none'
  becomeEmpty(context, state)
}

/** Another start, with what this request has chosen for it: its data and whether it is permanent. */
export function becomeNewWith(
  context: Pick<ManagerContext, 'clock' | 'emptyPayload'>,
  state: SessionState,
  { data, permanent }: Partial<Pick<SessionState, 'data' | 'permanent'>>
): void {
  becomeNew(context, state)
  const next = writable(state)
  next.data = data
  next.permanent = permanent
}

/** Drops the id and secret, so that the next use makes others. */
export function becomeUnidentified(state: SessionState): void {
  const next = writable(state)
  next.id = undefined
  next.secret = undefined
}

/** Takes a record that the presented secret opens. */
export function becomeLive(
  context: Pick<ManagerContext, 'emptyPayload'>,
  state: SessionState,
  { token, record, alias }: { readonly token: PresentedToken; readonly record: StoredRecord; readonly alias: boolean }
): void {
  const next = writable(state)
  next.phase = 'live'
  next.id = token.id
  next.secret = token.secret
  next.createdAt = record.metadata.createdAt
  next.alias = alias
  next.reissue = token.retiredKey && !alias
  next.record = record
  becomeEmpty(context, state)
}

/** The first record of a session is stored. */
export function becomeStored(state: SessionState, record: StoredRecord, data: Fields, plaintext: string): void {
  const next = writable(state)
  next.phase = 'live'
  next.record = record
  next.createdAt = record.metadata.createdAt
  next.data = data
  next.baseline = plaintext
  next.stored = plaintext
  next.cookie = 'send'
  next.swapped = true
  next.permanent = undefined
}

/** What was written over a live record. */
export interface Rewrite {
  readonly record: StoredRecord
  /** The payload before encryption; `undefined`: the stored one was kept. */
  readonly plaintext: string | undefined
  readonly swap: Swap | undefined
  readonly secret: Uint8Array | undefined
  /** The value of `permanent` that was stored with it. */
  readonly permanent: boolean | number | undefined
}

/** The request goes on with the record that it has written. */
export function becomeRewritten(state: SessionState, { record, plaintext, swap, secret, permanent }: Rewrite): void {
  const next = writable(state)
  next.record = record
  if (permanent !== undefined && next.permanent === permanent) next.permanent = undefined
  if (permanent !== undefined && !next.alias) next.cookie = 'send'
  if (plaintext !== undefined && next.data) {
    next.baseline = plaintext
    next.stored = plaintext
  }
  if (!swap || !secret) return
  next.secret = secret
  next.createdAt = record.metadata.createdAt
  next.alias = false
  next.swapped = true
  next.cookie = 'send'
}

/** A superseded request has stored `ours` for the session, and learns nothing of what the session is now. */
export function becomeOutdated(state: SessionState, ours: string | undefined): void {
  const next = writable(state)
  if (ours !== undefined) next.baseline = ours
  next.reissue = false
  next.cookie = 'none'
}

/** Ended while this request ran: empty, without a user, and no cookie is sent. */
export function becomeRevoked(context: Pick<ManagerContext, 'emptyPayload'>, state: SessionState): void {
  const next = writable(state)
  next.phase = 'ended'
  next.record = undefined
  next.permanent = undefined
  next.cookie = 'none'
  next.reissue = false
  becomeEmpty(context, state)
}

/** Found gone when it should have been written. What the handler sees stays; a late response sends no cookie. */
export function becomeGone(state: SessionState): void {
  becomeUnwritable(state, 'ended')
}

/** Found with another secret when it should have been written. */
export function becomeSuperseded(state: SessionState): void {
  becomeUnwritable(state, 'superseded')
}

function becomeUnwritable(state: SessionState, phase: 'ended' | 'superseded'): void {
  const next = writable(state)
  next.phase = phase
  next.cookie = 'none'
  next.permanent = undefined
}

/** Only a superseded token was presented. */
export function becomeSupersededBy(state: SessionState, { id, secret }: Identity): void {
  const next = writable(state)
  next.phase = 'superseded'
  next.id = id
  next.secret = secret
}

/** The store could not be read, and the policy serves the request all the same. */
export function becomeUnavailable(state: SessionState): void {
  writable(state).phase = 'unavailable'
}

/** Destroyed by this request. Only then does its response clear the cookie. */
export function becomeDestroyed(
  context: Pick<ManagerContext, 'emptyPayload'>,
  state: SessionState,
  cookie: 'none' | 'clear'
): void {
  const next = writable(state)
  next.phase = 'ended'
  next.record = undefined
  next.cookie = cookie
  becomeEmpty(context, state)
}

/** Drops the data, stored or not. */
export function becomeEmpty({ emptyPayload }: Pick<ManagerContext, 'emptyPayload'>, state: SessionState): void {
  const next = writable(state)
  next.data = undefined
  next.stored = undefined
  next.baseline = emptyPayload
}

/** The handler, or a validated load, gives the session another data object. What it is compared with stays. */
export function becomeChanged(state: SessionState, data: Fields): void {
  writable(state).data = data
}

/** The data is as stored: `stored` in the store, `baseline` in the spelling that later changes are told from. */
export function becomeDecoded(state: SessionState, data: Fields, stored: string, baseline: string = stored): void {
  const next = writable(state)
  next.data = data
  next.stored = stored
  next.baseline = baseline
}

/** Changes that cannot be stored are given up; the same ones are not given up twice. */
export function becomeUnchanged(state: SessionState, serialized: string): void {
  writable(state).baseline = serialized
}

/** `session.permanent` was set; `undefined`: to what is stored. */
export function becomePermanent(state: SessionState, permanent: boolean | number | undefined): void {
  writable(state).permanent = permanent
}

/** Something that depends on the cookie is being read. */
export function becomeAccessed(state: SessionState): void {
  writable(state).accessed = true
}

/** The headers are handed out: from now on the cookie cannot change. */
export function becomeSent(state: SessionState, headers: HeaderList): void {
  writable(state).headers = headers
}

/** Whether the session is empty and stores nothing, and why. */
export function detachedOf({ phase }: SessionState): false | 'superseded' | 'unavailable' {
  return phase === 'superseded' || phase === 'unavailable' ? phase : false
}

/** Whether the store was not asked yet, or could not be read. */
export function needsLoading({ phase }: SessionState): boolean {
  return phase === 'unloaded' || phase === 'unavailable'
}

/** The id and secret of the session, made now if it is new. */
export function identityOf(context: Pick<ManagerContext, 'randomBytes' | 'policy'>, state: SessionState): Identity {
  const next = writable(state)
  next.id ??= encodeHex(context.randomBytes(16))
  next.secret ??= context.randomBytes(context.policy.secretBytes)
  return { id: next.id, secret: next.secret }
}

export function secretHashOf({ policy }: Pick<ManagerContext, 'policy'>, { id, secret }: Identity): string {
  return hashSecret(policy.namespace, id, secret)
}

/** The data, decoded on first use. A payload that cannot be read makes the session a new one, with an event. */
export function dataOf(context: ManagerContext, state: SessionState): Fields {
  if (state.data) return state.data
  if (state.phase === 'live' && state.record && state.id !== undefined) {
    const stored = plaintextOf(context, context.recordKey(state.id), state.record)
    const data = stored === undefined ? undefined : deserializeData(context, stored)
    if (stored !== undefined && data) {
      becomeDecoded(state, data, stored)
      return data
    }
    context.emit?.({ type: 'rejected', reason: 'corrupt', id: state.id })
    becomeNew(context, state)
  }
  const data = {}
  becomeChanged(state, data)
  return data
}

/**
 * Runs `task` after every earlier operation on the same session object, awaited or not. A task that has nothing to wait
 * for returns `undefined`, and at once if no operation is under way.
 */
export function runExclusive<T>(state: SessionState, task: () => Promise<T>): Promise<T>
export function runExclusive<T>(
  state: SessionState,
  task: () => Promise<T> | undefined
): Promise<T | undefined> | undefined
export function runExclusive<T>(
  state: SessionState,
  task: () => Promise<T> | undefined
): Promise<T | undefined> | undefined {
  const running = state.lastOperation === undefined ? task() : state.lastOperation.then(task)
  if (running !== undefined) writable(state).lastOperation = running.then(ignore, ignore)
  return running
}

function ignore(): void {}
