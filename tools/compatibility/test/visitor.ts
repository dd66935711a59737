import { createCookieJar } from '@kvsession/testkit'
import type { Answer } from '../src/compare.ts'

export interface VisitorRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as a form. */
  readonly body?: Readonly<Record<string, string>> | FormData | string
  /** Sends the request as another visitor: without the cookies of this one, and without keeping cookies of the response. */
  readonly stranger?: boolean
}

/** A response as received. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  readonly json: () => unknown
}

/** A browser that follows no redirects, keeps cookies and records each answer. */
export interface Visitor {
  readonly answers: readonly Answer[]
  readonly url: string
  visit(path: string, request?: VisitorRequest): Promise<RawAnswer>
  /** Follows redirects until a response is not a redirect. */
  follow(answer: RawAnswer): Promise<RawAnswer>
  /** Records something else than a response, such as a message of a socket. */
  note(what: string, body: unknown): void
  /** The `Cookie` header that the visitor would send. */
  cookies(): string
}

const scope = { host: '127.0.0.1', encrypted: false }

/** Headers that differ from run to run. */
const volatile = new Set([
  'date',
  'etag',
  'content-length',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'set-cookie',
  'retry-after',
  'x-ratelimit-reset'
])
/** Headers that each library sets for its own cookie. The page describes the difference once. */
const ofSessions = new Set(['cache-control', 'vary'])

/** @param sessionCookie the name of the session's cookie. */
export function createVisitor(url: string, sessionCookie: string): Visitor {
  const jar = createCookieJar(scope)
  const answers: Answer[] = []

  async function visit(path: string, request: VisitorRequest = {}): Promise<RawAnswer> {
    const target = new URL(path, url)
    const { method = request.body === undefined ? 'GET' : 'POST', headers, body, stranger = false } = request
    const cookie = stranger ? '' : jar.header(target.pathname)
    const response = await fetch(target, {
      method,
      redirect: 'manual',
      headers: { ...(cookie !== '' && { cookie }), ...headers },
      body: body === undefined ? null : encode(body)
    })
    const content = await response.text()
    const setCookies = response.headers.getSetCookie()
    const browser = stranger ? createCookieJar(scope) : jar
    const before = browser.get(sessionCookie)
    browser.keep(setCookies)
    answers.push({
      request: `${method} ${target.pathname}`,
      status: response.status,
      headers: comparableHeaders(response.headers),
      sessionCookie: changeOf(before, browser.get(sessionCookie)),
      cookies: namesOf(setCookies).filter((name) => name !== sessionCookie && name !== `${sessionCookie}.sig`),
      body: mask(content)
    })
    return { status: response.status, headers: response.headers, body: content, json: () => JSON.parse(content) }
  }

  return {
    answers,
    url,
    visit,
    async follow(answer) {
      let last = answer
      for (let hops = 0; hops < 10; hops++) {
        const location = last.headers.get('location')
        if (location === null) break
        last = await visit(new URL(location, url).href)
      }
      return last
    },
    note(request, body) {
      const answer = typeof body === 'string' ? body : JSON.stringify(body)
      answers.push({ request, status: 0, headers: {}, sessionCookie: 'kept', cookies: [], body: mask(answer) })
    },
    cookies: () => jar.header('/')
  }
}

function encode(body: NonNullable<VisitorRequest['body']>): string | FormData | URLSearchParams {
  return typeof body === 'string' || body instanceof FormData ? body : new URLSearchParams(body)
}

function comparableHeaders(headers: Headers): Record<string, string> {
  const shown = [...headers].filter(([name]) => !volatile.has(name) && !ofSessions.has(name))
  return Object.fromEntries(shown.map(([name, value]) => [name, mask(value)]))
}

function namesOf(setCookies: readonly string[]): string[] {
  return setCookies.map((line) => line.slice(0, line.indexOf('=')))
}

function changeOf(before: string | undefined, after: string | undefined): Answer['sessionCookie'] {
  if (before === after) return 'kept'
  return after === undefined ? 'gone' : 'new'
}

/** Replaces ports, times and random values by placeholders. */
function mask(value: string): string {
  return value
    .replace(/(?:127\.0\.0\.1|localhost)(?::|%3A)\d+/g, '<host>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/[\w+/-]{20,}=*/g, '<random>')
    .replace(/\bt=\d+/g, 't=<seconds>')
}
