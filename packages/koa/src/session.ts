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
  type SessionOpener
} from '@kvsession/core/adapter'
import type { Middleware, ParameterizedContext } from 'koa'
import { addErrorHeaders } from './error-headers.ts'
import { addSession, type RequestSession } from './request-session.ts'

/** The options of core, and `passive`: which requests only look at the session. */
export interface SessionOptions<Data extends object = SessionData>
  extends SessionManagerOptions<Data>,
    AdapterOptions<ParameterizedContext> {}

/**
 * Koa middleware that gives every request its session: `ctx.session`, or the core session with `getSession(ctx)`. What
 * changed is stored after the middleware behind it, also when that throws, and before the first byte.
 *
 * @throws SessionError for options that are wrong; per request (`status` 503) when the store cannot be read: the
 * middleware behind it then does not run and the cookie is left alone.
 */
export function session<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options?: AdapterOptions<ParameterizedContext>
): Middleware
// Last, because TypeScript explains the last overload alone: a wrong option is to get its "did you mean".
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
    // What comes later is told that the cookie can no longer change.
    else manager.responseHeaders(opened)
    if (ctx.respond !== false && !isStream(ctx.body)) return
    // A stream, or a handler that answers on its own, may change the session after its first byte.
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
    // The handler answered on its own: from here on no cookie can be set.
    if (ctx.headerSent) manager.responseHeaders(session, facts)
    if (request.hasAssignment) await request.applyAssignment()
    const { headers } = await manager.commit(session, facts)
    send(ctx, headers, outcome)
  } catch (error) {
    // What is safe in the store already, a login above all, goes out with the error.
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
  // A cookie goes out with any error; that the response varies, or is a user's, is true of this request's own.
  if (failed || headers.some(([name]) => name === 'Set-Cookie')) addErrorHeaders(ctx, headers)
}

function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  return 'pipe' in body || 'getReader' in body || 'body' in body
}
