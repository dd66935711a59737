import { AsyncLocalStorage } from 'node:async_hooks'
import { type Session, type SessionData, SessionError, type SessionManager } from '@kvsession/core'
import { hasSameToken, openerOf } from '@kvsession/core/adapter'
import { type FetchOptions, type SessionOptions, withoutOnError } from './options.ts'
import { withSession } from './with-session.ts'

/** What {@link sessionHandle} needs of SvelteKit's `RequestEvent`. `App.Locals` declares `session: Session<Data>`. */
export interface SessionEvent<Data extends object> {
  readonly request: Request
  readonly isSubRequest: boolean
  readonly locals: { session: Session<Data> }
  readonly cookies: {
    set(name: string, value: string, options: { path: string; encode(value: string): string }): void
  }
}

/** A `handle` of `hooks.server.ts`, alone or as the first of `sequence()`. */
export type SessionHandle<Data extends object> = <Event extends SessionEvent<Data>>(input: {
  readonly event: Event
  readonly resolve: (event: Event) => Response | Promise<Response>
}) => Promise<Response>

/**
 * The `handle` hook of SvelteKit 2 and 3, which sets `event.locals.session`. Changes are stored as by `withSession`. A route
 * that is reached by `event.fetch` shares the session of the request that fetches it, unless it is fetched without that
 * request's cookie. A `redirect()` that a later hook throws carries the cookie. It uses `node:async_hooks`.
 *
 * With `false`, for `building`, it needs no options: routes that are prerendered have no session, and get an error if they
 * read it.
 *
 * @throws SessionError for wrong options; per request, unless `onError` responds, if the store cannot be read, or a commit
 * fails. Without `onError`, an error that a later hook throws loses the cookie of a login before it.
 */
export function sessionHandle<Data extends object = SessionData>(
  source: SessionOptions<Data> | SessionManager<Data> | false,
  options: FetchOptions = {}
): SessionHandle<Data> {
  if (source === false) return handleWithoutSession
  const { manager } = openerOf<Data, Request>(withoutOnError(source))
  const sessions = withSession(manager, 'open' in source ? options : { ...fetchOptionsOf(source), ...options })
  const outerRequests = new AsyncLocalStorage<OpenRequest<Data>>()

  return async ({ event, resolve }) => {
    const outer = event.isSubRequest ? outerRequests.getStore() : undefined
    if (outer && isSameVisitor(event.request, outer.request)) {
      event.locals.session = outer.session
      return resolve(event)
    }
    let redirect: unknown
    const response = await sessions(async (request, session) => {
      event.locals.session = session
      try {
        return await outerRequests.run({ request, session }, () => resolve(event))
      } catch (error) {
        if (!isRedirect(error)) throw error
        if (manager.policy.transport === 'bearer') return redirectTo(error)
        await commitToCookies(error.status, session, event)
        redirect = error
        return new Response()
      }
    })(event.request)
    // SvelteKit makes the response of a redirect, because that of a request for data differs from that of a page.
    if (redirect !== undefined && response.ok) throw redirect
    return response
  }

  /** Whether a request that the server makes to itself is made for the visitor whose request it serves. */
  function isSameVisitor(inner: Request, outer: Request): boolean {
    return inner.credentials !== 'omit' && hasSameToken(inner, outer, manager.policy)
  }

  async function commitToCookies(status: number, session: Session<Data>, event: SessionEvent<Data>): Promise<void> {
    const committed = await manager.commit(session, { status })
    for (const { name, value, attributes } of committed.cookies) {
      // SvelteKit adds attributes that are missing.
      event.cookies.set(name, value, { secure: false, httpOnly: false, ...attributes, encode: String })
    }
  }
}

const handleWithoutSession: SessionHandle<never> = async ({ event, resolve }) => {
  Object.defineProperty(event.locals, 'session', {
    get() {
      throw new SessionError(
        'ARGUMENT_INVALID',
        'A page that the build prerenders is for all visitors: it has no session'
      )
    }
  })
  return resolve(event)
}

/** A request whose handler is running. */
interface OpenRequest<Data extends object> {
  readonly request: Request
  readonly session: Session<Data>
}

function fetchOptionsOf({ onError, passive }: FetchOptions): FetchOptions {
  return { ...(onError && { onError }), ...(passive && { passive }) }
}

interface Redirect {
  readonly status: number
  readonly location: string
}

/** By its members: the class belongs to the copy of SvelteKit that is bundled with the application. */
function isRedirect(error: unknown): error is Redirect {
  return typeof error === 'object' && error !== null && 'location' in error && 'status' in error
}

/** For clients that are no browsers: SvelteKit's own response to a redirect has no headers but cookies. */
function redirectTo({ status, location }: Redirect): Response {
  return new Response(null, { status, headers: { location } })
}
