import { SessionError } from '../errors.ts'
import { isLoopbackHost } from './set-cookie.ts'

/** Node's `req.headers`, or anything of that shape. */
export interface NodeHeaders {
  readonly [name: string]: string | readonly string[] | undefined
}

/** Where the token is read from. A bare string is the value of the `Cookie` header, or of `Authorization` with `transport: 'bearer'`. */
export type RequestSource = Request | Headers | NodeHeaders | string | undefined

/** Facts about the connection that the headers do not contain. */
export interface Connection {
  /** The host the client asked for. Default: the `Host` header. */
  readonly host?: string | undefined
  /** Whether the client's connection is encrypted, as far as this server sees. Default: from the request's URL. */
  readonly encrypted?: boolean | undefined
}

export interface RequestFacts {
  /** The header that carries the token; '' if the request has none. */
  readonly credentials: string
  readonly host: string | undefined
  /** `undefined`: not known. */
  readonly encrypted: boolean | undefined
  readonly headers: Headers | NodeHeaders
}

/** Headers that proxies, load balancers and edge networks add, and clients do not. */
const proxyHeader =
  /^(?:forwarded|via$|(?:cdn-loop|front-end-https)$|(?:cf|fly|fastly|akamai)-|x-(?:forwarded|real-ip|proxyuser-ip|(?:url-)?scheme|(?:original|remote|envoy|azure|arr|appengine|nginx|cloud-trace|request-start|varnish|amzn-trace|amz-cf)\b|(?:cluster-|sucuri-)?client-?ip$)|(?:true|incap)-client-ip$)/

/**
 * @param header the one that carries the token.
 * @throws SessionError `ARGUMENT_INVALID` for an invalid source, or a header that is not a string.
 */
export function readRequest(
  source: RequestSource,
  connection: Connection | undefined,
  header: 'cookie' | 'authorization' = 'cookie'
): RequestFacts {
  const given = source === undefined || typeof source === 'string' ? { [header]: source } : source
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw notARequest('a Request, headers or a cookie')
  const url = isRequest(given) ? given.url : undefined
  const headers = isRequest(given) ? given.headers : given
  return {
    credentials: headerOf(headers, header) ?? '',
    host:
      connection?.host ??
      headerOf(headers, 'host') ??
      headerOf(headers, ':authority') ??
      (url === undefined ? undefined : hostOf(url)),
    encrypted: connection?.encrypted ?? url?.startsWith('https:'),
    headers
  }
}

/** Whether the headers show that a proxy has forwarded the request. */
export function isForwarded({ headers }: Pick<RequestFacts, 'headers'>): boolean {
  return tracesOf(headers).length > 0
}

function tracesOf(headers: Headers | NodeHeaders): string[] {
  if (isHeaders(headers)) return [...headers.keys()].filter((name) => proxyHeader.test(name))
  return Object.keys(headers).filter((name) => proxyHeader.test(name) && headers[name] !== undefined)
}

/** Whether the client asked for a loopback host, not known to be encrypted: it may be a browser on this machine. */
export function asksForLoopback({ host, encrypted }: Pick<RequestFacts, 'host' | 'encrypted'>): boolean {
  return encrypted !== true && host !== undefined && isLoopbackHost(host)
}

/**
 * Whether only programs on this machine have seen the request: no proxy, or a development server (Next.js, Vite) that
 * reports a loopback host and plain http, or that of workerd, which adds the client's address as Cloudflare does.
 */
export function isFromThisMachine({ headers }: Pick<RequestFacts, 'headers'>): boolean {
  const traces = tracesOf(headers).filter((name) => name !== 'cf-connecting-ip' || !isLocalTrace(headers, name))
  if (traces.length === 0) return true
  const needed = ['x-forwarded-host', 'x-forwarded-proto']
  return [...needed, ...traces].every((name) => isLocalTrace(headers, name))
}

function isLocalTrace(headers: Headers | NodeHeaders, name: string): boolean {
  if (name === 'x-forwarded-port') return true
  const value = headerOf(headers, name) ?? ''
  if (name === 'x-forwarded-host') return isLoopbackHost(value)
  if (name === 'x-forwarded-proto') return value === 'http'
  return /^(?:x-forwarded-for|cf-connecting-ip)$/.test(name) && /^(?:::1|(?:::ffff:)?127\.[\d.]+)$/.test(value)
}

/** Whether a proxy reports https, or a host that is not loopback: the browser does not use plain http to this machine. */
export function isElsewhere({ headers }: Pick<RequestFacts, 'headers'>): boolean {
  const host = headerOf(headers, 'x-forwarded-host')
  return headerOf(headers, 'x-forwarded-proto') === 'https' || (host !== undefined && !isLoopbackHost(host))
}

/**
 * Whether a request to a loopback host came from a page that is not on this machine: a proxy has then replaced the `Host`.
 * A page of another site proves nothing: login providers also redirect to machines in development.
 */
export function comesFromPageElsewhere({ headers }: Pick<RequestFacts, 'headers'>): boolean {
  const host = hostOf(headerOf(headers, 'origin') ?? headerOf(headers, 'referer') ?? '')
  return host !== undefined && !isLoopbackHost(host) && headerOf(headers, 'sec-fetch-site') !== 'cross-site'
}

/** Whether a browser reports that page and host have the same origin. Other clients do not send that by themselves. */
export function isSameOrigin({ headers }: Pick<RequestFacts, 'headers'>): boolean {
  return headerOf(headers, 'sec-fetch-site') === 'same-origin'
}

function headerOf(headers: Headers | NodeHeaders, name: string): string | undefined {
  if (isHeaders(headers)) return name.startsWith(':') ? undefined : (headers.get(name) ?? undefined)
  const value: unknown = headers[name]
  if (typeof value === 'string' || value === undefined) return value
  if (Array.isArray(value)) return value.join('; ')
  throw notARequest(`headers that are strings, which ${name} is not`)
}

function notARequest(expected: string): SessionError {
  return new SessionError('ARGUMENT_INVALID', `open() takes ${expected}`)
}

function isRequest(source: Request | Headers | NodeHeaders): source is Request {
  return 'url' in source && typeof source.url === 'string' && 'headers' in source && isHeaders(source.headers)
}

function isHeaders(value: unknown): value is Headers {
  return typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function'
}

function hostOf(url: string): string | undefined {
  return /^https?:\/\/(?:[^/?#@]*@)?([^/?#]*)/.exec(url)?.[1]
}
