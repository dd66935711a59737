import { needsCommit } from '@kvsession/core/adapter'
import { noteDrainListeners } from './drain.ts'
import { freezeHeaders, headersSentError } from './frozen-headers.ts'
import { holdCall } from './held-calls.ts'
import { storeAfterEnd, storeBeforeEnd, storeBeforeHeaders } from './held-commit.ts'
import { callOriginal, type HeldResponse, type HeldSession, heldResponseOf, setHeldResponse } from './held-response.ts'
import { applyHead, type ServerResponse } from './server-response.ts'

/**
 * Holds the response back until the sessions are stored (I6), regardless of the method that starts it. Until then
 * `write` returns false, so well-behaved streams stop producing.
 */
export function holdResponse(response: ServerResponse, sessions: readonly HeldSession[]): HeldResponse {
  const { write, end, writeHead, flushHeaders } = response
  const held: HeldResponse = {
    response,
    sessions,
    original: { write, end, writeHead, flushHeaders },
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
    headers: undefined,
    drain: undefined,
    errorResponse: 'none'
  }
  setHeldResponse(response, held)
  // Shared functions, because a closure per request and method costs tens of milliseconds of garbage collection under load.
  response.write = heldWrite
  response.end = heldEnd
  response.writeHead = heldWriteHead
  response.flushHeaders = heldFlushHeaders
  noteDrainListeners(held)
  return held
}

/** Records that the application uses a session. Once the headers are sent, its changes need a separate commit. */
export function noteUse(held: HeldResponse): void {
  if (held.phase === 'waiting') return
  if (!held.sealed && held.phase !== 'held') {
    held.sealed = true
    for (const { manager, session } of held.sessions) manager.responseHeaders(session)
  }
  if (held.phase === 'done' && !held.late) void storeAfterEnd(held)
  held.late = true
}

function heldWrite(this: ServerResponse, ...args: unknown[]): unknown {
  const held = heldResponseOf(this)
  if (passes(held)) return callOriginal(held, 'write', args)
  holdCall(held, 'write', args)
  held.refused = true
  return false
}

function heldEnd(this: ServerResponse, ...args: unknown[]): unknown {
  const held = heldResponseOf(this)
  if (passes(held)) {
    if (held.phase === 'done' || !held.sessions.some(({ used }) => used)) {
      held.phase = 'done'
      return callOriginal(held, 'end', args)
    }
    held.phase = 'ending'
    void storeBeforeEnd(held)
  }
  holdCall(held, 'end', args)
  return this
}

function heldWriteHead(this: ServerResponse, ...args: unknown[]): unknown {
  const held = heldResponseOf(this)
  if (held.phase === 'waiting' && mayStore(held)) {
    applyHead(this, args)
    held.head = typeof args[1] === 'string' ? args.slice(0, 2) : args.slice(0, 1)
  }
  const first = held.phase === 'waiting'
  if (passes(held)) return callOriginal(held, 'writeHead', args)
  // Some middlewares repeat a bare writeHead until they find the header in Node's internals.
  if (!first && held.phase !== 'failed' && args.length > 1) throw headersSentError()
  return this
}

function heldFlushHeaders(this: ServerResponse, ...args: unknown[]): unknown {
  const held = heldResponseOf(this)
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
      freezeHeaders(held)
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
