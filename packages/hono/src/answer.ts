import { applyHeaders, type HeaderList } from '@kvsession/core'
import type { Context } from 'hono'

/** Adds our headers to the response of a request, whoever made it. */
export function send(c: Context, headers: HeaderList): void {
  if (headers.length === 0) return
  // A handler may answer every visitor with one Response object: a cookie never goes into it, but into a copy.
  if (headers.some(([name]) => name === 'Set-Cookie')) copyAnswer(c)
  try {
    applyHeaders(headers, c.res.headers)
  } catch {
    // The headers of a fetched response, and of a redirect made by Response, cannot be changed: a copy's can.
    copyAnswer(c)
    applyHeaders(headers, c.res.headers)
  }
}

function copyAnswer(c: Context): void {
  const copy = new Response(c.res.body, c.res)
  // Assigned over another response, Hono would copy it once more to merge their headers.
  c.res = undefined
  c.res = copy
}

const aboutTheAnswer =
  /^(?:content-(?:disposition|encoding|language|length|location|range|type)|location|cache-control|expires|etag|last-modified|accept-ranges|transfer-encoding)$/

/** Hono copies the headers of the answer so far to the error's: those that describe the answer must not stay. */
export function discardAnswer(c: Context): void {
  const headers = new Headers(c.res.headers)
  for (const name of [...headers.keys()]) if (aboutTheAnswer.test(name)) headers.delete(name)
  c.res = undefined
  c.res = new Response(null, { headers })
}
