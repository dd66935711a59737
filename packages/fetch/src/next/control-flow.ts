/**
 * How `redirect()`, `notFound()` and their relatives end a request: they throw an error that Next.js recognises by its
 * `digest`, as it recognises the errors by which it interrupts prerendering.
 */
const controlFlow = /^(?:NEXT_|DYNAMIC_SERVER_USAGE$|BAILOUT_TO_CLIENT_SIDE_RENDERING$|HANGING_PROMISE_REJECTION$)/

/** Whether Next.js must get `error` unchanged. */
export function isControlFlow(error: unknown): boolean {
  return controlFlow.test(digestOf(error))
}

/**
 * The response that Next.js makes of what `redirect()` or `notFound()` throws in a route handler. Its own response to
 * `notFound()` has no cookie. `undefined` for every other error.
 */
export function responseOfControlFlow(error: unknown, request: Request): Response | undefined {
  const digest = digestOf(error)
  const [, missing] = /^NEXT_HTTP_ERROR_FALLBACK;(4\d\d)$/.exec(digest) ?? []
  if (missing !== undefined) return new Response(null, { status: Number(missing) })
  const [, location, status] = /^NEXT_REDIRECT;[^;]*;(.*);(3\d\d);$/.exec(digest) ?? []
  if (location === undefined) return undefined
  return new Response(null, { status: isForm(request) ? 303 : Number(status), headers: { Location: location } })
}

function digestOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'digest' in error ? String(error.digest) : ''
}

/** After a form the browser must not send its `POST` to the new address as well. */
function isForm({ method, headers }: Request): boolean {
  const type = headers.get('content-type') ?? ''
  return method === 'POST' && /^(?:multipart\/form-data|application\/x-www-form-urlencoded)/.test(type)
}
