import { once } from 'node:events'
import type { Server } from 'node:http'

const usualPort = 3000
const maxTried = 20

/**
 * Listens on 127.0.0.1 and resolves to the address. Without a given port it uses 3000 or the next free port.
 *
 * @throws the system's error if the given port is in use.
 */
export async function listen(server: Server, wantedPort: string | undefined): Promise<string> {
  const first = wantedPort === undefined ? usualPort : Number(wantedPort)
  const last = wantedPort === undefined ? usualPort + maxTried : first
  for (let port = first; ; port++) {
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      break
    } catch (error) {
      if (!isTaken(error) || port === last) throw error
    }
  }
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : first}`
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
