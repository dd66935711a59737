import { type HeldResponse, heldResponseOf } from './held-response.ts'
import type { ServerResponse } from './server-response.ts'

/**
 * Makes a held response look started to the handler: `headersSent` is true and setting a header throws. Otherwise the
 * response to a late error would be mixed with the queued one.
 */
export function freezeHeaders(held: HeldResponse): void {
  const { response } = held
  const { setHeader, appendHeader, removeHeader } = response
  held.headers = { setHeader, appendHeader, removeHeader }
  response.setHeader = frozenSetHeader
  response.appendHeader = frozenAppendHeader
  response.removeHeader = frozenRemoveHeader
  Object.defineProperty(response, 'headersSent', headersSentAccessor)
}

export function headersSentError(): Error {
  const error = new Error('The response has started: its headers can no longer change')
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' })
}

/** Whether Node has sent the headers. */
export function trulySent(response: ServerResponse): boolean {
  return Reflect.get(Object.getPrototypeOf(response), 'headersSent', response) === true
}

const headersSentAccessor: PropertyDescriptor = {
  configurable: true,
  get(this: ServerResponse): boolean {
    return heldResponseOf(this).phase === 'held' || trulySent(this)
  }
}

function frozenSetHeader(this: ServerResponse, ...args: unknown[]): unknown {
  return change(this, 'setHeader', args)
}

function frozenAppendHeader(this: ServerResponse, ...args: unknown[]): unknown {
  return change(this, 'appendHeader', args)
}

function frozenRemoveHeader(this: ServerResponse, ...args: unknown[]): unknown {
  return change(this, 'removeHeader', args)
}

function change(
  response: ServerResponse,
  name: 'setHeader' | 'appendHeader' | 'removeHeader',
  args: readonly unknown[]
): unknown {
  const held = heldResponseOf(response)
  if (held.phase === 'held') throw headersSentError()
  // The abandoned handler only writes its body, so a header that is set now belongs to the error response.
  if (held.phase === 'failed' && held.errorResponse === 'none') held.errorResponse = 'expected'
  return held.headers && Reflect.apply(held.headers[name], response, args)
}
