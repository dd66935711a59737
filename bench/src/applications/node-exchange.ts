import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Application } from './application.ts'

/** A socket without a connection: it discards what is written and is always ready for more. */
class UnconnectedSocket extends Socket {
  /** What was written first: a response's head. */
  head = ''

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    if (this.head === '') this.head = String(chunk)
    done()
  }

  override _writev(chunks: readonly { readonly chunk: unknown }[], done: () => void): void {
    if (this.head === '') this.head = String(chunks[0]?.chunk)
    done()
  }

  override _read(): void {}
}

const none: readonly string[] = []
const free: UnconnectedSocket[] = []

/**
 * One request through a Node handler, with Node's own request and response but without a connection, so its
 * cost includes no system call. Resolves to the `Set-Cookie` values when the response is complete.
 */
export function exchange(application: Application, path: string, cookie: string): Promise<readonly string[]> {
  const socket = free.pop() ?? new UnconnectedSocket()
  socket.head = ''
  const request = new IncomingMessage(socket)
  request.method = 'GET'
  request.url = path
  request.headers = { host: 'localhost:3000', 'user-agent': 'bench', accept: '*/*' }
  if (cookie !== '') request.headers.cookie = cookie
  // `@hono/node-server` reads these.
  request.rawHeaders = Object.entries(request.headers).flat().map(String)
  const response = new ServerResponse(request)
  response.assignSocket(socket)
  request.push(null)
  return new Promise((resolve, reject) => {
    response.once('finish', () => {
      response.detachSocket(socket)
      // An error must not count as a fast response. The socket is not reused, because its state is unknown.
      if (response.statusCode !== 200) {
        reject(new Error(`${path} was answered with ${response.statusCode}`))
        return
      }
      free.push(socket)
      resolve(setCookiesIn(socket.head))
    })
    application(request, response)
  })
}

/** Reads the bytes that were sent: headers that a framework passes to `writeHead` are not in `response.getHeaders()`. */
function setCookiesIn(head: string): readonly string[] {
  if (!/\r\nset-cookie:/i.test(head)) return none
  return Array.from(head.matchAll(/^set-cookie: *(.*)\r$/gim), ([, value = '']) => value)
}
