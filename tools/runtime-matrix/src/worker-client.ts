import type {
  ClientAnswer,
  ClientRequest,
  CookieJarClient,
  CookieJarClientOptions,
  OpenAnswer
} from '@kvsession/testkit'
import { clientTransports, createCookieJar, type TokenFields } from '@kvsession/testkit'
import { dispatch } from './worker-server.ts'

/** Replaces the test kit's cookie jar client: it sends its requests through workerd instead of a socket. */
export function createCookieJarClient(url: string, options: CookieJarClientOptions = {}): CookieJarClient {
  const { readSetCookies, credentials } = clientTransports[options.transport ?? 'cookie']
  const address = new URL(url)
  const host = options.host ?? address.host
  const jar = createCookieJar({ host: host.replace(/:\d+$/, ''), encrypted: options.encrypted === true }, options.now)

  async function send(
    path: string,
    { method = 'GET', headers, cookie }: ClientRequest = {},
    signal?: AbortSignal
  ): Promise<Response> {
    const cookieHeader = cookie ?? jar.header(path)
    const all = { host, ...options.headers, ...headers, ...credentials(cookieHeader) }
    const init = { method, headers: all, ...(signal && { signal }) }
    const response = await dispatch(Number(address.port), `http://${host}${path}`, init)
    if (cookie === undefined) jar.keep(readSetCookies(fieldsOf(response)))
    return response
  }

  async function open(path: string, request?: ClientRequest): Promise<OpenAnswer> {
    const response = await send(path, request)
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const headers: Record<string, string> = {}
    for (const [name, value] of response.headers) if (name !== 'set-cookie') headers[name] = value
    return {
      status: response.status,
      headers,
      setCookies: readSetCookies(fieldsOf(response)),
      read: async () => (request?.method === 'HEAD' ? undefined : (await reader?.read())?.value),
      abort: () => void reader?.cancel()
    }
  }

  return {
    jar,
    open,
    async get(path, request): Promise<ClientAnswer> {
      const { read, abort: _, ...head } = await open(path, request)
      let body = ''
      for (let piece = await read(); piece !== undefined; piece = await read()) body += piece
      return { ...head, body }
    },
    async abandon(path, when) {
      const abort = new AbortController()
      const gone = send(path, {}, abort.signal).then(
        () => undefined,
        () => undefined
      )
      await Promise.race([when, gone])
      abort.abort()
      await gone
    }
  }
}

function fieldsOf({ headers }: Response): TokenFields {
  return { setCookies: headers.getSetCookie(), token: headers.get('session-token') ?? undefined }
}
