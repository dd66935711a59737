import type { SessionError } from '@kvsession/core'
import type { ServerResponse } from './server-response.ts'
import type { SessionEntry } from './session-entry.ts'

/**
 * - `waiting`: the handler has not answered yet.
 * - `held`: it has; what it answers is queued until the sessions are stored.
 * - `open`: the headers are out, the body passes through.
 * - `ending`: it has ended a response that began earlier; the end is held until late changes are stored.
 * - `done`: everything passes through.
 * - `failed`: the sessions could not be stored; what the handler answers is dropped, only an error answer passes.
 */
export type HoldPhase = 'waiting' | 'held' | 'open' | 'ending' | 'done' | 'failed'

export type HeldMethod = 'write' | 'end' | 'flushHeaders'

/** What is known of a response whose start is held back. One per request, shared by all sessions of it. */
export interface ResponseHold {
  readonly response: ServerResponse
  readonly entries: readonly SessionEntry[]
  /** The methods as they were: Node's, or those of a middleware mounted before. */
  readonly beneath: Pick<ServerResponse, HeldMethod | 'writeHead'>
  phase: HoldPhase
  /** The handler failed, whatever its status says. */
  failed: boolean
  /** The session objects know that the cookie can no longer change. */
  sealed: boolean
  /** The handler had ended when the first commit began, so that commit saw all its changes. */
  complete: boolean
  /** Somebody looked at a session since the last commit began. */
  late: boolean
  calls: { readonly name: HeldMethod; readonly args: readonly unknown[] }[]
  /** Bytes of the chunks in `calls`. */
  heldBytes: number
  /** The handler wrote more than may wait: the response fails once the commit under way has ended. */
  overflow: SessionError | undefined
  /** Arguments of the handler's own `writeHead`, without its headers. */
  head: readonly unknown[] | undefined
  status: number
  /** A `write` was answered with false: somebody waits for `drain`. */
  refused: boolean
  /** Set while the headers are frozen. */
  headers: Pick<ServerResponse, 'setHeader' | 'appendHeader' | 'removeHeader'> | undefined
  drain: { readonly on: ServerResponse['on']; readonly listeners: Set<(...args: unknown[]) => void> } | undefined
  /** Where the error answer stands: who writes now is the application's error handling, or it has begun. */
  answer: 'none' | 'expected' | 'begun'
}

const key: unique symbol = Symbol('kvsession response hold')

interface Held {
  [key]?: ResponseHold
}

/** Only this file knows the symbol, so what is found under it was put there by {@link setHold}. */
function heldOf(response: ServerResponse): Held {
  return response as Held
}

export function setHold(response: ServerResponse, hold: ResponseHold): void {
  heldOf(response)[key] = hold
}

export function holdOf(response: ServerResponse): ResponseHold {
  const hold = heldOf(response)[key]
  if (hold) return hold
  throw new TypeError('A method of one response was called on another object')
}

/** Makes the call that was intercepted. */
export function pass(hold: ResponseHold, name: HeldMethod | 'writeHead', args: readonly unknown[]): unknown {
  return Reflect.apply(hold.beneath[name], hold.response, args)
}

export function callBack(args: readonly unknown[], error: unknown): void {
  const last = args.at(-1)
  if (typeof last === 'function') process.nextTick(last, error)
}
