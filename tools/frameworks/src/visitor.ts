import { type CookieJar, createCookieJar } from '@kvsession/testkit'

export interface VisitorRequest {
  /** Default `GET`. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The fields of a form. A request with a form is a `POST`. */
  readonly form?: Readonly<Record<string, string>>
  /** Sent as `multipart/form-data`. */
  readonly multipart?: FormData
  /** Sent as JSON. A request with a body is a `POST`. */
  readonly json?: unknown
}

export interface VisitorResponse {
  readonly status: number
  readonly headers: Headers
  /** The `Set-Cookie` headers. */
  readonly cookies: readonly string[]
  readonly body: string
}

/** A browser without scripts: it keeps cookies, sends `Origin`, and does not follow redirects. */
export interface Visitor {
  readonly jar: CookieJar
  readonly url: string
  send(path: string, request?: VisitorRequest): Promise<VisitorResponse>
}

/** @param url `http://127.0.0.1:<port>` */
export function createVisitor(url: string): Visitor {
  const { hostname } = new URL(url)
  const jar = createCookieJar({ host: hostname, encrypted: false })
  return {
    jar,
    url,
    async send(path, { method, headers, form, multipart, json } = {}) {
      const cookie = jar.header(path)
      const encoded = json === undefined ? undefined : JSON.stringify(json)
      const body = form ? new URLSearchParams(form) : (multipart ?? encoded)
      const response = await fetch(`${url}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        redirect: 'manual',
        headers: {
          origin: url,
          connection: 'close',
          ...(cookie !== '' && { cookie }),
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...headers
        },
        ...(body !== undefined && { body })
      })
      const cookies = response.headers.getSetCookie()
      jar.keep(cookies)
      return { status: response.status, headers: response.headers, cookies, body: await response.text() }
    }
  }
}
