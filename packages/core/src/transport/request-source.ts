/** Node's `req.headers`, or anything of that shape. */
export interface NodeHeaders {
  readonly [name: string]: string | readonly string[] | undefined
}

/** Where the cookie is read from. A bare string is the value of the `Cookie` header. */
export type RequestSource = Request | Headers | NodeHeaders | string | undefined

/** What the server knows of the connection beside the headers. */
export interface Connection {
  /** The host the client asked for. Default: the `Host` header. */
  readonly host?: string | undefined
  /** Whether the client's connection is encrypted, as far as this server sees. Default: from the request's URL. */
  readonly encrypted?: boolean | undefined
}

export interface RequestFacts {
  readonly cookieHeader: string
  readonly host: string | undefined
  /** `undefined`: nobody said. */
  readonly encrypted: boolean | undefined
  readonly headers: Headers | NodeHeaders
}

const forwardingHeaders = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-forwarded-prefix'
]

export function readRequest(source: RequestSource, connection: Connection | undefined): RequestFacts {
  const given = typeof source === 'object' ? source : { cookie: source }
  const url = isRequest(given) ? given.url : undefined
  const headers = isRequest(given) ? given.headers : given
  return {
    cookieHeader: headerOf(headers, 'cookie') ?? '',
    host:
      connection?.host ??
      headerOf(headers, 'host') ??
      headerOf(headers, ':authority') ??
      (url === undefined ? undefined : hostOf(url)),
    encrypted: connection?.encrypted ?? url?.startsWith('https:'),
    headers
  }
}

/** Whether a proxy left a trace. */
export function isForwarded({ headers }: RequestFacts): boolean {
  return forwardingHeaders.some((name) => headerOf(headers, name) !== undefined)
}

function headerOf(headers: Headers | NodeHeaders, name: string): string | undefined {
  if (isHeaders(headers)) return name.startsWith(':') ? undefined : (headers.get(name) ?? undefined)
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value.join('; ')
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
