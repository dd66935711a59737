import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { type CookieJar, createCookieJar } from './cookie-jar.ts'

export interface CookieJarClientOptions {
  /** What `Host` says. Default: the address. */
  readonly host?: string
  /** Behaves as a browser on https, behind a proxy that ends the encryption: Secure cookies are kept and sent. */
  readonly encrypted?: boolean
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Epoch milliseconds, for cookies that expire. Default: the system's clock. */
  readonly now?: () => number
}

export interface ClientRequest {
  /** Default `GET`. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** A `Cookie` header in place of the jar's; the jar then keeps nothing of the answer. */
  readonly cookie?: string
}

export interface ClientAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Every `Set-Cookie`, in order. */
  readonly setCookies: readonly string[]
  readonly body: string
}

/** An answer whose body is still coming. */
export interface OpenAnswer extends Omit<ClientAnswer, 'body'> {
  /** The next piece of the body; `undefined` after the last. Rejects when the server cuts the connection. */
  read(): Promise<string | undefined>
  /** Goes away, as a closed tab does. */
  abort(): void
}

/** A browser's cookie handling over `node:http`, where any header can be sent. Follows no redirects. */
export interface CookieJarClient {
  readonly jar: CookieJar
  get(path: string, request?: ClientRequest): Promise<ClientAnswer>
  /** Resolves when the headers have come. */
  open(path: string, request?: ClientRequest): Promise<OpenAnswer>
  /** Sends a request and goes away once `when` resolves, unless the answer came first. */
  abandon(path: string, when: Promise<unknown>): Promise<void>
}

/** @param url `http://127.0.0.1:<port>` */
export function createCookieJarClient(url: string, options: CookieJarClientOptions = {}): CookieJarClient {
  const address = new URL(url)
  const host = options.host ?? address.host
  const jar = createCookieJar({ host: host.replace(/:\d+$/, ''), encrypted: options.encrypted === true }, options.now)

  function send(path: string, { method = 'GET', headers, cookie }: ClientRequest = {}): PendingRequest {
    const cookieHeader = cookie ?? jar.header(path)
    const pending = httpRequest({
      agent: false,
      host: address.hostname,
      port: address.port,
      method,
      path,
      headers: { host, ...options.headers, ...headers, ...(cookieHeader !== '' && { cookie: cookieHeader }) }
    })
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      pending.once('response', (message) => {
        // A browser applies cookies when the headers come, not when the body has.
        if (cookie === undefined) jar.keep(message.headers['set-cookie'] ?? [])
        resolve(message)
      })
      pending.on('error', reject)
    })
    pending.end()
    return { response, abort: () => pending.destroy() }
  }

  async function open(path: string, request?: ClientRequest): Promise<OpenAnswer> {
    const { response, abort } = send(path, request)
    const message = await response
    message.setEncoding('utf8')
    const pieces: AsyncIterator<string> = message[Symbol.asyncIterator]()
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      setCookies: message.headers['set-cookie'] ?? [],
      read: async () => (await pieces.next()).value,
      abort
    }
  }

  return {
    jar,
    open,
    async get(path, request) {
      const { read, abort: _, ...head } = await open(path, request)
      let body = ''
      for (let piece = await read(); piece !== undefined; piece = await read()) body += piece
      return { ...head, body }
    },
    async abandon(path, when) {
      const { response, abort } = send(path)
      const gone = response.then(
        () => undefined,
        () => undefined
      )
      await Promise.race([when, gone])
      abort()
      await gone
    }
  }
}

interface PendingRequest {
  readonly response: Promise<IncomingMessage>
  abort(): void
}
