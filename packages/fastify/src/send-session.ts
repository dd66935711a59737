import { applyHeaders, type HeaderList, isSessionError, SessionError } from '@kvsession/core'
import {
  CommitFacts,
  hasUnsavedData,
  RequestSlot,
  type ResponseReader,
  removeRepresentation,
  reportLateChanges,
  withHeaders
} from '@kvsession/core/adapter'
import type { FastifyReply } from 'fastify'
import { type RequestSession, requestSessionOf } from './request-session.ts'

/**
 * Stores the changes and adds the headers to the response, for an `onSend` hook.
 *
 * @returns the payload to send; `undefined`: the payload stays, and there was nothing to wait for. Rejects with a
 * SessionError if the changes could not be stored; the error response then passes here again, and carries the cookie of what
 * is already stored, such as a login.
 */
export function sendSession(
  found: RequestSession,
  reply: FastifyReply,
  payload: unknown
): Promise<unknown> | undefined {
  const { session, manager } = found
  found.responded = true
  if (found.needsCommit && !found.commitFailed) return commitAndSend(found, reply, payload)
  addHeaders(manager.responseHeaders(session), reply, payload)
  if (!found.commitFailed) watchLateChanges(found, reply, payload)
  return undefined
}

async function commitAndSend(found: RequestSession, reply: FastifyReply, payload: unknown): Promise<unknown> {
  // Fastify calls no hook for an error of an error response, so nothing could undo the mark there.
  if (!found.failed) markSent(reply)
  const failed = found.failed || reader.status({ reply, payload }) >= 500
  try {
    const headers = await found.commit(new CommitFacts({ reply, payload }, reader, { failed }))
    watchLateChanges(found, reply, payload)
    return addHeaders(headers, reply, payload)
  } catch (error) {
    found.commitFailed = true
    discard(payload)
    removeRepresentation(reply)
    reply.code(isSessionError(error) ? error.status : 500)
    addHeaders(found.manager.responseHeaders(found.session), reply, undefined)
    throw error
  }
}

/**
 * Fastify takes a reply for sent when its response has ended. While the session was stored, it would go on with the request
 * although a hook has responded: the handler would run behind a guard that redirects and does not return the reply.
 */
function markSent(reply: FastifyReply): void {
  Object.defineProperty(reply, 'sent', { configurable: true, enumerable: true, value: true })
  Object.defineProperty(reply, 'then', { configurable: true, value: waitForEnd })
}

/** Lets an error response be sent in place of the reply. */
export function unmarkSent(reply: FastifyReply): void {
  Reflect.deleteProperty(reply, 'sent')
  Reflect.deleteProperty(reply, 'then')
}

/** `await reply` ends with the response, as without the mark. */
function waitForEnd(this: FastifyReply, ...callbacks: Parameters<FastifyReply['then']>): void {
  const { then }: FastifyReply = Object.getPrototypeOf(this)
  const unmarked: FastifyReply = Object.create(this, { sent: { value: this.raw.writableEnded } })
  Reflect.apply(then, unmarked, callbacks)
}

/**
 * Takes the place of `reply.hijack()`. The cookie of what is stored is set on `reply.raw`; afterwards no other can be set, and
 * what changes is stored when the response closes.
 *
 * @throws SessionError `HEADERS_SENT` if a new session has data that is not stored.
 */
export function hijack(this: FastifyReply): FastifyReply {
  const found = requestSessionOf(this.request)
  if (found) {
    const { session } = found
    if (hasUnsavedData(session) && session.isNew) {
      throw new SessionError(
        'HEADERS_SENT',
        'After reply.hijack() a new session can get no cookie: await getSession(request).save() before it'
      )
    }
    leaveToRaw(found, this)
  }
  const { hijack: original }: FastifyReply = Object.getPrototypeOf(this)
  return Reflect.apply(original, this, [])
}

/**
 * A response can be written to `reply.raw` without `reply.hijack()`, as NestJS sends server-sent events. The cookie of what is
 * stored is then set when its head is written, and what changes is stored when it closes.
 */
export function watchRawResponse(found: RequestSession, reply: FastifyReply): void {
  const { raw } = reply
  watchedResponses.set(raw, { found, reply, writeHead: raw.writeHead })
  raw.writeHead = writeHeadWithSession
}

interface WatchedResponse {
  readonly found: RequestSession
  readonly reply: FastifyReply
  /** The method that is in place of Node's, if other code has replaced that. */
  readonly writeHead: FastifyReply['raw']['writeHead']
}

const watchedResponses = new RequestSlot<WatchedResponse>()

/** One function for all responses: a closure for each costs the garbage collector more than the request. */
function writeHeadWithSession(this: FastifyReply['raw'], ...head: readonly unknown[]): FastifyReply['raw'] {
  const watched = watchedResponses.get(this)
  if (watched && !watched.found.responded) leaveToRaw(watched.found, watched.reply)
  return Reflect.apply(watched?.writeHead ?? Object.getPrototypeOf(this).writeHead, this, head)
}

function leaveToRaw(found: RequestSession, reply: FastifyReply): void {
  found.responded = true
  applyHeaders(found.manager.responseHeaders(found.session), reply.raw)
  commitAtClose(found, reply)
}

function watchLateChanges(found: RequestSession, reply: FastifyReply, payload: unknown): void {
  if (isStream(payload)) commitAtClose(found, reply)
  else reportLateChanges(found.session)
}

/** A commit that fails is an event, and is logged: the response has left. */
function commitAtClose(found: RequestSession, reply: FastifyReply): void {
  reply.raw.once('close', () => {
    const failed = found.failed || reply.statusCode >= 500
    found.commit({ failed }).catch((error: unknown) => reply.log.error(error))
  })
}

interface Sent {
  readonly reply: FastifyReply
  readonly payload: unknown
}

const reader: ResponseReader<Sent> = {
  header({ reply, payload }, name) {
    const value = isResponse(payload) ? payload.headers.get(name) : undefined
    return value ?? reply.getHeader(name)?.toString()
  },
  status: ({ reply, payload }) => (isResponse(payload) ? payload.status : reply.statusCode)
}

/** Fastify replaces the headers of the reply by those of a `Response`, so ours go into a copy of that. */
function addHeaders(headers: HeaderList, reply: FastifyReply, payload: unknown): unknown {
  if (isResponse(payload)) return withHeaders(payload, headers)
  if (headers.length > 0) applyHeaders(headers, targetOf(reply))
  return payload
}

function targetOf(reply: FastifyReply): {
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string | readonly string[]): unknown
  getHeaderNames(): readonly string[]
} {
  return {
    getHeader: (name) => reply.getHeader(name),
    // Without the removal Fastify keeps the cookies that it has.
    setHeader: (name, value) => reply.removeHeader(name).header(name, value),
    getHeaderNames: () => Object.keys(reply.getHeaders())
  }
}

function isResponse(payload: unknown): payload is Response {
  return Object.prototype.toString.call(payload) === '[object Response]'
}

function isStream(payload: unknown): boolean {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    ('pipe' in payload || 'getReader' in payload || isResponse(payload))
  )
}

/** Closes a stream that is not sent. */
function discard(payload: unknown): void {
  const stream: unknown = isResponse(payload) ? payload.body : payload
  if (typeof stream !== 'object' || stream === null) return
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
  else if (stream instanceof ReadableStream) void stream.cancel().catch(() => {})
}
