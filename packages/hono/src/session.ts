import {
  type Session,
  type SessionData,
  SessionError,
  type SessionManager,
  type SessionManagerOptions
} from '@kvsession/core'
import {
  type AdapterOptions,
  CommitFacts,
  openerOf,
  type ResponseReader,
  reportLateChanges
} from '@kvsession/core/adapter'
import type { Context, MiddlewareHandler } from 'hono'
import { addHeaders, discardResponse } from './response.ts'

/** For `new Hono<{ Variables: SessionVariables<MyData> }>()`. */
export interface SessionVariables<Data extends object = SessionData> {
  session: Session<Data>
}

/** The options of core, and `passive`: which requests only look at the session. */
export interface SessionOptions<Data extends object = SessionData>
  extends SessionManagerOptions<Data>,
    AdapterOptions<Context> {}

/**
 * Hono middleware that gives every request its session, `c.var.session`. What changed is stored after the handler, also
 * when that throws, and before the response leaves. Uses nothing of Node.
 *
 * @throws SessionError for options that are wrong; per request when the store cannot be read (the handler then does not run
 * and the cookie is left alone) or a commit fails. Without `onError` the client gets status and code, and the error is
 * printed on the console.
 */
export function session<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options?: AdapterOptions<Context>
): MiddlewareHandler<{ Variables: SessionVariables<Data> }>
// Last, because TypeScript explains the last overload alone: a wrong option is to get its "did you mean".
export function session<Data extends object = SessionData>(
  options: SessionOptions<Data>
): MiddlewareHandler<{ Variables: SessionVariables<Data> }>
export function session<Data extends object = SessionData>(
  source: SessionOptions<Data> | SessionManager<Data>,
  options?: AdapterOptions<Context>
): MiddlewareHandler<{ Variables: SessionVariables<Data> }> {
  const { manager, open } = openerOf<Data, Context>(source, options)
  describeToHono()
  return async (c, next) => {
    const session = await open(c, c.req.raw)
    c.set('session', session)
    try {
      await next()
    } catch (error) {
      // Hono answers errors before they come here; a thrown value that is no Error leaves it without a response.
      await manager.commit(session, { failed: true })
      throw error
    }
    try {
      const { headers } = await manager.commit(session, factsOf(c))
      addHeaders(c, headers)
      reportLateChanges(session)
    } catch (error) {
      discardResponse(c)
      // What is safe in the store already, a login above all, goes out with the error.
      addHeaders(c, manager.responseHeaders(session, factsOf(c)))
      throw error
    }
  }
}

function factsOf(c: Context): CommitFacts<Context> {
  return new CommitFacts(c, reader, { failed: c.error !== undefined })
}

/** Looking at a response makes Hono on Node build it the slow way: only where a cookie is sent, or something failed. */
const reader: ResponseReader<Context> = {
  header: ({ res }, name) => res.headers.get(name) ?? undefined,
  status: ({ res }) => res.status
}

/**
 * Hono's own error handler answers with what `getResponse` of an error gives, and then prints nothing: both are done here,
 * so that without `onError` an error of a session, wherever it was thrown, is neither silent on the console nor without a
 * word for the client.
 */
function describeToHono(): void {
  Object.defineProperty(SessionError.prototype, 'getResponse', {
    configurable: true,
    value(this: SessionError) {
      return report(this)
    }
  })
}

function report(error: SessionError): Response {
  console.error(error)
  const { status, code } = error
  const reason = status === 503 ? 'Service Unavailable' : 'Internal Server Error'
  return new Response(`${reason} [${code}]\n`, { status, headers: { 'Content-Type': 'text/plain; charset=UTF-8' } })
}
