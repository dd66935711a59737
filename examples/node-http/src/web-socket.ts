import type { Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { increment, sessions } from './sessions.ts'

/**
 * Accepts sockets of logged-in users. Each message increments the count in the session that their pages show. Returns a
 * function that closes all sockets, because an open one prevents the server from closing.
 */
export function acceptWebSockets(server: Server): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 })
  server.on('upgrade', (request, socket, head) => {
    // Without a listener, a client that resets the connection would end the process.
    socket.on('error', () => {})
    sessions.open(request.headers).then(
      ({ userId, id }) => {
        if (userId === undefined) socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n')
        else sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, id))
      },
      () => socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
    )
  })
  return () => {
    for (const webSocket of sockets.clients) webSocket.close(1001, 'the server ends')
  }
}

/** A socket outlives its request, so it updates the stored session, and closes once that session has ended. */
function serve(webSocket: WebSocket, id: string): void {
  async function count(): Promise<void> {
    if (!(await sessions.update(id, increment))) return webSocket.close(4401, 'logged out')
    const found = await sessions.find(id)
    webSocket.send(`${found?.data.count}`)
  }
  webSocket.on('error', console.error)
  webSocket.on('message', () => void count().catch(() => webSocket.close(1011, 'try again later')))
}
