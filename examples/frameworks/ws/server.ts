import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  applyHeaders,
  createMemoryStore,
  createSessionManager,
  isSessionError,
  type Session,
  type SessionEvent
} from '@kvsession/core'
import { type WebSocket, WebSocketServer } from 'ws'

interface Cart {
  items?: string[]
  streamed?: boolean
}

const manager = createSessionManager<Cart>({
  store: createMemoryStore(),
  secret: process.env.SESSION_SECRET,
  onEvent: closeSockets
})

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error)
    response.writeHead(isSessionError(error) ? error.status : 500).end()
  })
})

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const session = await manager.open(request.headers)
  const { status, body } = await respond(request, session)
  try {
    applyHeaders((await manager.commit(session, { status })).headers, response)
  } catch (error) {
    applyHeaders(manager.responseHeaders(session), response)
    throw error
  }
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

type Route = (session: Session<Cart>, form: URLSearchParams) => unknown

const routes: Readonly<Record<string, Route>> = {
  'POST /login': (session, form) => session.login(String(form.get('user')), { keepData: ['items'] }),
  'POST /items': (session, form) => addItem(session, String(form.get('item'))),
  'POST /logout': (session) => session.destroy(),
  'GET /session': viewOf,
  async 'POST /fail'(session) {
    await session.login('bob')
    throw new Error('This route fails after the login')
  }
}

async function respond(request: IncomingMessage, session: Session<Cart>): Promise<{ status: number; body: unknown }> {
  const route = routes[`${request.method} ${request.url}`]
  if (!route) return { status: 404, body: null }
  try {
    return { status: 200, body: (await route(session, new URLSearchParams(String(await buffer(request))))) ?? true }
  } catch (error) {
    console.error(error)
    return { status: isSessionError(error) ? error.status : 500, body: null }
  }
}

/** The open sockets, by the id of their session. */
const sockets = new Map<string, Set<WebSocket>>()
const upgrades = new WebSocketServer({ noServer: true, maxPayload: 1024 })

server.on('upgrade', (request, socket, head) => {
  // Without a listener, a client that resets the connection would end the process.
  socket.on('error', () => {})
  upgrade(request, socket, head).catch(() => refuse(socket, '503 Service Unavailable'))
})

async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  if (!isSameOrigin(request)) return refuse(socket, '403 Forbidden')
  const session = await manager.open(request.headers)
  if (session.userId === undefined) return refuse(socket, '401 Unauthorized')
  upgrades.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, session))
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
}

function serve(webSocket: WebSocket, session: Session<Cart>): void {
  const { id } = session
  const ofSession = sockets.get(id) ?? new Set()
  sockets.set(id, ofSession.add(webSocket))
  webSocket.on('error', () => {})
  webSocket.on('message', (message) => {
    // A failed write is no logout: the socket stays.
    answer(webSocket, session, String(message)).catch(() => webSocket.send('try again later'))
  })
  const timer = setInterval(() => void check(webSocket, session).catch(() => {}), 60_000)
  webSocket.on('close', () => {
    clearInterval(timer)
    ofSession.delete(webSocket)
    if (ofSession.size === 0) sockets.delete(id)
  })
}

async function answer(webSocket: WebSocket, session: Session<Cart>, item: string): Promise<void> {
  session.data.streamed = true
  if (await addItem(session, item)) webSocket.send(JSON.stringify(viewOf(session)))
  else webSocket.close(4401, 'the session has ended')
}

/** Finds the end of sessions that expire, or that another process ends. */
async function check(webSocket: WebSocket, { id, tokenId }: Session<Cart>): Promise<void> {
  if ((await manager.find(id))?.tokenId !== tokenId) webSocket.close(4401, 'the session has ended')
}

/** A socket outlives its request, so it does not see what other requests do to its session. */
function closeSockets(event: SessionEvent): void {
  const { type } = event
  if (type === 'destroyed' || type === 'expired' || type === 'evicted' || type === 'loggedIn') {
    for (const webSocket of sockets.get(event.id) ?? []) webSocket.close(4401, 'the session has ended')
  }
}

/** Browsers open sockets to other origins, too. */
function isSameOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

function addItem(session: Session<Cart>, item: string): Promise<boolean> {
  return session.update((data) => {
    data.items = [...(data.items ?? []), item]
  })
}

function viewOf({ userId, data: { items = [], streamed = false } }: Session<Cart>): object {
  return { user: userId ?? null, items, streamed }
}

server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1')
