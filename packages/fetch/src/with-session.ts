import { applyHeaders, type Session, type SessionData, type SessionManager } from '@kvsession/core'
import {
  CommitFacts,
  openerOf,
  type ResponseReader,
  reportLateChanges,
  tokenNameOf,
  withHeaders
} from '@kvsession/core/adapter'
import { checkFunction, checkResponse, enterRequest, isResponse } from './misuse.ts'
import { onStreamEnd } from './on-stream-end.ts'
import { type FetchOptions, type SessionOptions, type SessionWrapper, withoutOnError } from './options.ts'

/**
 * Gives a handler the session of its request. Changes are stored after the handler, even if it throws, and before the
 * response is sent; what a streamed body changes is stored when the body ends. A `Response` that the handler throws is
 * thrown on, with the cookie. It uses no API of Node.
 *
 * @throws SessionError for wrong options; per request, unless `onError` responds, if the store cannot be read (the handler
 * then does not run and the cookie stays unchanged), if a commit fails, or if the handler returns no `Response`.
 */
export function withSession<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options?: FetchOptions
): SessionWrapper<Data>
// Last, because TypeScript reports only the last overload: a misspelled option then gets its "did you mean".
export function withSession<Data extends object = SessionData>(options: SessionOptions<Data>): SessionWrapper<Data>
export function withSession<Data extends object = SessionData>(
  source: SessionOptions<Data> | SessionManager<Data>,
  options: FetchOptions = {}
): SessionWrapper<Data> {
  const { manager, open } = openerOf<Data, Request>(withoutOnError(source), withoutOnError(options))
  const { onError }: FetchOptions = 'onError' in source ? source : options
  if (onError !== undefined) checkFunction(onError, 'onError')

  /** Stores the changes and adds the headers. Late changes are stored when the body ends; if that fails, it is an event. */
  async function commitTo(response: Response, session: Session<Data>): Promise<Response> {
    const failed = response.status >= 500
    const { headers } = await manager.commit(session, new CommitFacts(response, reader, { failed }))
    const { body } = response
    // A session that does not exist yet can get no cookie any more.
    if (!body || (session.loaded && session.isNew)) {
      reportLateChanges(session)
      return withHeaders(response, headers)
    }
    const commitLate = async (): Promise<void> => {
      await manager.commit(session, { failed }).catch(() => {})
    }
    const copy = new Response(onStreamEnd(body, commitLate), response)
    applyHeaders(headers, copy.headers)
    return copy
  }

  async function recover(error: unknown, request: Request, session: Session<Data> | undefined): Promise<Response> {
    if (!onError) throw error
    const response = checkResponse(await onError(error, request))
    return session ? withHeaders(response, manager.responseHeaders(session)) : response
  }

  return (handler) => {
    checkFunction(handler, 'handler')
    return async (request, ...rest) => {
      const leave = enterRequest(request, tokenNameOf(manager.policy))
      let session: Session<Data> | undefined
      let handled: Handled | undefined
      try {
        const opened = await open(request, request)
        session = opened
        handled = await responseOf(() => handler(request, opened, ...rest))
        handled.response = await commitTo(handled.response, opened)
      } catch (error) {
        // If this commit fails too, that is an event; the handler's error says more.
        if (session && !handled) await manager.commit(session, { failed: true }).catch(() => {})
        return recover(error, request, session)
      } finally {
        leave()
      }
      if (handled.thrown) throw handled.response
      return handled.response
    }
  }
}

interface Handled {
  response: Response
  readonly thrown: boolean
}

/** The response that a handler returns or throws. Other errors pass. */
async function responseOf(handle: () => unknown): Promise<Handled> {
  try {
    return { response: checkResponse(await handle()), thrown: false }
  } catch (error) {
    if (isResponse(error)) return { response: checkResponse(error), thrown: true }
    throw error
  }
}

const reader: ResponseReader<Response> = {
  header: ({ headers }, name) => headers.get(name) ?? undefined,
  status: ({ status }) => status
}
