import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { load } from '../load.ts'
import { logIn, type Request, type RequestSession, type Scenario, type Site } from './site.ts'

interface SocketServer {
  readonly engine: { use(middleware: unknown): void }
  on(event: 'connection', listener: (socket: ServerSocket) => void): void
  close(): Promise<void>
}

interface ServerSocket {
  readonly request: IncomingMessage & { readonly session: RequestSession }
  on(event: string, listener: (done: (answer: unknown) => void) => void): void
}

interface ClientSocket {
  once(event: string, listener: (argument: unknown) => void): void
  emitWithAck(event: string): Promise<unknown>
  close(): void
}

function mountLogin({ app }: Site): void {
  app.get('/login', logIn)
  app.get('/', (req, res) => res.json([req.session.user ?? null, req.session.messages ?? 0]))
}

/** Answers with the user of the session, which it reloads, and counts messages in it. */
function answerMessage({ request: { session } }: ServerSocket, done: (answer: unknown) => void): void {
  session.reload((error) => {
    if (error) return done('gone')
    session.messages = Number(session.messages ?? 0) + 1
    return session.save(() => done([session.user ?? null, session.messages]))
  })
}

function socketScenario(transport: 'websocket' | 'polling'): Scenario {
  return {
    middleware: 'socket.io',
    does: `finds the session of a handshake by ${transport}, and reloads it later`,
    mount(site) {
      mountLogin(site)
      const { Server } = load<{ Server: new (server: unknown) => SocketServer }>('socket.io')
      const io = new Server(site.server)
      io.engine.use(site.session)
      io.on('connection', (socket) => {
        socket.on('user', (done) => done(socket.request.session.user ?? null))
        socket.on('message', (done) => answerMessage(socket, done))
      })
      site.onClose(() => io.close())
    },
    async visit({ url, visit, cookies, note }) {
      await visit('/login')
      const { io } = load<{ io(url: string, options: object): ClientSocket }>('socket.io-client')
      const socket = io(url, {
        transports: [transport],
        extraHeaders: { cookie: cookies() },
        forceNew: true,
        reconnection: false
      })
      try {
        await new Promise((resolve, reject) => {
          socket.once('connect', resolve)
          socket.once('connect_error', reject)
        })
        note('user', await socket.emitWithAck('user'))
        note('message', await socket.emitWithAck('message'))
        await visit('/')
      } finally {
        socket.close()
      }
    }
  }
}

interface SocketApp {
  ws(path: string, handler: (socket: WebSocket, req: Request) => void): void
}

export const socketScenarios: readonly Scenario[] = [
  socketScenario('websocket'),
  socketScenario('polling'),
  {
    middleware: 'express-ws',
    does: 'finds the session of an upgrade, and saves it later',
    mount(site) {
      const { app, server } = site
      const expressWs = load<(app: unknown, server: unknown) => { readonly app: SocketApp }>('express-ws')
      const sockets = expressWs(app, server).app
      mountLogin(site)
      sockets.ws('/socket', (socket, req) => {
        socket.on('message', () => {
          req.session.messages = Number(req.session.messages ?? 0) + 1
          req.session.save(() => socket.send(JSON.stringify([req.session.user, req.session.messages])))
        })
      })
    },
    async visit({ url, visit, cookies, note }) {
      await visit('/login')
      const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`, { headers: { cookie: cookies() } })
      await once(socket, 'open')
      socket.send('hello')
      const [message] = await once(socket, 'message')
      note('message', String(message))
      socket.terminate()
      await visit('/')
    }
  }
]
