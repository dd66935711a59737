import type {
  ClientAnswer,
  ClientRequest,
  CookieJarClient,
  CookieJarClientOptions,
  OpenAnswer
} from '@kvsession/testkit'
import { createCookieJar } from '@kvsession/testkit'
import { applicationAt } from './worker-server.ts'

/** Replaces the test kit's cookie jar client: it calls the application of the port instead of opening a socket. */
export function createCookieJarClient(url: string, options: CookieJarClientOptions = {}): CookieJarClient {
  const address = new URL(url)
  const host = options.host ?? address.host
  const jar = createCookieJar({ host: host.replace(/:\d+$/, ''), encrypted: options.encrypted === true }, options.now)

  async function send(
    path: string,
    { method = 'GET', headers, cookie }: ClientRequest = {},
    signal?: AbortSignal
  ): Promise<Response> {
    const application = applicationAt(Number(address.port))
    if (application === undefined) throw new Error(`Nothing listens on ${url}`)
    const cookieHeader = cookie ?? jar.header(path)
    const all = { host, ...options.headers, ...headers, ...(cookieHeader !== '' && { cookie: cookieHeader }) }
    const request = new Request(`http://${host}${path}`, { method, headers: all, ...(signal && { signal }) })
    const response = await application(request)
    if (cookie === undefined) jar.keep(response.headers.getSetCookie())
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
      setCookies: response.headers.getSetCookie(),
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
