/** The origin that a jar sends cookies to. */
export interface CookieScope {
  /** Without port. */
  readonly host: string
  /** Whether the connection counts as encrypted. Secure cookies are kept and sent only then. */
  readonly encrypted: boolean
}

/** The cookies that a browser keeps for one site (RFC 6265bis, as far as one host needs it). */
export interface CookieJar {
  /** Applies the `Set-Cookie` values of a response, in order. */
  keep(setCookies: readonly string[]): void
  /** The `Cookie` header for a path; empty if there is no cookie to send. */
  header(path: string): string
  /** The value of the cookie of this name, prefix included. */
  get(name: string): string | undefined
  /** Sets a cookie, as an attacker or an older response could have done. */
  set(name: string, value: string): void
  readonly names: readonly string[]
  clear(): void
}

interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly secure: boolean
  /** Epoch milliseconds; `Infinity` for a session cookie. */
  readonly expiresAt: number
}

/** @param now epoch milliseconds, for `Max-Age` and `Expires`. */
export function createCookieJar(scope: CookieScope, now: () => number = Date.now): CookieJar {
  const cookies = new Map<string, StoredCookie>()

  function store(cookie: StoredCookie): void {
    const key = `${cookie.name};${cookie.path}`
    if (cookie.expiresAt <= now()) cookies.delete(key)
    else cookies.set(key, cookie)
  }

  function live(): StoredCookie[] {
    return [...cookies.values()].filter(({ expiresAt }) => expiresAt > now())
  }

  return {
    keep(setCookies) {
      for (const header of setCookies) {
        const cookie = readSetCookie(header, scope, now())
        if (cookie) store(cookie)
      }
    },
    header: (path) =>
      live()
        .filter((cookie) => (scope.encrypted || !cookie.secure) && pathMatches(path, cookie.path))
        .sort((one, other) => other.path.length - one.path.length)
        .map(({ name, value }) => `${name}=${value}`)
        .join('; '),
    get: (name) => live().find((cookie) => cookie.name === name)?.value,
    set: (name, value) => store({ name, value, path: '/', secure: false, expiresAt: Number.POSITIVE_INFINITY }),
    get names() {
      return live().map(({ name }) => name)
    },
    clear: () => cookies.clear()
  }
}

type Attributes = ReadonlyMap<string, string>

/** Returns `undefined` for a cookie that a browser would refuse. */
function readSetCookie(setCookie: string, scope: CookieScope, now: number): StoredCookie | undefined {
  const [pair = '', ...parts] = setCookie.split(';')
  const equals = pair.indexOf('=')
  if (equals === -1) return undefined
  const name = pair.slice(0, equals).trim()
  const attributes = readAttributes(parts)
  if (!fitsScope(attributes, scope) || !fitsPrefix(name, attributes)) return undefined
  return {
    name,
    value: pair.slice(equals + 1).trim(),
    path: pathOf(attributes),
    secure: attributes.has('secure'),
    expiresAt: expiryOf(attributes, now)
  }
}

/** Names are in lower case; an attribute without a value has the empty string. */
function readAttributes(parts: readonly string[]): Attributes {
  return new Map(
    parts.map((part) => {
      const [name = '', ...value] = part.split('=')
      return [name.trim().toLowerCase(), value.join('=').trim()]
    })
  )
}

function fitsScope(attributes: Attributes, { host, encrypted }: CookieScope): boolean {
  const secure = attributes.has('secure')
  if (secure && !encrypted) return false
  if (attributes.get('samesite')?.toLowerCase() === 'none' && !secure) return false
  const domain = domainOf(attributes)
  return !domain || host === domain || host.endsWith(`.${domain}`)
}

/** Checks the requirements of `__Secure-` and `__Host-` (RFC 6265bis §4.1.3). Browsers ignore the case of the prefix. */
function fitsPrefix(name: string, attributes: Attributes): boolean {
  const lowerName = name.toLowerCase()
  const secure = attributes.has('secure')
  if (lowerName.startsWith('__secure-')) return secure
  if (!lowerName.startsWith('__host-')) return true
  return secure && !domainOf(attributes) && attributes.get('path') === '/'
}

function domainOf(attributes: Attributes): string | undefined {
  return attributes.get('domain')?.replace(/^\./, '')
}

function pathOf(attributes: Attributes): string {
  const path = attributes.get('path')
  return path?.startsWith('/') ? path : '/'
}

/** `Max-Age` wins over `Expires` (RFC 6265bis §5.7). */
function expiryOf(attributes: Attributes, now: number): number {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0 ? 0 : now + Number(maxAge) * 1000
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires
}

function pathMatches(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/'
}
