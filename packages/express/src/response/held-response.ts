import type { Session, SessionError, SessionManager } from '@kvsession/core'
import type { ServerResponse } from './server-response.ts'

/**
 * - `waiting`: the handler has not started its response.
 * - `held`: the handler has started it; its calls are queued until the sessions are stored.
 * - `open`: the headers are sent, the body passes through.
 * - `ending`: the handler has ended a response that was open; the end is queued until late changes are stored.
 * - `done`: every call passes through.
 * - `failed`: the sessions could not be stored; the handler's calls are dropped, only an error response passes.
 */
export type HeldPhase = 'waiting' | 'held' | 'open' | 'ending' | 'done' | 'failed'

export type HeldMethod = 'write' | 'end' | 'flushHeaders'

/** The methods of a response that are intercepted. */
export type InterceptedMethod = HeldMethod | 'writeHead' | 'setHeader' | 'appendHeader' | 'removeHeader'

export type OriginalMethods = Pick<ServerResponse, InterceptedMethod>

/** A session that must be stored before the response starts. */
export interface HeldSession {
  readonly manager: SessionManager<object>
  readonly session: Session<object>
  /** Receives an error of the commit. */
  readonly next: (error?: unknown) => void
  /** The application has used the session, so it may need a commit. */
  used: boolean
  /** `null`: `req.session` was set to null, and the commit will destroy the session. `gone`: it has been destroyed. */
  ended: false | 'null' | 'gone'
}

/** The state of a response whose start is held back. One per request, shared by all sessions of the request. */
export interface HeldResponse {
  readonly response: ServerResponse
  readonly sessions: readonly HeldSession[]
  /** The methods that ours replace: Node's, or those of a middleware mounted earlier. */
  original: OriginalMethods
  /** Our methods are those of the framework's prototype; otherwise they are properties of this response. */
  shared: boolean
  phase: HeldPhase
  /** The handler failed, regardless of the status. */
  failed: boolean
  /** The session objects know that the cookie can no longer change. */
  sealed: boolean
  /** The handler ended the response before the first commit began, so that commit saw all its changes. */
  complete: boolean
  /** The application has used a session since the last commit began. */
  late: boolean
  calls: { readonly name: HeldMethod; readonly args: readonly unknown[] }[]
  /** Bytes of the chunks in `calls`. */
  heldBytes: number
  /** The handler wrote more than may be queued: the response fails once the current commit has ended. */
  overflow: SessionError | undefined
  /** Arguments of the handler's own `writeHead`, without its headers. */
  head: readonly unknown[] | undefined
  status: number
  /** A held `write` has returned false, so its caller waits for `drain`. */
  refused: boolean
  drain: { readonly on: ServerResponse['on']; readonly listeners: Set<(...args: unknown[]) => void> } | undefined
  /** `expected`: a call now comes from the application's error handling. `begun`: our headers are added. */
  errorResponse: 'none' | 'expected' | 'begun'
}

/** Not a RequestSlot: with a second slot in the process V8 no longer inlines their symbols, 0.3 µs per request. */
const key: unique symbol = Symbol('kvsession held response')

interface Carrier {
  [key]?: HeldResponse
}

/** Only this file has the symbol, so the value can only come from {@link setHeldResponse}. */
function asCarrier(response: ServerResponse): Carrier {
  return response as Carrier
}

export function setHeldResponse(response: ServerResponse, held: HeldResponse): void {
  asCarrier(response)[key] = held
}

export function findHeldResponse(response: ServerResponse): HeldResponse | undefined {
  return asCarrier(response)[key]
}

export function heldResponseOf(response: ServerResponse): HeldResponse {
  const held = findHeldResponse(response)
  if (held) return held
  throw new TypeError('A method of one response was called on another object')
}

/** Makes the call that was intercepted. */
export function callOriginal(held: HeldResponse, name: InterceptedMethod, args: readonly unknown[]): unknown {
  return Reflect.apply(held.original[name], held.response, args)
}

/** Calls the callback of a held `write` or `end`, if it has one. */
export function callBack(args: readonly unknown[], error: unknown): void {
  const last = args.at(-1)
  if (typeof last === 'function') process.nextTick(last, error)
}
