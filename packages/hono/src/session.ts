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

/** The options of core, and `passive`, which selects requests that do not count as activity. */
export interface SessionOptions<Data extends object = SessionData>
  extends SessionManagerOptions<Data>,
    AdapterOptions<Context> {}

/**
 * Hono middleware that gives every request its session as `c.var.session`. Changes are stored after the handler, even if
 * it throws, and before the response is sent. It uses no API of Node.
 *
 * @throws SessionError for wrong options; per request if the store cannot be read (the handler then does not run and the
 * cookie stays unchanged) or if a commit fails. Without `onError` the client gets the status and the code, and the error
 * is printed on the console.
 */
export function session<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options?: AdapterOptions<Context>
): MiddlewareHandler<{ Variables: SessionVariables<Data> }>
// Last, because TypeScript reports only the last overload: a misspelled option then gets its "did you mean".
export function session<Data extends object = SessionData>(
  options: SessionOptions<Data>
): MiddlewareHandler<{ Variables: SessionVariables<Data> }>
export function session<Data extends object = SessionData>(
  source: SessionOptions<Data> | SessionManager<Data>,
  options?: AdapterOptions<Context>
): MiddlewareHandler<{ Variables: SessionVariables<Data> }> {
  const { manager, open } = openerOf<Data, Context>(source, options)
  installErrorResponse()
  return async (c, next) => {
    const session = await open(c, c.req.raw)
    c.set('session', session)
    try {
      await next()
    } catch (error) {
      // Hono handles errors before they get here. A thrown value that is not an Error leaves it without a response.
      await manager.commit(session, { failed: true })
      throw error
    }
    try {
      const { headers } = await manager.commit(session, factsOf(c))
      addHeaders(c, headers)
      reportLateChanges(session)
    } catch (error) {
      discardResponse(c)
      // Changes that are already stored, such as a login, still send their headers with the error.
      addHeaders(c, manager.responseHeaders(session, factsOf(c)))
      throw error
    }
  }
}

function factsOf(c: Context): CommitFacts<Context> {
  return new CommitFacts(c, reader, { failed: c.error !== undefined })
}

/** Reading `c.res` forces Hono on Node to build a full Response: it is read only to send a cookie or after a failure. */
const reader: ResponseReader<Context> = {
  header: ({ res }, name) => res.headers.get(name) ?? undefined,
  status: ({ res }) => res.status
}

/**
 * Hono's default error handler responds with the result of the error's `getResponse` and then prints nothing. This method
 * does both: without `onError`, every session error is printed on the console and tells the client its code.
 */
function installErrorResponse(): void {
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
