import type { ResponseCookie } from '@kvsession/core'
import { SessionError } from '@kvsession/core'

/** What this package uses of the object that `cookies()` resolves to. */
export interface NextCookies {
  get(name: string): { readonly value: string } | undefined
  set(name: string, value: string, attributes: ResponseCookie['attributes']): unknown
}

/** The functions of `next/headers`. */
export interface NextHeaders {
  headers(): Promise<Headers>
  cookies(): Promise<NextCookies>
}

/** The request that Next.js is handling. */
export interface NextRequest {
  /** Those that the client has sent. The same object for all calls during one request. */
  readonly headers: Headers
  readonly cookies: NextCookies
}

/**
 * @param caller for the message, such as `getSession()`.
 * @throws SessionError `SESSION_MISSING` outside of a request. Errors by which Next.js interrupts prerendering pass unchanged.
 */
export async function readNextRequest(next: NextHeaders, caller: string): Promise<NextRequest> {
  try {
    return { headers: await next.headers(), cookies: await next.cookies() }
  } catch (cause) {
    if (!(cause instanceof Error && cause.message.includes('outside a request scope'))) throw cause
    throw new SessionError(
      'SESSION_MISSING',
      `${caller} was called outside of a request: call it while Next.js renders a server component or runs a server action ` +
        'or a route handler, not when a module is loaded; in proxy.ts pass the request',
      { cause }
    )
  }
}

/** The headers of the request, with the session cookie that an action of this request has set already. */
export function currentHeaders({ headers, cookies }: NextRequest, cookieName: string): Headers {
  const current = new Headers(headers)
  current.set('cookie', currentCookies(headers.get('cookie') ?? '', cookies, cookieName))
  return current
}

const prefixes = ['__Host-', '__Secure-', '']

/**
 * The `Cookie` header as it is after an action. Next.js shows a page that is rendered after an action, in the same response,
 * the cookies that the action has set, but the headers of the request.
 */
function currentCookies(sent: string, cookies: NextCookies, name: string): string {
  const current = prefixes.flatMap((prefix) => {
    const value = cookies.get(prefix + name)?.value
    return value === undefined ? [] : [{ name: prefix + name, value }]
  })
  // A request may carry several cookies of one name, of which `cookies()` shows one.
  const isAsSent = current.every((cookie) => cookie.value !== '' && sent.includes(`${cookie.name}=${cookie.value}`))
  if (isAsSent && current.length > 0) return sent
  return current
    .filter(({ value }) => value !== '')
    .map((cookie) => `${cookie.name}=${cookie.value}`)
    .join('; ')
}
