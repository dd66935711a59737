/**
 * How `redirect()`, `notFound()` and their relatives end a request: they throw an error that Next.js recognises by its
 * `digest`, as it recognises the errors by which it interrupts prerendering.
 */
const controlFlow =
  /^(?:NEXT_|DYNAMIC_SERVER_USAGE$|BAILOUT_TO_CLIENT_SIDE_RENDERING$|HANGING_PROMISE_REJECTION$|BUILD_TIME_)/

/** Whether Next.js must get `error` unchanged. */
export function isControlFlow(error: unknown): boolean {
  return controlFlow.test(digestOf(error))
}

/**
 * The response that Next.js makes of what `redirect()` or `notFound()` throws in a route handler. Its own response to
 * `notFound()` has no cookie. `undefined` for every other error.
 */
export function responseOfControlFlow(error: unknown, request: Request): Response | undefined {
  const [kind, ...fields] = digestOf(error).split(';')
  if (kind === 'NEXT_HTTP_ERROR_FALLBACK') return new Response(null, { status: Number(fields[0]) })
  if (kind !== 'NEXT_REDIRECT') return undefined
  // NEXT_REDIRECT;push or replace;URL;status; where the URL may contain a semicolon.
  const [, ...rest] = fields
  const headers = { Location: rest.slice(0, -2).join(';') }
  return new Response(null, { status: isForm(request) ? 303 : Number(rest.at(-2)), headers })
}

function digestOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'digest' in error ? String(error.digest) : ''
}

/** After a form the browser must not send its `POST` to the new address as well. */
function isForm({ method, headers }: Request): boolean {
  const type = headers.get('content-type') ?? ''
  return method === 'POST' && /^(?:multipart\/form-data|application\/x-www-form-urlencoded)/.test(type)
}
