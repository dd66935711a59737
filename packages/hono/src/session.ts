import {
  type CommitOptions,
  createSessionManager,
  isSessionError,
  type Session,
  type SessionData,
  type SessionManager,
  type SessionManagerOptions
} from '@kvsession/core'
import type { Context, MiddlewareHandler } from 'hono'
import { discardAnswer, send } from './answer.ts'

/** For `new Hono<{ Variables: SessionVariables<MyData> }>()`. */
export interface SessionVariables<Data extends object = SessionData> {
  session: Session<Data>
}

/**
 * Hono middleware that gives every request its session, `c.var.session`. What changed is stored after the handler, also
 * when that throws, and before the response leaves. Uses nothing of Node.
 *
 * @throws SessionError for options that are wrong; per request (503 unless `onError` says otherwise) when the store
 * cannot be read: the handler then does not run and the cookie is left alone.
 */
export function session<Data extends object = SessionData>(
  options: SessionManagerOptions<Data> | SessionManager<Data>
): MiddlewareHandler<{ Variables: SessionVariables<Data> }> {
  const manager = 'open' in options ? options : createSessionManager(options)
  return async (c, next) => {
    const session = await manager.open(c.req.raw).catch(rethrow)
    c.set('session', session)
    try {
      await next()
    } catch (error) {
      // Hono answers errors before they come here; what is thrown and is no Error leaves it without a response.
      await manager.commit(session, { failed: true })
      throw error
    }
    try {
      const committed = manager.finish(session, new Facts(c))
      send(c, committed instanceof Promise ? await committed : committed)
    } catch (error) {
      discardAnswer(c)
      // What is safe in the store already, a login above all, goes out with the error.
      send(c, manager.responseHeaders(session, new Facts(c)))
      rethrow(error)
    }
  }
}

/**
 * A class, because an accessor in an object literal gives every object a hidden class of its own: 12 µs a request, and
 * garbage that only a full collection removes.
 */
class Facts implements CommitOptions {
  readonly failed: boolean
  readonly #c: Context

  constructor(c: Context) {
    this.failed = c.error !== undefined
    this.#c = c
  }

  /** Asked for only when a cookie is sent: looking at a response makes Hono on Node build it the slow way. */
  get cacheControl(): string | undefined {
    return this.#c.res.headers.get('Cache-Control') ?? undefined
  }
}

/** Hono's own error handler answers with what `getResponse` gives, and with 500 otherwise. */
function rethrow(error: unknown): never {
  if (isSessionError(error)) {
    const getResponse = (): Response => new Response(null, { status: error.status })
    Object.defineProperty(error, 'getResponse', { value: getResponse, configurable: true })
  }
  throw error
}
