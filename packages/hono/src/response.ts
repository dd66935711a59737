import type { HeaderList } from '@kvsession/core'
import { removeRepresentation, withHeaders } from '@kvsession/core/adapter'
import type { Context } from 'hono'

/** Adds our headers to the response, regardless of whether a handler, Hono or the runtime created it. */
export function addHeaders(c: Context, headers: HeaderList): void {
  if (headers.length === 0) return
  const response = withHeaders(c.res, headers)
  if (response === c.res) return
  // If c.res is set, Hono would copy the response again to merge the headers of both.
  c.res = undefined
  c.res = response
}

/** Hono copies the headers of the current response to the error response; headers that describe its body must not stay. */
export function discardResponse(c: Context): void {
  const headers = new Headers(c.res.headers)
  removeRepresentation(headers)
  c.res = undefined
  c.res = new Response(null, { headers })
}
