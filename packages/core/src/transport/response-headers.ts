import { carriesToken } from './transport.ts'

/** Finished response headers, in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/**
 * A web `Headers`, anything with the header methods of a Node response, an array of pairs, or a plain object, in which a
 * header with several values has an array.
 */
export type HeaderTarget = HeaderMethods | HeaderPairs | HeaderFields

type HeaderMethods = WebHeaders | NodeHeaders

type HeaderPairs = (readonly [name: string, value: string])[]

interface HeaderFields {
  [name: string]: number | string | readonly string[] | undefined
}

interface WebHeaders {
  get(name: string): string | null
  set(name: string, value: string): void
  append(name: string, value: string): void
  delete(name: string): void
  getSetCookie(): string[]
  forEach(visit: (value: string, name: string) => void): void
}

interface NodeHeaders {
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string | readonly string[]): unknown
  getHeaderNames(): readonly string[]
}

/** The `Cache-Control` of a response that depends on a user's session: no shared caches, and no reuse without a check. */
export const privateByDefault = 'private, no-cache'

/**
 * Adds `headers` to `response`: a `Set-Cookie` replaces an earlier one of the same name (or of `cookieName`) and leaves all
 * others; a header with a token turns every header that lets some cache store it ({@link targetedCacheControl}) into
 * `no-store`; `Vary` is merged once; `Cache-Control: private, no-cache` is set only if the response has no `Cache-Control` and no `Expires`; everything
 * else is set.
 */
export function applyHeaders(headers: HeaderList, response: HeaderTarget, cookieName?: string): void {
  const target = methodsOf(response)
  for (const [name, value] of headers) {
    const lowerName = name.toLowerCase()
    if (carriesToken(lowerName)) tighten(target)
    if (lowerName === 'set-cookie') addCookie(target, value, cookieName)
    else if (lowerName === 'vary') set(target, name, mergeVary(current(target, name), value))
    else if (value !== privateByDefault || !hasCachePolicy(target)) set(target, name, value)
  }
}

function methodsOf(target: HeaderTarget): HeaderMethods {
  if (hasMethods(target)) return target
  return Array.isArray(target) ? overPairs(target) : overFields(target)
}

function hasMethods(target: HeaderTarget): target is HeaderMethods {
  return ['getHeader', 'getSetCookie'].some((method) => typeof Reflect.get(target, method) === 'function')
}

function overPairs(pairs: HeaderPairs): NodeHeaders {
  const isOther = (name: string) => (pair: HeaderPairs[number]) => pair[0].toLowerCase() !== name.toLowerCase()
  return {
    getHeaderNames: () => pairs.map(([name]) => name),
    getHeader: (name) => pairs.flatMap((pair) => (isOther(name)(pair) ? [] : pair[1])),
    setHeader(name, value) {
      const added = [value].flat().map((one) => [name, one] as const)
      pairs.splice(0, pairs.length, ...pairs.filter(isOther(name)), ...added)
    }
  }
}

function overFields(fields: HeaderFields): NodeHeaders {
  const spellingOf = (name: string): string =>
    Object.keys(fields).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name
  return {
    getHeaderNames: () => Object.keys(fields),
    getHeader: (name) => fields[spellingOf(name)],
    setHeader(name, value) {
      fields[spellingOf(name)] = value
    }
  }
}

/**
 * Adds `headers` to a web response. A handler may return one `Response` object to every visitor, so a token is only ever
 * added to a copy. The headers of a fetched response, and of `Response.redirect()`, are immutable; those of a copy are not.
 *
 * @returns the response to send: `response` itself if nothing needs a copy.
 */
export function withHeaders(response: Response, headers: HeaderList): Response {
  if (!sendsToken(headers)) {
    try {
      applyHeaders(headers, response.headers)
      return response
    } catch {}
  }
  const copy = new Response(response.body, response)
  applyHeaders(headers, copy.headers)
  return copy
}

/** Whether the response gives the client a token, or takes it away. */
export function sendsToken(headers: HeaderList): boolean {
  return headers.some(([name]) => carriesToken(name))
}

function hasCachePolicy(target: HeaderMethods): boolean {
  return current(target, 'Cache-Control').length + current(target, 'Expires').length > 0
}

/**
 * `CDN-Cache-Control` and its relatives of single vendors (RFC 9213 §2), `Surrogate-Control` (Edge Architecture
 * Specification), Akamai's `Edge-Control`. The caches that they are meant for follow them in place of `Cache-Control`.
 */
const targetedCacheControl = /-cache-control$|^(?:surrogate|edge)-control$/i

function tighten(target: HeaderMethods): void {
  const names: string[] = []
  if ('getHeader' in target) names.push(...target.getHeaderNames())
  else {
    target.forEach((_, name) => {
      names.push(name)
    })
  }
  for (const name of names) {
    if (targetedCacheControl.test(name) && !refusesSharedCaches(current(target, name).join()))
      set(target, name, 'no-store')
  }
}

/**
 * Whether a `Cache-Control` has the directive `private` or `no-store`. `private="…"` concerns single headers only (RFC
 * 9111 §5.2.2.7), and the content of a quoted string is not a directive (§5.2).
 */
export function refusesSharedCaches(cacheControl: string): boolean {
  return /(?:^|,)\s*(?:private|no-store)\s*(?:,|$)/i.test(cacheControl.replace(/"(?:[^"\\]|\\.)*(?:"|$)/gs, '"'))
}

function addCookie(target: HeaderMethods, cookie: string, cookieName: string | undefined): void {
  const earlier = 'getHeader' in target ? current(target, 'Set-Cookie') : target.getSetCookie()
  const others = earlier.filter((one) => nameOf(one) !== nameOf(cookie) && nameOf(one) !== cookieName)
  if ('getHeader' in target) {
    target.setHeader('Set-Cookie', [...others, cookie])
    return
  }
  if (others.length < earlier.length) {
    target.delete('Set-Cookie')
    for (const other of others) target.append('Set-Cookie', other)
  }
  target.append('Set-Cookie', cookie)
}

function nameOf(cookie: string): string {
  return cookie.split('=', 1).join('').trim()
}

function mergeVary(earlier: readonly string[], added: string): string {
  if (earlier.length === 0) return added
  const existing = earlier.join(', ')
  const fields = split(existing)
  const lower = fields.map((field) => field.toLowerCase())
  if (lower.includes('*')) return existing
  return [...fields, ...split(added).filter((field) => !lower.includes(field.toLowerCase()))].join(', ')
}

function split(list: string): string[] {
  return list
    .split(',')
    .map((field) => field.trim())
    .filter((field) => field !== '')
}

function current(target: HeaderMethods, name: string): readonly string[] {
  const value = 'getHeader' in target ? target.getHeader(name) : target.get(name)
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [String(value)]
}

function set(target: HeaderMethods, name: string, value: string): void {
  if ('getHeader' in target) target.setHeader(name, value)
  else target.set(name, value)
}
