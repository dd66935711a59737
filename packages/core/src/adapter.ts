import { guard } from './callback.ts'
import { hook, keep, refuseUnknown } from './option-check.ts'
import { needsCommit as stateNeedsCommit } from './session/commit.ts'
import { watchFailure } from './session/dropped-failure.ts'
import { isChanged } from './session/late-change.ts'
import { internalsOf, type Session } from './session/session.ts'
import { becomeWatched } from './session/session-state.ts'
import { type CommitOptions, createSessionManager, type SessionManager } from './session-manager.ts'
import type { SessionManagerOptions } from './session-manager-options.ts'
import { bearerTransport } from './transport/bearer.ts'
import { findCookies } from './transport/cookie-header.ts'
import { type Connection, type RequestSource, readRequest } from './transport/request-source.ts'
import { prefixes } from './transport/set-cookie.ts'

export { tokenNameOf } from './resolve-options.ts'
export { cookiesOf } from './session/response-cookie.ts'
export { sendsToken, withHeaders } from './transport/response-headers.ts'

/** The options of every adapter, besides those of the manager. */
export interface AdapterOptions<Request> {
  /**
   * Returns true for a request that only looks at the session, such as a poll for its expiry: it does not move
   * `lastSeenAt`, rotate the secret or send the cookie again. Default: no request.
   */
  passive?(request: Request): boolean
}

/** A manager, and the function with which an adapter opens its sessions. */
export interface SessionOpener<Data extends object, Request> {
  readonly manager: SessionManager<Data>
  open(request: Request, source: RequestSource, connection?: Connection): Promise<Session<Data>>
}

/**
 * Makes the manager of a middleware from options, or takes a finished one. The options of the adapter are part of the
 * manager's options, or a second argument beside a finished manager.
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
  const isPassive = guard('passive', (request: Request) => passive(request), isBoolean)
  return {
    manager,
    open: async (request, from, connection) => manager.open(from, { ...connection, touch: !isPassive(request) })
  }
}

/** Separates the adapter's own option from those of the manager, which refuses options that it does not know. */
function fromOptions<Data extends object, Request>(
  source: SessionManagerOptions<Data> & AdapterOptions<Request>,
  adapterOptions: AdapterOptions<Request>
): { readonly manager: SessionManager<Data> } & AdapterOptions<Request> {
  if (!('passive' in Object(source))) return { manager: createSessionManager<Data>(source), ...adapterOptions }
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
 * Whether a commit of `session` would store something or return a header. False while the application has not used the
 * session and no touch, rotation or re-issue is due: the response can then be sent without a commit.
 *
 * @throws SessionError `ARGUMENT_INVALID` for a session of another copy of @kvsession/core.
 */
export function needsCommit(session: Session<object>): boolean {
  const { context, state } = internalsOf(session)
  return stateNeedsCommit(context, state)
}

/** Whether the session has changes of its data that only a commit, `save` or `update` would store. Serializes the data. */
export function hasUnsavedData(session: Session<object>): boolean {
  const { context, state } = internalsOf(session)
  return isChanged(context, state)
}

/**
 * For an operation that an adapter composes of several, such as `req.session.regenerate()`. If it fails and the application
 * does not handle the rejection of the returned promise, the next commit fails with that error, as it does for the
 * operations of the session itself.
 */
export function failCommitUnlessTaken<T>(session: Session<object>, operation: Promise<T>): Promise<T> {
  return watchFailure(internalsOf(session).state, operation)
}

/**
 * For an adapter that does not learn when a response ends: declares the commit that was just made the last one. A later
 * change that neither `save` nor `update` stores then raises the event `dropped` with the reason `late`. A change is noticed
 * only if it is made through the session, as in `session.data.a = 1`.
 */
export function reportLateChanges(session: Session<object>): void {
  becomeWatched(internalsOf(session).state, true)
}

/**
 * Whether two requests have the same token of a session, or both have none. For frameworks in which a server makes requests to
 * itself with the headers of the request that it serves: both then belong to one visitor, and can share one session.
 */
export function hasSameToken(one: RequestSource, other: RequestSource, policy: TokenPolicy): boolean {
  return tokensOf(one, policy) === tokensOf(other, policy)
}

type TokenPolicy = Pick<SessionManager['policy'], 'transport' | 'cookie'>

/** Under each prefix, because the prefix depends on the connection. */
function tokensOf(source: RequestSource, { transport, cookie }: TokenPolicy): string {
  if (transport === 'bearer')
    return bearerTransport.read(readRequest(source, undefined, 'authorization').credentials).join()
  const { credentials } = readRequest(source, undefined)
  return Object.values(prefixes)
    .map((prefix) => findCookies(credentials, prefix + cookie.name).join())
    .join(';')
}

/** Reads the facts about the response that a commit needs. */
export interface ResponseReader<Response> {
  /** A header that the handler set. `undefined`: the response has no such header. */
  header(response: Response, name: string): string | undefined
  status(response: Response): number
}

/**
 * The facts about the response that a commit needs, each read only when it is needed.
 *
 * A class with a shared reader, because an accessor in an object literal gives every object a hidden class of its own:
 * 12 µs a request, and garbage that only a full collection removes.
 */
export class CommitFacts<Response> implements CommitOptions {
  readonly failed: boolean
  readonly #response: Response
  readonly #reader: ResponseReader<Response>

  /** @param reader one object, shared by all requests. */
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
    // Once a header was removed, Node does not add it by itself, even if it was not set: remove only those that are set.
    else if (headers.getHeader(name) !== undefined) headers.removeHeader(name)
  }
}

/**
 * A property of requests, or of a framework's contexts, that only its owner can read and write. On the object itself: a
 * WeakMap with an entry per request costs the garbage collector twice as much as the request.
 */
export class RequestSlot<Value> {
  /** Named, so that a printed request shows where the property comes from. */
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

/** Only the slot has its symbol, so its own `set` has written every value under it. */
function asCarrier<Value>(request: object): Carrier<Value> {
  return request as Carrier<Value>
}
