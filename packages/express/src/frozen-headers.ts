import { holdOf, type ResponseHold } from './response-hold.ts'
import type { ServerResponse } from './server-response.ts'

/**
 * For the handler, a response that is held has started: `headersSent` is true and setting a header throws, as always.
 * Otherwise a late error's answer would be mixed with what is queued.
 */
export function freezeHeaders(hold: ResponseHold): void {
  const { response } = hold
  const { setHeader, appendHeader, removeHeader } = response
  hold.headers = { setHeader, appendHeader, removeHeader }
  response.setHeader = frozenSetHeader
  response.appendHeader = frozenAppendHeader
  response.removeHeader = frozenRemoveHeader
  Object.defineProperty(response, 'headersSent', headersSentAccessor)
}

export function headersSentError(): Error {
  const error = new Error('The response has started: its headers can no longer change')
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' })
}

/** Whether bytes have really left. */
export function trulySent(response: ServerResponse): boolean {
  return Reflect.get(Object.getPrototypeOf(response), 'headersSent', response) === true
}

const headersSentAccessor: PropertyDescriptor = {
  configurable: true,
  get(this: ServerResponse): boolean {
    return holdOf(this).phase === 'held' || trulySent(this)
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
  const hold = holdOf(response)
  if (hold.phase === 'held') throw headersSentError()
  // The abandoned handler goes on writing its body; who sets headers now prepares the error answer.
  if (hold.phase === 'failed' && hold.answer === 'none') hold.answer = 'expected'
  return hold.headers && Reflect.apply(hold.headers[name], response, args)
}
