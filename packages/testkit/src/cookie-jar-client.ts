import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { clientTransports, type TokenFields } from './client-transport.ts'
import { type CookieJar, createCookieJar } from './cookie-jar.ts'

export interface CookieJarClientOptions {
  /** The value of the `Host` header. Default: the address. */
  readonly host?: string
  /** Behaves like a browser on HTTPS behind a proxy that terminates TLS: keeps and sends Secure cookies. */
  readonly encrypted?: boolean
  /**
   * `bearer`: sends its token as `Authorization: Bearer`, and keeps that of `Session-Token`. Tests see the token as a cookie
   * named `sid`, in the jar, in `cookie` of a request and in `setCookies` of a response. Default `cookie`.
   */
  readonly transport?: 'cookie' | 'bearer'
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Epoch milliseconds, for cookies that expire. Default: the system's clock. */
  readonly now?: () => number
}

export interface ClientRequest {
  /** Default `GET`. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces the jar's `Cookie` header. The jar then ignores the cookies of the response. */
  readonly cookie?: string
}

export interface ClientAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** All `Set-Cookie` values, in order. */
  readonly setCookies: readonly string[]
  readonly body: string
}

/** A response whose body is still arriving. */
export interface OpenAnswer extends Omit<ClientAnswer, 'body'> {
  /** Resolves to the next chunk of the body, `undefined` after the last. Rejects if the server aborts the connection. */
  read(): Promise<string | undefined>
  /** Closes the connection, like a closed tab. */
  abort(): void
}

/** An HTTP client with a browser's cookie handling that can send any header. It does not follow redirects. */
export interface CookieJarClient {
  readonly jar: CookieJar
  get(path: string, request?: ClientRequest): Promise<ClientAnswer>
  /** Resolves when the headers have arrived. */
  open(path: string, request?: ClientRequest): Promise<OpenAnswer>
  /** Sends a request and closes the connection once `when` resolves, unless the response has arrived. */
  abandon(path: string, when: Promise<unknown>): Promise<void>
}

/** @param url `http://127.0.0.1:<port>` */
export function createCookieJarClient(url: string, options: CookieJarClientOptions = {}): CookieJarClient {
  const address = new URL(url)
  const host = options.host ?? address.host
  const { readSetCookies, credentials } = clientTransports[options.transport ?? 'cookie']
  const jar = createCookieJar({ host: host.replace(/:\d+$/, ''), encrypted: options.encrypted === true }, options.now)

  function send(path: string, { method = 'GET', headers, cookie }: ClientRequest = {}): PendingRequest {
    const cookieHeader = cookie ?? jar.header(path)
    const pending = httpRequest({
      agent: false,
      host: address.hostname,
      port: address.port,
      method,
      path,
      headers: { host, ...options.headers, ...headers, ...credentials(cookieHeader) }
    })
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      pending.once('response', (message) => {
        // A browser applies cookies when the headers arrive, before the body is complete.
        if (cookie === undefined) jar.keep(readSetCookies(fieldsOf(message)))
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
      setCookies: readSetCookies(fieldsOf(message)),
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

function fieldsOf({ headers }: IncomingMessage): TokenFields {
  return { setCookies: headers['set-cookie'] ?? [], token: headers['session-token']?.toString() }
}

interface PendingRequest {
  readonly response: Promise<IncomingMessage>
  abort(): void
}
