import { applyHeaders, type HeaderList } from '@kvsession/core'
import { removeRepresentation } from '@kvsession/core/adapter'
import type { Context } from 'hono'

/** Adds our headers to the response, whether a handler, Hono or the runtime made it. */
export function addHeaders(c: Context, headers: HeaderList): void {
  if (headers.length === 0) return
  // A handler may answer every visitor with one Response object: a cookie never goes into it, but into a copy.
  if (headers.some(([name]) => name === 'Set-Cookie')) copyResponse(c)
  try {
    applyHeaders(headers, c.res.headers)
  } catch {
    // The headers of a fetched response, and of a redirect made by Response, cannot be changed: a copy's can.
    copyResponse(c)
    applyHeaders(headers, c.res.headers)
  }
}

function copyResponse(c: Context): void {
  const copy = new Response(c.res.body, c.res)
  // Assigned over another response, Hono would copy it once more to merge their headers.
  c.res = undefined
  c.res = copy
}

/** Hono copies the headers of the response so far to that of the error: those that describe the former must not stay. */
export function discardResponse(c: Context): void {
  const headers = new Headers(c.res.headers)
  removeRepresentation(headers)
  c.res = undefined
  c.res = new Response(null, { headers })
}
