import { type SessionData, SessionError, type SessionManager, type SessionManagerOptions } from '@kvsession/core'
import { openerOf } from '@kvsession/core/adapter'
import { checkFunction } from '../misuse.ts'
import type { FetchOptions, SessionHandler, SessionWrapper } from '../options.ts'
import { withSession } from '../with-session.ts'
import { type ActionHandler, wrapAction } from './action.ts'
import { isControlFlow, responseOfControlFlow } from './control-flow.ts'
import { misuse } from './misuse.ts'
import { currentHeaders, type NextHeaders, readNextRequest } from './next-request.ts'
import { type SessionView, viewOf } from './session-view.ts'

/**
 * The options of core, a manager, or a function that makes one of them. The function is called once, by the first request,
 * so that `next build`, which loads every module, needs neither the secret nor the store.
 */
export type SessionSource<Data extends object = SessionData> =
  | SessionManagerOptions<Data>
  | SessionManager<Data>
  | (() => SessionManagerOptions<Data> | SessionManager<Data>)

/** `headers` and `cookies` of `next/headers`, and the options of `withSession`, which concern route handlers. */
export interface NextOptions extends NextHeaders, FetchOptions {
  /**
   * `connection` of `next/server`. With `cacheComponents`, Next.js needs it: `getSession()` compares the session with the
   * current time, which Next.js refuses while it prerenders or prefetches a page.
   */
  readonly connection?: () => Promise<unknown>
}

/** Sessions for the places where Next.js runs code on the server. */
export interface NextSessions<Data extends object = SessionData> {
  /**
   * A handler for `app/…/route.ts`, as `withSession` makes it: the session comes after the request, and what Next.js passes,
   * such as `{ params }`, comes after the session. `redirect()` and `notFound()` keep the cookie.
   */
  readonly route: SessionWrapper<Data>
  /**
   * A server action whose first parameter is the session. Its changes are stored, and its cookie is set, before it returns,
   * and also when it throws, redirects or calls `notFound()`; what it throws is thrown on.
   *
   * @throws SessionError `ARGUMENT_INVALID` at once if `run` is no function or an action already. The action rejects with
   * `SESSION_MISSING` outside of a request, `ARGUMENT_INVALID` inside of another action, and as `open` and `commit` do.
   */
  action<Args extends readonly unknown[], Result>(
    run: ActionHandler<Data, Args, Result>
  ): (...args: Args) => Promise<Result>
  /**
   * The session of the request, to read it: in server components, and with `request` in `proxy.ts`. It does not count as
   * use, so it moves no timeout, and nothing is stored.
   *
   * @throws SessionError `SESSION_MISSING` outside of a request; any failure of the store. Changing the result throws
   * `HEADERS_SENT`.
   */
  getSession(request?: Request): Promise<SessionView<Data>>
  /** For administration, such as `revokeAll`. Made when it is first needed. */
  readonly manager: SessionManager<Data>
}

/**
 * Sessions for Next.js. `headers` and `cookies` are parameters, so that this package does not depend on a version of `next`.
 *
 * Next.js bundles `proxy.ts`, pages and route handlers separately, so a module may be loaded several times in one process.
 * Each copy makes a manager of its own: let them share the store, on disk, over the network or on `globalThis`, but no
 * manager, because a session belongs to one copy of core.
 *
 * @throws SessionError for wrong options: at once, or with a function by the first request.
 *
 * @example
 * import { cookies, headers } from 'next/headers'
 * export const sessions = createNextSessions(() => ({ store, secret: process.env.SESSION_SECRET }), { cookies, headers })
 */
export function createNextSessions<Data extends object = SessionData>(
  source: SessionSource<Data>,
  options: NextOptions
): NextSessions<Data> {
  checkFunctions(options)
  const { headers, cookies, connection, ...fetchOptions } = options
  const next: NextHeaders = { headers, cookies }
  const managerOf = once(() => openerOf<Data, Request>(typeof source === 'function' ? source() : source).manager)
  const wrapperOf = once(() => withSession<Data>(managerOf(), passOnControlFlow(fetchOptions)))
  if (typeof source !== 'function') wrapperOf()

  async function look(request: Request | Headers): Promise<SessionView<Data>> {
    const session = await managerOf().open(request, { touch: false })
    return viewOf(await session.load())
  }

  return {
    route(handler) {
      if (typeof handler !== 'function') throw misuse('route()', 'a handler is missing: route((request, session) => …)')
      const handlerOf = once(() => wrapperOf()(answerControlFlow(handler)))
      return async (request, ...rest) => {
        stopPrerendering(request)
        return handlerOf()(request, ...rest)
      }
    },
    action: (run) => wrapAction(next, managerOf, run),
    async getSession(request) {
      if (request) return look(request)
      // First, for the reason of `stopPrerendering`.
      const rendered = await readNextRequest(next, 'getSession()')
      await connection?.()
      return look(currentHeaders(rendered, managerOf().policy.cookie.name))
    },
    get manager() {
      return managerOf()
    }
  }
}

/** Next.js stops a handler that reads the request while it prerenders: before the manager is made, which a build cannot do. */
function stopPrerendering(request: Request): void {
  Reflect.get(Object(request), 'headers')
}

/** `make`, called once; again after it has thrown. */
function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** @throws SessionError `OPTION_INVALID` */
function checkFunctions(options: NextOptions): void {
  const { headers, cookies, connection }: Partial<NextOptions> = Object(options)
  if (typeof headers !== 'function' || typeof cookies !== 'function')
    throw new SessionError('OPTION_INVALID', 'headers and cookies must be the functions of next/headers')
  if (connection !== undefined && typeof connection !== 'function')
    throw new SessionError('OPTION_INVALID', 'connection must be the function of next/server')
}

function answerControlFlow<Data extends object, Incoming extends Request, Rest extends readonly unknown[]>(
  handler: SessionHandler<Data, Incoming, Rest>
): SessionHandler<Data, Incoming, Rest> {
  return async (request, session, ...rest) => {
    try {
      return await handler(request, session, ...rest)
    } catch (error) {
      const response = responseOfControlFlow(error, request)
      if (response) return response
      throw error
    }
  }
}

/** Next.js itself must get the errors by which it interrupts prerendering. */
function passOnControlFlow({ onError, ...options }: FetchOptions): FetchOptions {
  if (onError === undefined) return options
  checkFunction(onError, 'onError')
  return {
    ...options,
    onError(error, request) {
      if (isControlFlow(error)) throw error
      return onError(error, request)
    }
  }
}
