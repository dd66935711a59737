import { guard } from './callback.ts'
import { hook, keep, refuseUnknown } from './option-check.ts'
import { needsCommit as stateNeedsCommit } from './session/commit.ts'
import { watchFailure } from './session/dropped-failure.ts'
import { internalsOf, type Session } from './session/session.ts'
import { becomeWatched } from './session/session-state.ts'
import { type CommitOptions, createSessionManager, type SessionManager } from './session-manager.ts'
import type { SessionManagerOptions } from './session-manager-options.ts'
import type { Connection, RequestSource } from './transport/request-source.ts'

/** What every adapter takes beside the options of the manager. */
export interface AdapterOptions<Request> {
  /**
   * Which requests only look at the session, such as a poll that asks when it ends: they neither move `lastSeenAt`, nor
   * rotate, nor send the cookie again. Default: none.
   */
  passive?(request: Request): boolean
}

/** A manager, and how an adapter opens its sessions. */
export interface SessionOpener<Data extends object, Request> {
  readonly manager: SessionManager<Data>
  open(request: Request, source: RequestSource, connection?: Connection): Promise<Session<Data>>
}

/**
 * The manager of a middleware, and the options of its adapter, which stand among those of the manager, or beside a manager.
 *
 * @throws SessionError for wrong options.
 */
export function openerOf<Data extends object, Request>(
  source: (SessionManagerOptions<Data> & AdapterOptions<Request>) | SessionManager<Data>,
  options: AdapterOptions<Request> = {}
): SessionOpener<Data, Request> {
  refuseUnknown({ passive: keep }, options)
  const { manager, passive } = isManager(source) ? { manager: source, ...options } : fromOptions(source, options)
  if (passive === undefined) {
    return { manager, open: (_, from, connection) => manager.open(from, connection) }
  }
  hook()(passive, 'passive')
  const looks = guard('passive', (request: Request) => passive(request), isBoolean)
  return {
    manager,
    open: async (request, from, connection) => manager.open(from, { ...connection, touch: !looks(request) })
  }
}

/** Takes the adapter's own option out of those of the manager, which checks everything else that it is given. */
function fromOptions<Data extends object, Request>(
  source: SessionManagerOptions<Data> & AdapterOptions<Request>,
  beside: AdapterOptions<Request>
): { readonly manager: SessionManager<Data> } & AdapterOptions<Request> {
  if (!('passive' in Object(source))) return { manager: createSessionManager<Data>(source), ...beside }
  const { passive, ...options } = source
  return { manager: createSessionManager<Data>(options), ...(passive !== undefined && { passive }) }
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}

function isManager<Data extends object>(
  source: SessionManagerOptions<Data> | SessionManager<Data>
): source is SessionManager<Data> {
  return typeof source === 'object' && source !== null && 'open' in source && typeof source.open === 'function'
}

/**
 * Whether a commit of `session` would store something or give a header. False while the application has not used the
 * session and no touch, rotation or re-issue is due: the response can then be sent without a commit.
 *
 * @throws SessionError `ARGUMENT_INVALID` for a session of another copy of the core.
 */
export function needsCommit(session: Session<object>): boolean {
  const { context, state } = internalsOf(session)
  return stateNeedsCommit(context, state)
}

/**
 * For an operation that an adapter makes of several, such as `req.session.regenerate()`. If it fails and nobody takes the
 * error of the promise that this gives, the next commit fails with it, as with the operations of the session itself.
 */
export function failCommitUnlessTaken<T>(session: Session<object>, operation: Promise<T>): Promise<T> {
  return watchFailure(internalsOf(session).state, operation)
}

/**
 * For an adapter that does not learn when a response ends: says that the commit which was just made is the last one. Data
 * that is changed later, and not stored by `save` or `update`, is then an event: `dropped`, `late`. A change is noticed only
 * if it was reached through the session, as in `session.data.a = 1`.
 */
export function reportLateChanges(session: Session<object>): void {
  becomeWatched(internalsOf(session).state, true)
}

/** Reads what a commit asks of the response. */
export interface ResponseReader<Response> {
  /** A header that the handler set. `undefined`: the response has no such header. */
  header(response: Response, name: string): string | undefined
  status(response: Response): number
}

/**
 * What a commit needs to know of the response. Nothing is read before it is needed.
 *
 * A class with a shared reader, because an accessor in an object literal gives every object a hidden class of its own:
 * 12 µs a request, and garbage that only a full collection removes.
 */
export class CommitFacts<Response> implements CommitOptions {
  readonly failed: boolean
  readonly #response: Response
  readonly #reader: ResponseReader<Response>

  /** @param reader one object for all requests. */
  constructor(response: Response, reader: ResponseReader<Response>, options: { readonly failed?: boolean } = {}) {
    this.failed = options.failed === true
    this.#response = response
    this.#reader = reader
  }

  get cacheControl(): string | undefined {
    return this.#reader.header(this.#response, 'Cache-Control')
  }

  get status(): number {
    return this.#reader.status(this.#response)
  }
}

/**
 * Headers that describe the handler's response. When the commit fails, another response is sent, which must not carry
 * them: `Refresh` or `Location` would tell the visitor that the request succeeded. Headers that concern every response,
 * such as those of CORS and CSP, are not among them.
 */
export const representationHeaders = [
  'Accept-Ranges',
  'Cache-Control',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Location',
  'Content-Range',
  'Content-Type',
  'ETag',
  'Expires',
  'Last-Modified',
  'Location',
  'Refresh',
  'Trailer',
  'Transfer-Encoding'
] as const

/** A web `Headers`, or anything with these methods of a Node response. */
export type RemovableHeaders =
  | { delete(name: string): unknown }
  | { getHeader(name: string): unknown; removeHeader(name: string): unknown }

/** Removes the {@link representationHeaders} before an error is sent in place of the handler's response. */
export function removeRepresentation(headers: RemovableHeaders): void {
  for (const name of representationHeaders) {
    if ('delete' in headers) headers.delete(name)
    // Node does not add a header by itself once it was removed, even if it was not set: remove only those that are.
    else if (headers.getHeader(name) !== undefined) headers.removeHeader(name)
  }
}

/**
 * A property of requests, or of a framework's contexts, that only its owner can read and write. On the object itself: a
 * WeakMap with an entry per request costs the garbage collector twice as much as the request.
 */
export class RequestSlot<Value> {
  /** Named, so that a printed request tells where the property comes from. */
  readonly #key: symbol = Symbol('kvsession')

  get(request: object): Value | undefined {
    return asCarrier<Value>(request)[this.#key]
  }

  set(request: object, value: Value): void {
    asCarrier<Value>(request)[this.#key] = value
  }
}

interface Carrier<Value> {
  [key: symbol]: Value | undefined
}

/** Nobody else has the symbol of a slot, so that its `set` wrote what is found under it. */
function asCarrier<Value>(request: object): Carrier<Value> {
  return request as Carrier<Value>
}
