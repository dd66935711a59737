import { createServer, type IncomingMessage } from 'node:http'
import { createMemoryStore, createSessionManager, type Session, type SessionEvent } from '@kvsession/core'
import { getSession, session } from '@kvsession/express'
import express from 'express'
import { Server, type Socket } from 'socket.io'

interface Cart {
  items?: string[]
  streamed?: boolean
}

declare global {
  namespace Express {
    interface SessionData extends Cart {}
  }
}

const app = express()
const server = createServer(app)
const io = new Server(server, { allowRequest: (request, done) => done(null, isSameOrigin(request)) })

const manager = createSessionManager<Cart>({
  store: createMemoryStore(),
  secret: process.env.SESSION_SECRET,
  onEvent: disconnectSockets
})

const sessions = session(manager)
app.use(sessions, express.urlencoded())
io.engine.use(sessions)

app.post('/login', async (req, res) => {
  await getSession(req).login(req.body.user, { keepData: ['items'] })
  res.json({ ok: true })
})

app.post('/items', async (req, res) => {
  await addItem(getSession(req), req.body.item)
  res.json({ ok: true })
})

app.get('/session', (req, res) => {
  res.json(viewOf(getSession(req)))
})

app.post('/logout', async (req, res) => {
  await getSession(req).destroy()
  res.json({ ok: true })
})

app.post('/fail', async (req) => {
  await getSession(req).login('bob')
  throw new Error('This route fails after the login')
})

io.use((socket, next) => {
  if (getSession(socket.request).userId === undefined) next(new Error('log in first'))
  else next()
})

io.on('connection', (socket) => {
  const session = getSession(socket.request)
  socket.join(session.id)
  const timer = setInterval(() => void check(socket, session).catch(() => {}), 60_000)
  socket.on('disconnect', () => clearInterval(timer))
  answer(socket, 'read', async () => (await session.reload()) && viewOf(session))
  answer(socket, 'add', (item) => addItem(session, String(item)))
  answer(socket, 'mark', () => {
    session.data.streamed = true
    return session.save()
  })
})

/** Acknowledges with what `task` returns; disconnects if that is `false`: the session has ended, or has another token. */
function answer(socket: Socket, event: string, task: (argument: unknown) => Promise<unknown>): void {
  socket.on(event, async (argument: unknown, acknowledge: (result: unknown) => void) => {
    try {
      const result = await task(argument)
      if (result === false) socket.disconnect(true)
      else acknowledge(result)
    } catch (error) {
      // An outage is not a logout: the socket stays.
      console.error(error)
      acknowledge({ error: 'try again later' })
    }
  })
}

/** Finds the end of sessions that expire, or that another process ends. */
async function check(socket: Socket, { id, tokenId }: Session<Cart>): Promise<void> {
  if ((await manager.find(id))?.tokenId !== tokenId) socket.disconnect(true)
}

/** A socket outlives its request, so it does not see what other requests do to its session. */
function disconnectSockets(event: SessionEvent): void {
  const { type } = event
  if (type === 'destroyed' || type === 'expired' || type === 'evicted' || type === 'loggedIn') {
    io.in(event.id).disconnectSockets(true)
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
