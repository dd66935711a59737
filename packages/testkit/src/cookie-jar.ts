/** Where a jar believes to be talking to. */
export interface CookieScope {
  /** Without port. */
  readonly host: string
  /** Whether the connection counts as encrypted: only then Secure cookies are kept and sent. */
  readonly encrypted: boolean
}

/** What a browser remembers of one site (RFC 6265bis, as far as one host needs it). */
export interface CookieJar {
  /** Takes the `Set-Cookie` values of an answer, in order. */
  keep(setCookies: readonly string[]): void
  /** The `Cookie` header for a path; empty when there is nothing to send. */
  header(path: string): string
  /** The value of the cookie of this name, prefix included. */
  get(name: string): string | undefined
  /** Plants a cookie, as an attacker or an older answer would have. */
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
      for (const text of setCookies) {
        const cookie = readSetCookie(text, scope, now())
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

/** `undefined`: a browser would refuse it. */
function readSetCookie(text: string, scope: CookieScope, now: number): StoredCookie | undefined {
  const [pair = '', ...parts] = text.split(';')
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals).trim()
  const value = pair.slice(equals + 1).trim()
  const attributes = new Map(
    parts.map((part) => {
      const [key = '', ...rest] = part.split('=')
      return [key.trim().toLowerCase(), rest.join('=').trim()]
    })
  )
  const secure = attributes.has('secure')
  const path = attributes.get('path')?.startsWith('/') ? (attributes.get('path') ?? '/') : '/'
  const domain = attributes.get('domain')?.replace(/^\./, '')
  if (equals === -1 || (secure && !scope.encrypted)) return undefined
  if (domain && scope.host !== domain && !scope.host.endsWith(`.${domain}`)) return undefined
  const lowerName = name.toLowerCase()
  if (lowerName.startsWith('__secure-') && !secure) return undefined
  if (lowerName.startsWith('__host-') && (!secure || domain || attributes.get('path') !== '/')) return undefined
  if (attributes.get('samesite')?.toLowerCase() === 'none' && !secure) return undefined
  return { name, value, path, secure, expiresAt: expiryOf(attributes, now) }
}

/** `Max-Age` wins over `Expires` (RFC 6265bis §5.7). */
function expiryOf(attributes: ReadonlyMap<string, string>, now: number): number {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0 ? 0 : now + Number(maxAge) * 1000
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires
}

function pathMatches(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/'
}
