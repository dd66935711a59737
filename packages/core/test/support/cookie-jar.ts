import { applyHeaders, type HeaderList } from '../../src/index.ts'

/** The cookies of one browser for one site. Another name, domain, path or partition makes another cookie. */
export interface CookieJar {
  /** The `Cookie` header of the next request. */
  header(): string
  receive(headers: HeaderList): void
  clear(): void
}

interface Cookie {
  readonly pair: string
  readonly path: string
  /** Epoch ms. */
  readonly expiresAt: number
}

export function createCookieJar(now: () => number): CookieJar {
  const cookies = new Map<string, Cookie>()

  function store(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const attribute = (name: string): string | undefined =>
      attributes.find((one) => one.startsWith(name))?.slice(name.length + 1)
    const path = attribute('Path') ?? '/'
    const place = [pair.split('=', 1), attribute('Domain'), path, attribute('Partitioned')].join('|')
    const maxAge = Number(attribute('Max-Age') ?? Number.POSITIVE_INFINITY)
    cookies.delete(place)
    if (maxAge > 0) cookies.set(place, { pair, path, expiresAt: now() + maxAge * 1_000 })
  }

  return {
    // RFC 6265bis §5.8.3: longer paths first, then the earlier ones.
    header: () =>
      [...cookies.values()]
        .filter(({ expiresAt }) => expiresAt > now())
        .sort((a, b) => b.path.length - a.path.length)
        .map(({ pair }) => pair)
        .join('; '),
    receive(headers) {
      const target = new Headers()
      applyHeaders(headers, target)
      target.getSetCookie().forEach(store)
    },
    clear: () => cookies.clear()
  }
}
