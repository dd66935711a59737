import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'

/** A running server. */
export interface Running {
  readonly url: string
  close(): Promise<void>
}

/** The secret of every session middleware. */
export const secret = 'the secret of the compatibility suite, long enough'

/** Serves on a free port of the loopback interface. */
export async function serve(listener: RequestListener | Server): Promise<Running> {
  const server = typeof listener === 'function' ? createServer(listener) : listener
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: urlOf(server),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

export function urlOf(server: Server): string {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('The server does not listen on a port')
  return `http://127.0.0.1:${address.port}`
}
