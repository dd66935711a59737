import {
  applyHeaders,
  type HeaderList,
  type SessionData,
  type SessionManager,
  type SessionManagerOptions
} from '@kvsession/core'
import {
  type AdapterOptions,
  CommitFacts,
  needsCommit,
  openerOf,
  type ResponseReader,
  type SessionOpener,
  sendsToken
} from '@kvsession/core/adapter'
import type { Middleware, ParameterizedContext } from 'koa'
import { addErrorHeaders } from './error-headers.ts'
import { addSession, type RequestSession } from './request-session.ts'

/** The options of core, and `passive`, which selects requests that do not count as activity. */
export interface SessionOptions<Data extends object = SessionData>
  extends SessionManagerOptions<Data>,
    AdapterOptions<ParameterizedContext> {}

/**
 * Koa middleware that gives every request its session: `ctx.session`, or the core session with `getSession(ctx)`. Changes
 * are stored after the downstream middleware, even if it throws, and before the response starts.
 *
 * @throws SessionError for wrong options; per request (`status` 503) if the store cannot be read: the downstream
 * middleware then does not run and the cookie stays unchanged.
 */
export function session<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options?: AdapterOptions<ParameterizedContext>
): Middleware
// Last, because TypeScript reports only the last overload: a misspelled option then gets its "did you mean".
export function session<Data extends object = SessionData>(options: SessionOptions<Data>): Middleware
export function session<Data extends object = SessionData>(
  source: SessionOptions<Data> | SessionManager<Data>,
  options?: AdapterOptions<ParameterizedContext>
): Middleware {
  const opener: SessionOpener<object, ParameterizedContext> = openerOf(source, options)
  const { manager } = opener

  return async (ctx, next) => {
    const opened = await opener.open(ctx, ctx.req.headers, { encrypted: ctx.secure })
    const request = addSession(ctx, opened, manager)
    const report = (error: unknown): unknown => ctx.app.emit('error', error, ctx)
    try {
      await next()
    } catch (error) {
      await storeAndSend(manager, request, ctx, { failed: true }).catch(report)
      throw error
    }
    if (request.hasAssignment || needsCommit(opened)) await storeAndSend(manager, request, ctx)
    // From now on the session knows that its cookie can no longer change.
    else manager.responseHeaders(opened)
    if (ctx.respond !== false && !isStream(ctx.body)) return
    // A stream, or a handler that responds without Koa, may change the session after the response has started.
    ctx.res.once('close', () => {
      request
        .applyAssignment()
        .then(() => manager.commit(opened))
        .catch(report)
    })
  }
}

async function storeAndSend(
  manager: SessionManager<object>,
  request: RequestSession,
  ctx: ParameterizedContext,
  outcome: { readonly failed?: boolean } = {}
): Promise<void> {
  const { session } = request
  const facts = new CommitFacts(ctx, reader, outcome)
  try {
    // The handler responded without Koa: no cookie can be set any more.
    if (ctx.headerSent) manager.responseHeaders(session, facts)
    if (request.hasAssignment) await request.applyAssignment()
    const { headers } = await manager.commit(session, facts)
    send(ctx, headers, outcome)
  } catch (error) {
    // Changes that are already stored, such as a login, still send their headers with the error.
    send(ctx, manager.responseHeaders(session, facts), { failed: true })
    throw error
  }
}

const reader: ResponseReader<ParameterizedContext> = {
  header: ({ response }, name) => response.get(name) || undefined,
  status: ({ response }) => response.status
}

function send(ctx: ParameterizedContext, headers: HeaderList, { failed }: { readonly failed?: boolean }): void {
  if (headers.length === 0 || ctx.headerSent) return
  applyHeaders(headers, ctx.res)
  // A token is sent with any error response. Vary and Cache-Control apply only to a response of this request's own.
  if (failed || sendsToken(headers)) addErrorHeaders(ctx, headers)
}

function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  return 'pipe' in body || 'getReader' in body || 'body' in body
}
