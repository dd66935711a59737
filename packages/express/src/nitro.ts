import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Session,
  type SessionData,
  SessionError,
  type SessionManager,
  type SessionManagerOptions
} from '@kvsession/core'
import { type AdapterOptions, hasSameToken, openerOf } from '@kvsession/core/adapter'
import { entriesOf, getSession } from './request/entry.ts'
import { type IncomingRequest, markFailed, type SessionMiddleware, session } from './session.ts'

/** What {@link sessionPlugin} needs of an event of h3 1. */
export interface NitroEvent {
  readonly node: { readonly req: IncomingRequest; readonly res: { end(): unknown } }
  readonly context: object
}

/** What {@link sessionPlugin} needs of Nitro 2. */
export interface NitroApp {
  readonly h3App: {
    handler(event: NitroEvent): unknown
    readonly options: { onError?: ((error: never, event: never) => unknown) | undefined }
  }
}

/** The options of core, and `passive`, which selects requests that do not count as activity. */
export interface NitroSessionOptions<Data extends object = SessionData>
  extends SessionManagerOptions<Data>,
    AdapterOptions<IncomingRequest> {}

/**
 * A plugin of Nitro 2, the server of Nuxt 4, on Node. It sets `event.context.session`, which
 * `declare module 'h3' { interface H3EventContext { session: Session<Data> } }` types. The response is held until the changes
 * are stored. A request that the server makes to itself shares the session of the request it serves, if it has its cookie.
 *
 * With `false`, for `import.meta.prerender`, it needs no options: pages that the build prerenders have no session, and get an
 * error if they read it.
 *
 * @throws SessionError for wrong options. Per request, the error page of Nitro is sent with a status of 503 if the store fails.
 */
export function sessionPlugin<Data extends object = SessionData>(
  source: NitroSessionOptions<Data> | SessionManager<Data> | false,
  options: AdapterOptions<IncomingRequest> = {}
): (nitroApp: NitroApp) => void {
  if (source === false) return refuseSessions
  const { manager } = openerOf<Data, IncomingRequest>(source)
  const hold = session(manager, 'open' in source ? options : { ...passiveOf(source), ...options })
  const outerRequests = new AsyncLocalStorage<IncomingRequest>()

  return ({ h3App }) => {
    const { handler } = h3App
    const { onError } = h3App.options
    const respondWithError = (error: unknown, event: NitroEvent): unknown => {
      const respond = (): unknown => onError && Reflect.apply(onError, h3App.options, [error, event])
      return isInternal(event.node.req) ? respond() : outerRequests.run(event.node.req, respond)
    }

    h3App.options.onError = respondWithError
    h3App.handler = async (event) => {
      const { req } = event.node
      const outer = isInternal(req) ? outerRequests.getStore() : undefined
      if (outer && isSameVisitor(req, outer)) {
        provide(event, () => getSession(outer, manager))
        return handler(event)
      }
      if (isInternal(req)) return handleWithoutCookie(event)
      await holdResponse(hold, event, respondWithError)
      provide(event, () => getSession(req, manager))
      return outerRequests.run(req, () => markIfFailed(req, () => handler(event)))
    }

    /** Whether a request that the server makes to itself is made for the visitor whose request it serves. */
    function isSameVisitor(inner: IncomingRequest, served: IncomingRequest): boolean {
      if (entriesOf(served) === undefined) return false
      return hasSameToken(inner.headers, served.headers, manager.policy)
    }

    /** Without a response to a browser there is no cookie: what needs one fails, and other changes are stored. */
    async function handleWithoutCookie(event: NitroEvent): Promise<unknown> {
      const opened = await manager.open(event.node.req.headers, { touch: false })
      manager.responseHeaders(opened)
      provide(event, () => opened)
      const result = await handler(event)
      await manager.commit(opened)
      return result
    }
  }
}

function refuseSessions({ h3App }: NitroApp): void {
  const { handler } = h3App
  h3App.handler = (event) => {
    provide(event, () => {
      throw new SessionError(
        'ARGUMENT_INVALID',
        'A page that the build prerenders is for all visitors: it has no session'
      )
    })
    return handler(event)
  }
}

function passiveOf({ passive }: AdapterOptions<IncomingRequest>): AdapterOptions<IncomingRequest> {
  return passive ? { passive } : {}
}

/** Reading it is using the session, so it is a getter. */
function provide(event: NitroEvent, get: () => Session<object>): void {
  Object.defineProperty(event.context, 'session', { get, enumerable: true, configurable: true })
}

/** Opens the session; a commit that fails later gets an error response. */
function holdResponse(
  hold: SessionMiddleware,
  event: NitroEvent,
  respondWithError: (error: unknown, event: NitroEvent) => unknown
): Promise<void> {
  const { req, res } = event.node
  return new Promise((resolve, reject) => {
    let opened = false
    hold(req, res, (error) => {
      if (!opened) {
        opened = true
        return error === undefined ? resolve() : reject(error)
      }
      Promise.resolve(respondWithError(createFailure(error), event)).then(
        () => res.end(),
        () => res.end()
      )
    })
  })
}

/** In the form of h3's errors, without the message for the visitor. */
function createFailure(cause: unknown): Error {
  const status = Object(cause).status === 503 ? 503 : 500
  return Object.assign(new Error('The session could not be stored', { cause }), { statusCode: status, unhandled: true })
}

async function markIfFailed(request: IncomingRequest, handle: () => unknown): Promise<unknown> {
  try {
    return await handle()
  } catch (error) {
    markFailed(error, request, {}, () => {})
    throw error
  }
}

/** Whether Nitro has made the request itself, without a connection. */
function isInternal(request: IncomingRequest): boolean {
  return '__unenv__' in request
}
