import type { IncomingMessage } from 'node:http'
import { createCookieJarClient, createGate } from '@kvsession/testkit'
import express from 'express'
import { Server as SocketServer } from 'socket.io'
import { io as connectSocket, type Socket } from 'socket.io-client'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { getSession } from '../src/index.ts'
import { serveInTest } from './support/server.ts'
import { createSite, isSessionRequest, type SessionRequest, type Site } from './support/site.ts'

function sessionRequest(request: IncomingMessage): SessionRequest {
  if (isSessionRequest(request)) return request
  throw new Error('The handshake has no session')
}

interface Shared {
  readonly site: Site
  readonly url: string
  readonly cookie: () => string
  readonly get: (path: string) => Promise<string>
}

/** An Express application with sessions, and its server. */
async function createShared(attach: (site: Site, server: SocketServer) => void): Promise<Shared> {
  const site = createSite()
  const app = express()
  app.use(site.middleware)
  app.get('/count', (req, res) => {
    req.session.n ??= 0
    res.send(String(req.session.n))
  })
  app.get('/logout', async (req, res) => {
    await req.session.destroy()
    res.send('bye')
  })
  const { server, url } = await serveInTest(app)
  const io = new SocketServer(server)
  onTestFinished(() => void io.close())
  attach(site, io)
  const browser = createCookieJarClient(url)
  return {
    site,
    url,
    cookie: () => `sid=${browser.jar.get('sid')}`,
    get: async (path) => (await browser.get(path)).body
  }
}

function connect({ url, cookie }: Shared, transport: string, extra = ''): Socket {
  const socket = connectSocket(url, {
    transports: [transport],
    extraHeaders: { cookie: extra || cookie() },
    forceNew: true
  })
  onTestFinished(() => void socket.close())
  return socket
}

const countTogether = (site: Site, io: SocketServer): void => {
  io.engine.use(site.middleware)
  io.on('connection', (socket) => {
    const request = sessionRequest(socket.request)
    void socket.join(request.session.id)
    socket.on('count', (answer: (message: string) => void) => {
      request.session.reload((error) => {
        if (error) {
          answer(error.message)
          return
        }
        request.session.n = (request.session.n ?? 0) + 1
        request.session.save((failed) => answer(failed ? failed.message : String(request.session.n)))
      })
    })
    socket.on('first', (answer: (message: string) => void) => {
      request.session.n = 1
      request.session.save((failed) => answer(failed ? failed.message : 'stored'))
    })
  })
}

for (const transport of ['websocket', 'polling']) {
  it(`socket.io shares the session through engine.use: reload, change and save long after the handshake (${transport})`, async () => {
    const shared = await createShared(countTogether)
    await shared.get('/count')
    const socket = connect(shared, transport)
    expect(await socket.emitWithAck('count')).toBe('1')
    expect(await shared.get('/count')).toBe('1')
    expect(await socket.emitWithAck('count')).toBe('2')
    expect(await shared.get('/count')).toBe('2')
  })

  it(`socket.io: a destroyed session fails to load (${transport})`, async () => {
    const shared = await createShared(countTogether)
    await shared.get('/count')
    const socket = connect(shared, transport)
    await socket.emitWithAck('count')
    await shared.get('/logout')
    expect(await socket.emitWithAck('count')).toMatch(/failed to load session/)
    expect(await shared.site.sessions()).toBe(0)
  })

  it(`socket.io: a visitor without a session gets none from a socket, which cannot send its cookie (${transport})`, async () => {
    const shared = await createShared(countTogether)
    const socket = connect(shared, transport, 'a=b')
    expect(await socket.emitWithAck('first')).toMatch(/HEADERS_SENT/)
    expect(await shared.site.sessions()).toBe(0)
  })
}

it('socket.io refuses the handshake if the store cannot be read', async () => {
  const shared = await createShared(countTogether)
  await shared.get('/count')
  shared.site.store.fail('get')
  const socket = connect(shared, 'websocket')
  const refused = createGate()
  socket.on('connect_error', refused.open)
  await refused.passed
  expect(socket.connected).toBe(false)
})

it('The older recipe with an empty response loads the session', async () => {
  const shared = await createShared((site, io) => {
    io.use((socket, next) =>
      site.middleware(socket.request, {}, (error) => next(error instanceof Error ? error : undefined))
    )
    io.on('connection', (socket) => socket.emit('n', sessionRequest(socket.request).session.n))
  })
  await shared.get('/count')
  const socket = connect(shared, 'websocket')
  expect(await new Promise((resolve) => socket.on('n', resolve))).toBe(0)
})

it('A server of ws shares the session on upgrade', async () => {
  const site = createSite()
  const app = express()
  app.use(site.middleware)
  app.get('/', (req, res) => {
    req.session.n = (req.session.n ?? 0) + 1
    res.send(String(req.session.n))
  })
  const { server, url } = await serveInTest(app)
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    site.middleware(request, {}, (error) => {
      if (error || sessionRequest(request).session.n === undefined) {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
        return
      }
      sockets.handleUpgrade(request, socket, head, (connection) => {
        connection.on('message', async () => {
          await getSession(request).update((data) => {
            data.n = (data.n ?? 0) + 1
          })
          connection.send(String(sessionRequest(request).session.n))
        })
      })
    })
  })
  const browser = createCookieJarClient(url)
  await browser.get('/')
  const address = url.replace('http', 'ws')
  const stranger = new WebSocket(address)
  expect(await new Promise((resolve) => stranger.on('error', (error) => resolve(error.message)))).toMatch(/401/)
  const client = new WebSocket(address, { headers: { cookie: `sid=${browser.jar.get('sid')}` } })
  onTestFinished(() => client.terminate())
  const message = new Promise((resolve) => client.on('message', (data) => resolve(String(data))))
  client.on('open', () => client.send('count'))
  expect(await message).toBe('2')
  expect((await browser.get('/')).body).toBe('3')
})
