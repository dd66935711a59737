import {
  applyHeaders,
  type CommitOptions,
  createSessionManager,
  type HeaderList,
  type Session,
  type SessionData,
  type SessionManager,
  type SessionManagerOptions
} from '@kvsession/core'
import type { Middleware, ParameterizedContext } from 'koa'
import { carryOnErrors } from './carry-on-errors.ts'
import { placeSession, type SessionPlace } from './session-place.ts'

/**
 * Koa middleware that gives every request its session: `ctx.session`, or the core session with `getSession(ctx)`. What
 * changed is stored after the middleware behind it, also when that throws, and before the first byte.
 *
 * @throws SessionError for options that are wrong; per request (`status` 503) when the store cannot be read: the
 * middleware behind it then does not run and the cookie is left alone.
 */
export function session<Data extends object = SessionData>(
  options: SessionManagerOptions<Data> | SessionManager<Data>
): Middleware {
  const manager = 'open' in options ? options : createSessionManager(options)

  async function storeAndSend(
    ctx: ParameterizedContext,
    session: Session<Data>,
    place: SessionPlace,
    failed: boolean
  ): Promise<void> {
    const facts = new Facts(ctx, failed)
    try {
      // The handler answered on its own: from here on no cookie can be set.
      if (ctx.headerSent) manager.responseHeaders(session, facts)
      if (place.unsettled) await place.settle()
      const committed = manager.finish(session, facts)
      send(ctx, committed instanceof Promise ? await committed : committed)
    } catch (error) {
      // What is safe in the store already, a login above all, goes out with the error.
      send(ctx, manager.responseHeaders(session, facts))
      throw error
    }
  }

  return async (ctx, next) => {
    const session = await manager.open(ctx.req.headers, { encrypted: ctx.secure })
    const place = placeSession(ctx, session, manager)
    const report = (error: unknown): unknown => ctx.app.emit('error', error, ctx)
    try {
      await next()
    } catch (error) {
      await storeAndSend(ctx, session, place, true).catch(report)
      throw error
    }
    if (place.unsettled || manager.needsCommit(session)) await storeAndSend(ctx, session, place, false)
    // What comes later is told that the cookie can no longer change.
    else manager.responseHeaders(session)
    if (ctx.respond !== false && !isStream(ctx.body)) return
    // A stream, or a handler that answers on its own, may change the session after its first byte.
    ctx.res.once('close', () => {
      place
        .settle()
        .then(() => manager.commit(session))
        .catch(report)
    })
  }
}

/** What the response says, asked for only when a cookie is sent. A literal's accessor would cost 12 µs a request. */
class Facts implements CommitOptions {
  readonly failed: boolean
  readonly #ctx: ParameterizedContext

  constructor(ctx: ParameterizedContext, failed: boolean) {
    this.failed = failed
    this.#ctx = ctx
  }

  get cacheControl(): string | undefined {
    return this.#ctx.response.get('Cache-Control') || undefined
  }
}

function send(ctx: ParameterizedContext, headers: HeaderList): void {
  if (headers.length === 0 || ctx.headerSent) return
  applyHeaders(headers, ctx.res)
  if (headers.some(([name]) => name === 'Set-Cookie')) carryOnErrors(ctx, headers)
}

function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  return 'pipe' in body || 'getReader' in body || 'body' in body
}
