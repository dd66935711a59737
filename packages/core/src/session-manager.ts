import { createManagerContext, type ManagerContext } from './context.ts'
import { SessionError } from './errors.ts'
import { rotationDue, touchDue } from './record/metadata-change.ts'
import { serializeData } from './record/payload.ts'
import type { SessionPolicy } from './resolve-options.ts'
import { type Change, headersSent, writeLive } from './session/commit.ts'
import { writeNew } from './session/create-record.ts'
import { loadState, openState } from './session/load.ts'
import { headersOf, type ResponseFacts } from './session/response-cookie.ts'
import { insideOf, Session, synchronous } from './session/session.ts'
import { inTurn, type SessionState } from './session/session-state.ts'
import { settle } from './session/transitions.ts'
import type { SessionData, SessionManagerOptions } from './session-manager-options.ts'
import { type SweeperOptions, startSweeper } from './store/sweeper.ts'
import type { Connection, RequestSource } from './transport/request-source.ts'
import type { HeaderList } from './transport/response-headers.ts'
import { find, listAll, listOfUser, revoke, type SessionInfo, updateStored } from './users/administration.ts'
import { revokeUser } from './users/user-index.ts'

/** What the adapter knows of the response when it commits. */
export interface CommitOptions extends ResponseFacts {
  /** The handler failed; with `commitOnError: false` its data is then not stored. */
  readonly failed?: boolean
}

/** Opens, commits and administers sessions. One per cookie; several may share a store under different namespaces. */
export interface SessionManager<Data extends object = SessionData> {
  /**
   * The session of a request. Hostile input never throws and never reaches the store; it gets a new, empty session.
   *
   * @throws SessionError when the store cannot be read (`status` 503); the cookie is to be left alone.
   */
  open(source: RequestSource, connection?: Connection): Promise<Session<Data>>
  /**
   * Stores what changed, then gives the headers for the response. Call it before the first byte. Afterwards the cookie
   * can no longer change; a second call stores late changes of an existing session.
   *
   * @throws SessionError when it could not be stored. Answer with an error and with {@link responseHeaders}.
   */
  commit(session: Session<Data>, options?: CommitOptions): Promise<{ readonly headers: HeaderList }>
  /** The headers for what is already safe in the store: those of an error response when {@link commit} threw. */
  responseHeaders(session: Session<Data>, response?: ResponseFacts): HeaderList
  /** A session by its public id; `undefined` when there is none, or for anything that is no id. */
  find(id: string): Promise<SessionInfo<Data> | undefined>
  /** The live sessions of one user, last seen first. Costs one read per session of that user. */
  list(filter: { readonly userId: string }): Promise<SessionInfo<Data>[]>
  /** All live sessions, in pages and no order. Needs a store with `keys`. */
  list(): AsyncIterable<SessionInfo<Data>>
  /** Changes a session's data without its client; `change` must be synchronous. @returns false when there is none. */
  update(id: string, change: (data: Data) => void): Promise<boolean>
  /** Ends a session; of that user only, if one is named. @returns false when there was none. */
  revoke(id: string, only?: { readonly userId?: string }): Promise<boolean>
  /**
   * Ends all sessions of a user but those in `except` (public ids). A login under way fails with `LOGIN_REVOKED`.
   *
   * @returns how many were ended. OWASP ASVS 5.0, 7.4.2, 7.4.3.
   */
  revokeAll(userId: string, options?: { readonly except?: string | readonly string[] }): Promise<number>
  /** Deletes what has expired, where the engine does not by itself. @returns how many values. */
  sweep(): Promise<number>
  /** Sweeps now and then. @returns a function that stops it. */
  startSweeper(options?: SweeperOptions): () => void
  /** Stops sweepers, waits for writes under way, closes what the store itself opened. */
  close(): Promise<void>
  /** The options in effect, durations in milliseconds. */
  readonly policy: SessionPolicy
}

/**
 * @throws SessionError with the cure, for every option that can be seen to be wrong before the first request.
 */
export function createSessionManager<Data extends object = SessionData>(
  options: SessionManagerOptions<Data>
): SessionManager<Data> {
  const { context, store } = createManagerContext(options)
  const stops = new Set<() => void>()

  function list(filter: { readonly userId: string }): Promise<SessionInfo<Data>[]>
  function list(): AsyncIterable<SessionInfo<Data>>
  function list(filter?: { readonly userId: string }): Promise<SessionInfo<Data>[]> | AsyncIterable<SessionInfo<Data>> {
    return filter ? listOfUser<Data>(context, filter.userId) : listAll<Data>(context)
  }

  async function commit(session: Session<Data>, response: CommitOptions = {}): Promise<{ headers: HeaderList }> {
    const { state } = insideOf(session)
    const store = (): Promise<void> | undefined => storeChanges(context, state, response)
    const storing = state.turn ? inTurn(state, async () => store()) : store()
    if (storing !== undefined) {
      if (!state.turn) void inTurn(state, () => storing)
      await storing
    }
    return { headers: headersOf(context, state, response) }
  }

  async function sweep(): Promise<number> {
    const deleted = await context.access.deleteExpired()
    context.emit?.({ type: 'swept', deleted })
    return deleted
  }

  return {
    policy: context.policy,
    open(source, connection) {
      if (context.closed) return Promise.reject(new SessionError('MANAGER_CLOSED', 'The session manager is closed'))
      const state = openState(context, source, connection)
      const session = new Session<Data>({ context, state })
      const wanted = state.phase === 'unloaded' && !context.policy.lazy
      return wanted ? loadState(context, state, session) : Promise.resolve(session)
    },
    commit,
    responseHeaders: (session, response = {}) => headersOf(context, insideOf(session).state, response),
    find: (id) => find<Data>(context, id),
    list,
    update: (id, change) => updateStored(context, id, synchronous(change)),
    revoke: (id, only) => revoke(context, id, only?.userId),
    revokeAll: (userId, { except = [] } = {}) =>
      revokeUser(context, userId, new Set(typeof except === 'string' ? [except] : except)),
    sweep,
    startSweeper(sweeperOptions) {
      const stop = startSweeper(sweep, context.randomBytes, sweeperOptions)
      stops.add(stop)
      return () => {
        stops.delete(stop)
        stop()
      }
    },
    async close() {
      context.closed = true
      for (const stop of stops) stop()
      stops.clear()
      await context.queue.idle()
      await store.close?.()
    }
  }
}

/** Whether a touch or a rotation is due; an untouched session that needs neither costs nothing more. */
export function upkeepDue(context: ManagerContext, { phase, record, alias, swapped }: SessionState): boolean {
  if (phase !== 'live' || !record || swapped) return false
  const now = context.clock.now()
  return touchDue(context, record.metadata, !alias, now) || (!alias && rotationDue(context, record.metadata, now))
}

/** Stores what changed. Gives no promise where there is nothing to store, which is most requests. */
function storeChanges(
  context: ManagerContext,
  state: SessionState,
  { failed }: CommitOptions
): Promise<void> | undefined {
  const withoutData = failed === true && !context.policy.commitOnError
  const plain = state.data && !withoutData ? serializeData(context, state.data) : state.baseline
  const changed = plain !== state.baseline
  if (state.phase === 'new') {
    if (!changed) return undefined
    if (state.headers) {
      context.emit?.({ type: 'cookieSkipped', reason: 'headers-sent', cure: 'store before the response starts' })
      throw headersSent()
    }
    return writeNew(context, state, undefined, undefined, plain)
  }
  if (state.phase === 'live') {
    const lost = changed || state.permanent !== undefined
    return lost || upkeepDue(context, state) ? storeLive(context, state, { withoutData, plain }, lost) : undefined
  }
  if (changed) {
    const reason = state.phase === 'over' ? 'gone' : 'detached'
    context.emit?.({ type: 'dropped', id: state.id ?? '', reason })
    state.baseline = plain
  }
  return undefined
}

function storeLive(context: ManagerContext, state: SessionState, change: Change, lost: boolean): Promise<void> {
  return writeLive(context, state, change).then(
    (outcome) => settle(context, state, outcome, lost),
    (error: unknown) => {
      // A failed touch is not worth a failed request: the store's error was reported as an event.
      if (lost || !(error instanceof SessionError) || error.status !== 503) throw error
    }
  )
}
