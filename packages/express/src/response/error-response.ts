import { applyHeaders } from '@kvsession/core'
import { removeRepresentation } from '@kvsession/core/adapter'
import { releaseBytes } from './held-calls.ts'
import { callBack, callOriginal, type HeldResponse, heldResponseOf } from './held-response.ts'
import { readHeader, type ServerResponse } from './server-response.ts'

/**
 * Drops the handler's queued response and lets the application's error handling respond in its place. If no error
 * handling can be reached, sends a plain error. Cookies that are already valid in the store still go out (G5).
 */
export function respondWithError(held: HeldResponse, error: unknown): void {
  const { response, calls } = held
  held.phase = 'failed'
  held.calls = []
  releaseBytes(held)
  for (const { args } of calls) callBack(args, error)
  const sent = response.headersSent
  if (!sent) prepare(held, error)
  const next = held.sessions.at(-1)?.next
  let reached = false
  // A chain whose next() takes no error would run the handler again.
  if (next && next.length > 0) {
    held.errorResponse = 'expected'
    try {
      next(error)
      reached = true
    } catch {}
    if (errorResponseOf(held) === 'expected') held.errorResponse = 'none'
  }
  // A truncated response must not look complete.
  if (sent) response.destroy()
  else if (!reached) respondPlainly(held)
}

/** Reports an error that occurred after the response was complete, or after the client disconnected. */
export function reportLate(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}

function prepare(held: HeldResponse, error: unknown): void {
  const { response } = held
  removeRepresentation(response)
  response.statusCode = statusOf(error)
  // http/2 has no status message and warns when one is set.
  if (!('stream' in response)) response.statusMessage = ''
  // New functions, because the wrappers of a middleware mounted after us still call the old ones, which drop every call.
  response.write = errorWrite
  response.end = errorEnd
  response.writeHead = errorWriteHead
  response.flushHeaders = errorFlushHeaders
}

function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === 503 ? 503 : 500
}

function errorWrite(this: ServerResponse, ...args: unknown[]): unknown {
  const held = heldResponseOf(this)
  return beginErrorResponse(held) && callOriginal(held, 'write', args)
}

function errorEnd(this: ServerResponse, ...args: unknown[]): unknown {
  const held = heldResponseOf(this)
  if (beginErrorResponse(held)) return callOriginal(held, 'end', args)
  // The handler ended the response, or an error handler that set no header did: in both cases send an error.
  respondPlainly(held)
  return this
}

function errorWriteHead(this: ServerResponse, ...args: unknown[]): unknown {
  const held = heldResponseOf(this)
  if (held.errorResponse === 'none') held.errorResponse = 'expected'
  beginErrorResponse(held)
  return callOriginal(held, 'writeHead', args)
}

function errorFlushHeaders(this: ServerResponse, ...args: unknown[]): unknown {
  const held = heldResponseOf(this)
  return beginErrorResponse(held) ? callOriginal(held, 'flushHeaders', args) : undefined
}

/** Adds our headers once. @returns false if the call does not come from the application's error handling. */
function beginErrorResponse(held: HeldResponse): boolean {
  if (held.errorResponse === 'none') return false
  if (held.errorResponse === 'begun') return true
  held.errorResponse = 'begun'
  const cacheControl = readHeader(held.response, 'Cache-Control')
  for (const { manager, session } of held.sessions) {
    applyHeaders(manager.responseHeaders(session, { cacheControl }), held.response)
  }
  return true
}

function respondPlainly(held: HeldResponse): void {
  const { response } = held
  held.errorResponse = 'expected'
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(response.statusCode === 503 ? 'Service Unavailable\n' : 'Internal Server Error\n')
}

/** Reads it again, because the error handling may have responded in the meantime. */
function errorResponseOf(held: HeldResponse): HeldResponse['errorResponse'] {
  return held.errorResponse
}
