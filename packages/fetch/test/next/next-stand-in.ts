import type { NextCookies, NextHeaders } from '../../src/next/next.ts'

/** Stands in for the request store of Next.js, whose production build `examples/frameworks/next` runs. */
export interface NextStandIn extends NextHeaders {
  /** The cookies that the response sets so far, as `name=value`. */
  readonly set: readonly string[]
  /** As Next.js does while it renders: `cookies().set` throws. */
  forbidCookies(): void
}

/** @param cookie the `Cookie` header of the request. */
export function createNextRequest(cookie = ''): NextStandIn {
  const headers = new Headers({ host: 'localhost:3000', cookie })
  const jar = new Map(
    cookie
      .split('; ')
      .filter((pair) => pair !== '')
      .map((pair) => pair.split('=', 2) as [string, string])
  )
  const set: string[] = []
  let mutable = true
  const cookies: NextCookies = {
    get(name) {
      const value = jar.get(name)
      return value === undefined ? undefined : { value }
    },
    set(name, value) {
      if (!mutable) throw new Error('Cookies can only be modified in a Server Action or Route Handler.')
      jar.set(name, value)
      set.push(`${name}=${value}`)
    }
  }
  return {
    headers: async () => headers,
    cookies: async () => cookies,
    set,
    forbidCookies() {
      mutable = false
    }
  }
}

/** What `headers` and `cookies` do where there is no request. */
export const outsideOfRequest: NextHeaders = {
  headers() {
    throw new Error('`headers` was called outside a request scope. Read more: https://nextjs.org/docs/messages')
  },
  cookies() {
    throw new Error('`cookies` was called outside a request scope. Read more: https://nextjs.org/docs/messages')
  }
}

/** The error that `redirect()` of `next/navigation` throws. */
export function redirectError(url: string, status = 307): Error {
  return Object.assign(new Error('NEXT_REDIRECT'), { digest: `NEXT_REDIRECT;replace;${url};${status};` })
}

/** The error that `notFound()` throws. */
export function notFoundError(): Error {
  return Object.assign(new Error('NEXT_HTTP_ERROR_FALLBACK;404'), { digest: 'NEXT_HTTP_ERROR_FALLBACK;404' })
}

/** The error that interrupts the prerendering of a page that reads the request. */
export function dynamicUsageError(): Error {
  return Object.assign(new Error('Dynamic server usage'), { digest: 'DYNAMIC_SERVER_USAGE' })
}
