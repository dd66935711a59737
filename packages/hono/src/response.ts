import { applyHeaders, type HeaderList } from '@kvsession/core'
import { removeRepresentation } from '@kvsession/core/adapter'
import type { Context } from 'hono'

/** Adds our headers to the response, regardless of whether a handler, Hono or the runtime created it. */
export function addHeaders(c: Context, headers: HeaderList): void {
  if (headers.length === 0) return
  // A handler may return one Response object to every visitor, so a cookie is only ever added to a copy.
  if (headers.some(([name]) => name === 'Set-Cookie')) copyResponse(c)
  try {
    applyHeaders(headers, c.res.headers)
  } catch {
    // The headers of a fetched response, and of Response.redirect(), are immutable; those of a copy are not.
    copyResponse(c)
    applyHeaders(headers, c.res.headers)
  }
}

function copyResponse(c: Context): void {
  const copy = new Response(c.res.body, c.res)
  // If c.res is set, Hono would copy the response again to merge the headers of both.
  c.res = undefined
  c.res = copy
}

/** Hono copies the headers of the current response to the error response; headers that describe its body must not stay. */
export function discardResponse(c: Context): void {
  const headers = new Headers(c.res.headers)
  removeRepresentation(headers)
  c.res = undefined
  c.res = new Response(null, { headers })
}
