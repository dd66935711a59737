import type { ManagerContext } from '../context.ts'
import type { Fields } from '../record/merge.ts'
import { deserializeData, plainPayload } from '../record/payload.ts'
import type { StoredRecord } from '../record/record.ts'
import { hashSecret } from '../token/secret-hash.ts'
import { encodeHex, type PresentedToken } from '../token/token.ts'
import type { RequestFacts } from '../transport/request-source.ts'
import type { CookieForm } from '../transport/set-cookie.ts'

/**
 * - `unloaded`: a genuine token was presented, the store was not asked yet (`lazy`).
 * - `new`: nothing is stored under this session.
 * - `live`: `record` is what was last seen of it in the store.
 * - `detached`: empty, stores nothing, sets no cookie; `destroy` still works where the token allows it.
 * - `over`: destroyed by this request, or found gone.
 */
export type SessionPhase = 'unloaded' | 'new' | 'live' | 'detached' | 'over'

/** Everything about one session in one request. Only the manager's own files see it. */
export interface SessionState {
  phase: SessionPhase
  id: string | undefined
  secret: Uint8Array | undefined
  created: number
  /** Genuine tokens of the request, in order. */
  readonly tokens: readonly PresentedToken[]
  /** The request came in with a secret that `rotate` has replaced. */
  alias: boolean
  /** The token was signed by a retired key. */
  reissue: boolean
  record: StoredRecord | undefined
  data: Fields | undefined
  /** The payload in the clear as stored, once it was decoded. */
  stored: string | undefined
  /** What `data` serialized to when it was last equal to the store. */
  baseline: string
  permanent: boolean | number | undefined
  detached: false | 'superseded' | 'unavailable'
  cookie: 'none' | 'send' | 'clear'
  /** This request swapped the secret already. */
  swapped: boolean
  /** Something that depends on the cookie was read: the response varies with it. */
  looked: boolean
  /** The request carried a cookie of our name, genuine or not. */
  readonly carried: boolean
  /** The headers of the response, once they were handed out. */
  headers: readonly (readonly [string, string])[] | undefined
  readonly form: CookieForm
  readonly request: RequestFacts
  /** The last operation on this object; the next one waits for it. */
  turn: Promise<unknown> | undefined
}

export function createState(
  context: ManagerContext,
  tokens: readonly PresentedToken[],
  form: CookieForm,
  request: RequestFacts,
  carried: boolean,
  now: number
): SessionState {
  return {
    phase: tokens.length > 0 ? 'unloaded' : 'new',
    id: undefined,
    secret: undefined,
    created: now,
    tokens,
    alias: false,
    reissue: false,
    record: undefined,
    data: undefined,
    stored: undefined,
    baseline: context.emptyPayload,
    permanent: undefined,
    detached: false,
    cookie: 'none',
    swapped: false,
    looked: false,
    carried,
    headers: undefined,
    form,
    request,
    turn: undefined
  }
}

/** Starts over with nothing stored: a fresh identity, made when it is first needed, and empty data. */
export function becomeNew(context: ManagerContext, state: SessionState): void {
  state.phase = 'new'
  state.id = undefined
  state.secret = undefined
  state.created = context.clock.now()
  state.alias = false
  state.reissue = false
  state.record = undefined
  state.permanent = undefined
  state.detached = false
  state.cookie = 'none'
  emptyData(context, state)
}

/** Ended while this request ran: empty, without a user, and no cookie is sent. */
export function becomeOver(context: ManagerContext, state: SessionState): void {
  state.phase = 'over'
  state.record = undefined
  state.permanent = undefined
  state.cookie = 'none'
  state.reissue = false
  emptyData(context, state)
}

export function emptyData(context: ManagerContext, state: SessionState): void {
  state.data = undefined
  state.stored = undefined
  state.baseline = context.emptyPayload
}

/** Takes a record that the presented secret opens as the state of the session. */
export function becomeLive(
  context: ManagerContext,
  state: SessionState,
  token: PresentedToken,
  record: StoredRecord,
  alias: boolean
): void {
  state.phase = 'live'
  state.detached = false
  state.id = token.id
  state.secret = token.secret
  state.created = record.metadata.c
  state.alias = alias
  state.reissue = token.retiredKey && !alias
  state.record = record
  emptyData(context, state)
}

export interface Identity {
  readonly id: string
  readonly secret: Uint8Array
}

/** The id and secret of the session, made up now if it is new. */
export function identityOf(context: ManagerContext, state: SessionState): Identity {
  state.id ??= encodeHex(context.randomBytes(16))
  state.secret ??= context.randomBytes(context.policy.secretBytes)
  return { id: state.id, secret: state.secret }
}

export function secretHashOf(context: ManagerContext, { id, secret }: Identity): string {
  return hashSecret(context.policy.namespace, id, secret)
}

/** The data, decoded on first use. A payload that cannot be read makes the session a new one, with an event. */
export function dataOf(context: ManagerContext, state: SessionState): Fields {
  if (state.data) return state.data
  if (state.phase === 'live' && state.record && state.id !== undefined) {
    const stored = plainPayload(context, context.recordKey(state.id), state.record)
    const data = stored === undefined ? undefined : deserializeData(context, stored)
    if (stored !== undefined && data) {
      state.stored = stored
      state.baseline = stored
      state.data = data
      return data
    }
    context.emit?.({ type: 'rejected', reason: 'corrupt', id: state.id })
    becomeNew(context, state)
  }
  state.data = {}
  return state.data
}

/** Runs `task` after every earlier operation on the same session object, awaited or not. */
export function inTurn<T>(state: SessionState, task: () => Promise<T>): Promise<T> {
  const run = state.turn === undefined ? task() : state.turn.then(task)
  state.turn = run.then(ignore, ignore)
  return run
}

function ignore(): void {}
