import { applyHeaders, type HeaderList } from '@kvsession/core'
import type { Context } from 'hono'

/** Adds our headers to the response of a request, whoever made it. */
export function send(c: Context, headers: HeaderList): void {
  if (headers.length === 0) return
  try {
    applyHeaders(headers, c.res.headers)
  } catch {
    // The headers of a fetched response, and of a redirect made by Response, cannot be changed: a copy's can.
    c.res = new Response(c.res.body, c.res)
    applyHeaders(headers, c.res.headers)
  }
}

const aboutTheAnswer =
  /^(?:content-(?:disposition|encoding|language|length|location|range|type)|location|cache-control|expires|etag|last-modified|accept-ranges|transfer-encoding)$/

/** Hono copies the headers of the answer so far to the error's: those that describe the answer must not stay. */
export function discardAnswer(c: Context): void {
  c.res = undefined
  const { headers } = c.res
  for (const name of [...headers.keys()]) if (aboutTheAnswer.test(name)) headers.delete(name)
}
