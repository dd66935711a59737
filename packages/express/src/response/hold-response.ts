import { needsCommit } from '@kvsession/core/adapter'
import { noteDrainListeners } from './drain.ts'
import { holdCall } from './held-calls.ts'
import { storeAfterEnd, storeBeforeEnd, storeBeforeHeaders } from './held-commit.ts'
import {
  callOriginal,
  type HeldResponse,
  type HeldSession,
  type InterceptedMethod,
  setHeldResponse
} from './held-response.ts'
import { createInterception } from './intercept.ts'
import { applyHead, type ServerResponse } from './server-response.ts'

/**
 * Holds the response back until the sessions are stored (I6), regardless of the method that starts it. Until then
 * `write` returns false, so well-behaved streams stop producing.
 */
export function holdResponse(response: ServerResponse, sessions: readonly HeldSession[]): HeldResponse {
  const { original, shared } = interception.begin(response)
  const held: HeldResponse = {
    response,
    sessions,
    original,
    shared,
    phase: 'waiting',
    failed: false,
    sealed: false,
    complete: false,
    late: false,
    calls: [],
    heldBytes: 0,
    overflow: undefined,
    head: undefined,
    status: 0,
    refused: false,
    drain: undefined,
    errorResponse: 'none'
  }
  setHeldResponse(response, held)
  noteDrainListeners(held)
  return held
}

/** Records that the application uses a session. Once the headers are sent, its changes need a separate commit. */
export function noteUse(held: HeldResponse): void {
  if (held.phase === 'waiting') {
    interception.renew(held)
    return
  }
  if (!held.sealed && held.phase !== 'held') {
    held.sealed = true
    for (const { manager, session } of held.sessions) manager.responseHeaders(session)
  }
  if (held.phase === 'done' && !held.late) void storeAfterEnd(held)
  held.late = true
}

function heldWrite(held: HeldResponse, args: readonly unknown[]): unknown {
  if (passes(held)) return callOriginal(held, 'write', args)
  holdCall(held, 'write', args)
  held.refused = true
  return false
}

function heldEnd(held: HeldResponse, args: readonly unknown[]): unknown {
  if (passes(held)) {
    if (held.phase === 'done' || !held.sessions.some(({ used }) => used)) {
      held.phase = 'done'
      return callOriginal(held, 'end', args)
    }
    held.phase = 'ending'
    void storeBeforeEnd(held)
  }
  holdCall(held, 'end', args)
  return held.response
}

function heldWriteHead(held: HeldResponse, args: readonly unknown[]): unknown {
  if (held.phase === 'waiting' && mayStore(held)) {
    applyHead(held.response, args)
    held.head = typeof args[1] === 'string' ? args.slice(0, 2) : args.slice(0, 1)
  }
  const first = held.phase === 'waiting'
  if (passes(held)) return callOriginal(held, 'writeHead', args)
  // Some middlewares repeat a bare writeHead until they find the header in Node's internals.
  if (!first && held.phase !== 'failed' && args.length > 1) throw headersSentError()
  return held.response
}

function heldFlushHeaders(held: HeldResponse, args: readonly unknown[]): unknown {
  if (passes(held)) return callOriginal(held, 'flushHeaders', args)
  holdCall(held, 'flushHeaders', args)
  return undefined
}

/** Whether a call passes through. The first call of a response decides, and starts the commit if it does not pass. */
function passes(held: HeldResponse): boolean {
  if (held.phase === 'waiting') {
    if (mayStore(held)) {
      held.phase = 'held'
      held.status = held.response.statusCode
      void storeBeforeHeaders(held)
    } else {
      held.phase = 'open'
    }
  }
  return held.phase === 'open' || held.phase === 'done'
}

/** A session that the application has not used needs no commit and no header, unless a touch or rotation is due. */
function mayStore({ sessions }: HeldResponse): boolean {
  return sessions.some(({ used, session }) => used || needsCommit(session))
}

/**
 * A held response looks started to the handler: `headersSent` is true and setting a header throws. Otherwise the response
 * to a late error would be mixed with the queued one.
 */
function changeHeader(name: InterceptedMethod): (held: HeldResponse, args: readonly unknown[]) => unknown {
  return (held, args) => {
    if (held.phase === 'held') throw headersSentError()
    // The abandoned handler only writes its body; a header that is set now belongs to the error response.
    if (held.phase === 'failed' && held.errorResponse === 'none') held.errorResponse = 'expected'
    return callOriginal(held, name, args)
  }
}

function headersSentError(): Error {
  const error = new Error('The response has started: its headers can no longer change')
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' })
}

const interception = createInterception({
  write: heldWrite,
  end: heldEnd,
  writeHead: heldWriteHead,
  flushHeaders: heldFlushHeaders,
  setHeader: changeHeader('setHeader'),
  appendHeader: changeHeader('appendHeader'),
  removeHeader: changeHeader('removeHeader')
})
