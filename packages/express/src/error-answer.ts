import { applyHeaders } from '@kvsession/core'
import { trulySent } from './frozen-headers.ts'
import { callBack, holdOf, pass, type ResponseHold } from './response-hold.ts'
import { forgetRepresentation, type ServerResponse } from './server-response.ts'

/**
 * Lets the application's error handling answer in place of the handler, whose queued answer is dropped. Where none can
 * be reached, answers itself. Cookies that are already valid in the store still go out (G5).
 */
export function answerError(hold: ResponseHold, error: unknown): void {
  const { response, calls } = hold
  hold.phase = 'failed'
  hold.calls = []
  for (const { args } of calls) callBack(args, error)
  const sent = trulySent(response)
  if (!sent) prepare(hold, error)
  const next = hold.entries.at(-1)?.next
  let reached = false
  // A chain whose next() takes no error would run the handler again.
  if (next && next.length > 0) {
    hold.answer = 'expected'
    try {
      next(error)
      reached = true
    } catch {}
    if (answerOf(hold) === 'expected') hold.answer = 'none'
  }
  // Half an answer must not look like a whole one.
  if (sent) response.destroy()
  else if (!reached) answerPlainly(hold)
}

/** An error after the response was complete, or its client gone: nobody is left to answer. */
export function reportLate(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}

function prepare(hold: ResponseHold, error: unknown): void {
  const { response } = hold
  forgetRepresentation(response)
  response.statusCode = statusOf(error)
  // http/2 has no status message and warns when one is set.
  if (!('stream' in response)) response.statusMessage = ''
  // New functions: what a middleware mounted after us has wrapped still leads to the old ones, which drop all.
  response.write = answerWrite
  response.end = answerEnd
  response.writeHead = answerWriteHead
  response.flushHeaders = answerFlushHeaders
}

function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === 503 ? 503 : 500
}

function answerWrite(this: ServerResponse, ...args: unknown[]): unknown {
  const hold = holdOf(this)
  return beginAnswer(hold) && pass(hold, 'write', args)
}

function answerEnd(this: ServerResponse, ...args: unknown[]): unknown {
  const hold = holdOf(this)
  if (beginAnswer(hold)) return pass(hold, 'end', args)
  // The handler's own end, or that of an error handler too modest to set a header: either way an error is due.
  answerPlainly(hold)
  return this
}

function answerWriteHead(this: ServerResponse, ...args: unknown[]): unknown {
  const hold = holdOf(this)
  if (hold.answer === 'none') hold.answer = 'expected'
  beginAnswer(hold)
  return pass(hold, 'writeHead', args)
}

function answerFlushHeaders(this: ServerResponse, ...args: unknown[]): unknown {
  const hold = holdOf(this)
  return beginAnswer(hold) ? pass(hold, 'flushHeaders', args) : undefined
}

/** Adds our headers once. False: who calls is not the error handling. */
function beginAnswer(hold: ResponseHold): boolean {
  if (hold.answer === 'none') return false
  if (hold.answer === 'begun') return true
  hold.answer = 'begun'
  const cacheControl = cacheControlOf(hold.response)
  for (const { manager, session } of hold.entries) {
    applyHeaders(manager.responseHeaders(session, { cacheControl }), hold.response)
  }
  return true
}

function answerPlainly(hold: ResponseHold): void {
  const { response } = hold
  hold.answer = 'expected'
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(response.statusCode === 503 ? 'Service Unavailable\n' : 'Internal Server Error\n')
}

export function cacheControlOf(response: ServerResponse): string | undefined {
  const value = response.getHeader('Cache-Control')
  return value === undefined ? undefined : String(value)
}

/** Read anew: the error handling may have answered meanwhile. */
function answerOf(hold: ResponseHold): ResponseHold['answer'] {
  return hold.answer
}
