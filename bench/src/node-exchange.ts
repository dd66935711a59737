import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** A socket that leads nowhere: it takes what is written and is ready for more. */
class NowhereSocket extends Socket {
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done()
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done()
  }

  override _read(): void {}
}

const free: Socket[] = []

/**
 * One request through a Node handler, with Node's own request and response but without a connection: no system call is
 * in what it costs. Resolves when the response is complete, to its `Set-Cookie` values.
 */
export function exchange(
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
  path: string,
  cookie: string
): Promise<readonly string[]> {
  const socket = free.pop() ?? new NowhereSocket()
  const request = new IncomingMessage(socket)
  request.method = 'GET'
  request.url = path
  request.headers = { host: 'localhost:3000', 'user-agent': 'bench', accept: '*/*' }
  if (cookie !== '') request.headers.cookie = cookie
  const response = new ServerResponse(request)
  response.assignSocket(socket)
  request.push(null)
  return new Promise((resolve) => {
    response.once('finish', () => {
      response.detachSocket(socket)
      free.push(socket)
      resolve(setCookies(response.getHeaders()))
    })
    handler(request, response)
  })
}

function setCookies({ 'set-cookie': value }: OutgoingHttpHeaders): readonly string[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [String(value)]
}
