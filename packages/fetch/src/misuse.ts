import { SessionError } from '@kvsession/core'
import { RequestSlot } from '@kvsession/core/adapter'

/** The names of the tokens of the sessions that a request under way has: of its cookies, or `Authorization: Bearer`. */
const slot = new RequestSlot<Set<string>>()

/**
 * Notes that `request` has a session of the token `name`, until the returned function is called.
 *
 * @throws SessionError `ARGUMENT_INVALID` for a second session, and for a request without a `Headers` object.
 */
export function enterRequest(request: Request, name: string): () => void {
  if (typeof Object(Object(request).headers).get !== 'function') {
    throw misuse('the request needs a Headers object: pass new Request(url, { method, headers })')
  }
  const names = slot.get(request) ?? new Set()
  if (names.has(name)) {
    throw misuse(
      `the request has a session of the token ${name} already: use withSession() once, around the outermost handler, and ` +
        'hand its session on; a second session needs another cookie.name'
    )
  }
  slot.set(request, names.add(name))
  return () => names.delete(name)
}

/** The response, if it can be sent. @throws SessionError `ARGUMENT_INVALID` */
export function checkResponse(value: unknown): Response {
  if (!isResponse(value)) {
    throw misuse('the handler must return a Response; handle an upgrade to a WebSocket outside withSession()')
  }
  if (value.bodyUsed || value.body?.locked) {
    throw misuse('the body of the Response was already read: return a new Response, or read response.clone()')
  }
  return value
}

/** By its members, because libraries replace the class `Response`. */
export function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'bodyUsed' in value && 'headers' in value && 'status' in value
}

/** @throws SessionError `OPTION_INVALID` or `ARGUMENT_INVALID` */
export function checkFunction(value: unknown, name: 'onError' | 'handler'): void {
  if (typeof value === 'function') return
  if (name === 'handler') throw misuse('a handler is missing: withSession(options)(handler)')
  throw new SessionError('OPTION_INVALID', 'onError must be a function that returns a Response')
}

function misuse(message: string): SessionError {
  return new SessionError('ARGUMENT_INVALID', `withSession(): ${message}`)
}
