export interface Answer {
  readonly status: number
  readonly location: string | null
  readonly body: string
  readonly headers: Headers
}

/** A client that keeps cookies, follows no redirects, and adds the page's token to its forms. */
export interface Visitor {
  cookie(): string
  get(path: string): Promise<Answer>
  post(path: string, fields?: Readonly<Record<string, string>>, headers?: Record<string, string>): Promise<Answer>
  signUp(name: string): Promise<void>
  logIn(name: string): Promise<void>
}

export const password = 'correct horse battery'

export function createVisitor(address: () => string, cookie = ''): Visitor {
  let csrf = ''

  async function send(path: string, init: RequestInit, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(address() + path, { ...init, redirect: 'manual', headers: { ...headers, cookie } })
    for (const line of response.headers.getSetCookie()) cookie = /^[^=]+=[^;]+/.exec(line)?.[0] ?? ''
    const body = await response.text()
    csrf = /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? csrf
    return { status: response.status, location: response.headers.get('location'), body, headers: response.headers }
  }

  async function enter(path: string, name: string): Promise<void> {
    const { status, body } = await send(path, { method: 'POST', body: new URLSearchParams({ name, password }) })
    if (status !== 303) throw new Error(`${path} answered ${status}: ${body}`)
    await send('/', {})
  }

  return {
    cookie: () => cookie,
    get: (path) => send(path, {}),
    post: (path, fields = {}, headers = {}) =>
      send(path, { method: 'POST', body: new URLSearchParams({ csrf, ...fields }) }, headers),
    signUp: (name) => enter('/signup', name),
    logIn: (name) => enter('/login', name)
  }
}
