import type { ManagerContext } from '../context.ts'
import { reject } from '../events.ts'
import type { Fields } from '../record/merge.ts'
import type { Swap } from '../record/metadata-change.ts'
import { decodePayload } from '../record/payload.ts'
import type { StoredRecord } from '../record/record.ts'
import { hashSecret, type Identity } from '../token/secret-hash.ts'
import { encodeHex, type GenuineToken } from '../token/token.ts'
import type { PresentedToken } from '../token/verified-tokens.ts'
import type { RequestFacts } from '../transport/request-source.ts'
import type { HeaderList } from '../transport/response-headers.ts'
import type { Transport } from '../transport/transport.ts'

/**
 * - `unloaded`: a genuine token was presented, the store was not read yet (`lazy`).
 * - `new`: nothing is stored under this session.
 * - `live`: `record` is what was last read or written of it.
 * - `superseded`: the secret was swapped by another request. Empty, stores nothing, sets no cookie; `destroy` works.
 * - `unavailable`: the store could not be read. Empty, stores nothing, sets no cookie; read again when needed.
 * - `ended`: destroyed by this request, or found gone.
 */
export type SessionPhase = 'unloaded' | 'new' | 'live' | 'superseded' | 'unavailable' | 'ended'

/** An operation of the session that has failed. */
export interface Failure {
  readonly error: unknown
  /** Whether the application handles the rejection of the promise that was returned to it. */
  isHandled(): boolean
}

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
  /** The handler's own object, which it changes in place; `undefined` until it is accessed. */
  readonly data: Fields | undefined
  /** The plaintext payload as stored, once it was decoded. */
  readonly stored: string | undefined
  /** `data`, serialized when it last equalled the stored data. */
  readonly baseline: string
  /** The value of `session.permanent` that is not stored yet. 0 is never stored: the commit ends the session. */
  readonly permanent: boolean | number | undefined
  /** What the response does about the client's token. */
  readonly tokenHeader: 'none' | 'send' | 'clear'
  /** This request has swapped the secret. */
  readonly swapped: boolean
  /** Something that depends on the token was read: the response varies with it. */
  readonly accessed: boolean
  /** The request had a token, genuine or not. */
  readonly hadToken: boolean
  /** The request only looks at the session: it does no upkeep. */
  readonly passive: boolean
  /** The headers of the response, once they were returned. */
  readonly headers: HeaderList | undefined
  readonly transport: Transport
  readonly request: RequestFacts
  /** No commit follows: a change that is not stored is to be reported from now on. */
  readonly watched: boolean
  /** The last operation on this session object; the next one waits for it. */
  readonly lastOperation: Promise<unknown> | undefined
  /** The last operation on this session object has rejected with a SessionError, which the application has received. */
  readonly lastOperationFailed: boolean
  /** The last operation whose failure a commit may have to report. */
  readonly failure: Failure | undefined
}

/** The state for its only writers: the functions of this file. */
type Writable = { -readonly [K in keyof SessionState]: SessionState[K] }

/** The state of a session of which nothing is stored. */
const blank = {
  phase: 'new',
  id: undefined,
  secret: undefined,
  alias: false,
  reissue: false,
  record: undefined,
  data: undefined,
  stored: undefined,
  permanent: undefined,
  tokenHeader: 'none'
} satisfies Partial<SessionState>

/** What is known of a session before the store is read. */
export type Identified = Pick<SessionState, 'tokens' | 'transport' | 'request' | 'hadToken' | 'passive' | 'createdAt'>

export function createState(
  emptyPayload: string,
  { tokens, transport, request, hadToken, createdAt, passive }: Identified
): SessionState {
  return {
    ...blank,
    phase: tokens.length > 0 ? 'unloaded' : 'new',
    tokens,
    transport,
    request,
    hadToken,
    createdAt,
    passive,
    baseline: emptyPayload,
    swapped: false,
    accessed: false,
    headers: undefined,
    watched: false,
    lastOperation: undefined,
    lastOperationFailed: false,
    failure: undefined
  }
}

type Empty = Pick<ManagerContext, 'emptyPayload'>

/** Drops the data, stored or not. */
export function becomeEmpty({ emptyPayload }: Empty, state: Writable): void {
  state.data = state.stored = undefined
  state.baseline = emptyPayload
}

/**
 * Starts over with nothing stored: a new identity, made when it is first needed, and only the data that the caller passes.
 */
export function becomeNew(
  { clock, emptyPayload }: Empty & Pick<ManagerContext, 'clock'>,
  state: Writable,
  chosen?: Partial<Pick<SessionState, 'data' | 'permanent'>>
): void {
  Object.assign(state, blank, { createdAt: clock.now(), baseline: emptyPayload }, chosen)
}

/** Drops the id and the secret, so that the next use creates new ones. */
export function becomeUnidentified(state: Writable): void {
  state.id = state.secret = undefined
}

/** A record, and the token that opens it. */
export interface Opened {
  readonly token: GenuineToken
  readonly record: StoredRecord
  /** The token is the one that `rotate` replaced. */
  readonly alias: boolean
}

/** Takes a record that the presented secret opens. */
export function becomeLive(context: Empty, state: Writable, { token, record, alias }: Opened): void {
  becomeIdentified(state, 'live', token)
  state.createdAt = record.metadata.createdAt
  state.alias = alias
  state.reissue = token.retiredKey && !alias && !state.passive
  state.record = record
  becomeEmpty(context, state)
}

function becomeIdentified(state: Writable, phase: SessionPhase, { id, secret }: Identity): void {
  state.phase = phase
  state.id = id
  state.secret = secret
}

/** The first record of a session is stored. */
export function becomeStored(state: Writable, record: StoredRecord, data: Fields, plaintext: string): void {
  state.phase = 'live'
  if (state.permanent !== 0) state.permanent = undefined
  becomeSwapped(state, record)
  becomeDecoded(state, data, plaintext)
}

/** This request has given the record its secret: the response sends the new token. */
function becomeSwapped(state: Writable, record: StoredRecord): void {
  state.record = record
  state.createdAt = record.metadata.createdAt
  state.swapped = true
  state.tokenHeader = 'send'
}

/** The write that replaced a live record. */
export interface Rewrite {
  readonly record: StoredRecord
  /** The payload before encryption; `undefined`: the stored one was kept. */
  readonly plaintext: string | undefined
  readonly swap: Swap | undefined
  readonly secret: Uint8Array | undefined
  /** The value of `permanent` that was stored with it. */
  readonly permanent: boolean | number | undefined
  /** The end of a session with a persistent cookie has moved. */
  readonly extended: boolean
}

/**
 * Continues with the record that the request has written.
 *
 * @param baseline its data, serialized now; `undefined`: the stored payload was kept.
 */
export function becomeRewritten(state: Writable, write: Rewrite, baseline: string | undefined): void {
  const { record, plaintext, secret, permanent, extended } = write
  state.record = record
  if (permanent !== undefined && state.permanent === permanent) state.permanent = undefined
  if ((permanent !== undefined || extended) && !state.alias) state.tokenHeader = 'send'
  if (plaintext !== undefined && state.data) becomeDecoded(state, state.data, plaintext, baseline)
  if (!secret) return
  state.secret = secret
  state.alias = false
  becomeSwapped(state, record)
}

/** A superseded request has stored its data for the session, and learns nothing of its current state. */
export function becomeOutdated(state: Writable, serialized: string | undefined): void {
  if (serialized !== undefined) state.baseline = serialized
  state.reissue = false
  state.tokenHeader = 'none'
}

/** The record was gone, or had another secret, when it was to be written: a late response sends no cookie. */
export function becomeUnwritable(state: Writable, phase: 'ended' | 'superseded'): void {
  state.phase = phase
  state.tokenHeader = 'none'
  state.permanent = undefined
}

/** The record was gone, or had another secret, when it was reloaded: nothing of the session is shown any more. */
export function becomeForgotten(context: Empty, state: Writable): void {
  state.record = undefined
  becomeEmpty(context, state)
}

/** Ended while this request ran: empty, without a user, and no cookie is sent. */
export function becomeRevoked(context: Empty, state: Writable): void {
  state.permanent = undefined
  state.reissue = false
  becomeDestroyed(context, state, 'none')
}

/** Only a superseded token was presented. */
export function becomeSuperseded(state: Writable, identity: Identity): void {
  becomeIdentified(state, 'superseded', identity)
}

/** The store could not be read, and the policy serves the request nevertheless. */
export function becomeUnavailable(state: Writable): void {
  state.phase = 'unavailable'
}

/** Destroyed by this request. Only then does its response clear the cookie. */
export function becomeDestroyed(context: Empty, state: Writable, tokenHeader: 'none' | 'clear'): void {
  state.phase = 'ended'
  state.permanent = undefined
  state.record = undefined
  state.tokenHeader = tokenHeader
  becomeEmpty(context, state)
}

/** The handler has assigned another data object. The data that it is compared with stays. */
export function becomeChanged(state: Writable, data: Fields): void {
  state.data = data
}

/** The data is as stored: `stored` in the store, `baseline` as later changes are compared with it. */
export function becomeDecoded(state: Writable, data: Fields, stored: string, baseline: string = stored): void {
  state.data = data
  state.stored = stored
  state.baseline = baseline
}

/** A session of which nothing is stored has the data that the schema returns for `{}`. */
export function becomeInitial(state: Writable, data: Fields, baseline: string): void {
  state.data = data
  state.baseline = baseline
}

/** Changes that cannot be stored are dropped; the same ones are not dropped twice. */
export function becomeUnchanged(state: Writable, baseline: string): void {
  state.baseline = baseline
}

/** The value of `permanent` to store with the next write; `undefined`: unchanged. 0 is not stored: it ends the session. */
export function permanentToStore(
  { policy }: Pick<ManagerContext, 'policy'>,
  { permanent, record }: Pick<SessionState, 'permanent' | 'record'>,
  isNew: boolean = record === undefined
): boolean | number | undefined {
  if (permanent !== undefined && permanent !== 0) return permanent
  return isNew && policy.permanent ? policy.permanent : undefined
}

/** `session.permanent` was set; `undefined`: to its stored value. */
export function becomePermanent(state: Writable, permanent: boolean | number | undefined): void {
  state.permanent = permanent
}

/** Something that depends on the token is being read. */
export function becomeAccessed(state: Writable): void {
  state.accessed = true
}

/** An operation of the application has ended. */
export function becomeOperated(state: Writable, failed: boolean): void {
  state.lastOperationFailed = failed
}

/** An operation has failed; `undefined`: it was reported, or a later one has succeeded. */
export function becomeFailed(state: Writable, failure: Failure | undefined): void {
  state.failure = failure
}

/** Whether the next access to the data starts a check for changes that are not stored. */
export function becomeWatched(state: Writable, watched: boolean): void {
  state.watched = watched
}

/** The headers were returned: from now on the cookie cannot change. */
export function becomeSent(state: Writable, headers: HeaderList): void {
  state.headers = headers
}

/** Whether the session is empty and stores nothing, and why. */
export function detachedOf({ phase }: SessionState): false | 'superseded' | 'unavailable' {
  return phase === 'superseded' || phase === 'unavailable' ? phase : false
}

/** Whether the store was not read yet, or could not be read. */
export function needsLoading({ phase }: SessionState): boolean {
  return phase === 'unloaded' || phase === 'unavailable'
}

/** The id and secret of the session, made now if it is new. */
export function identityOf(context: Pick<ManagerContext, 'randomBytes' | 'policy'>, state: Writable): Identity {
  state.id ??= encodeHex(context.randomBytes(16))
  state.secret ??= context.randomBytes(context.policy.secretBytes)
  return { id: state.id, secret: state.secret }
}

export function secretHashOf({ policy }: Pick<ManagerContext, 'policy'>, { id, secret }: Identity): string {
  return hashSecret(policy.namespace, id, secret)
}

/** The data, decoded on first use. A payload that cannot be read makes the session a new one, with an event. */
export function dataOf(context: ManagerContext, state: SessionState): Fields {
  if (state.data) return state.data
  if (state.phase === 'live' && state.record && state.id !== undefined) {
    const decoded = decodePayload(context, context.recordKey(state.id), state.record)
    if (decoded) {
      becomeDecoded(state, decoded.data, decoded.plaintext)
      return decoded.data
    }
    reject(context, 'corrupt', state.id)
    becomeNew(context, state)
  }
  const data = {}
  becomeChanged(state, data)
  return data
}

/**
 * Runs `task` after every earlier operation on the same session object, awaited or not. A task that has nothing to wait
 * for returns `undefined`, and at once if no operation is under way.
 *
 * @throws SessionError `STORE_TIMEOUT` when the earlier ones take longer than three store timeouts; `task` never runs then.
 */
export function runExclusive<T>(context: Access, state: Writable, task: () => Promise<T>): Promise<T>
export function runExclusive<T>(
  context: Access,
  state: Writable,
  task: () => Promise<T> | undefined
): Promise<T | undefined> | undefined
export function runExclusive<T>(
  { access }: Access,
  state: Writable,
  task: () => Promise<T> | undefined
): Promise<T | undefined> | undefined {
  const { lastOperation: earlier } = state
  const running = earlier === undefined ? task() : access.waitForEarlier(earlier).then(task)
  // An operation that gave up waiting has ended; those before it may not have.
  if (running !== undefined) state.lastOperation = running.then(ignore, () => earlier)
  return running
}

type Access = Pick<ManagerContext, 'access'>

function ignore(): void {}
