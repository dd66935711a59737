import { once } from 'node:events'
import websocket from '@fastify/websocket'
import { createCookieJarClient } from '@kvsession/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { getSession } from '../src/index.ts'
import { serve } from './support/fastify-app.ts'
import { createSite, type Site } from './support/site.ts'

interface Sockets extends Site {
  readonly browser: ReturnType<typeof createCookieJarClient>
  connect(cookie?: string): WebSocket
}

async function serveSockets(): Promise<Sockets> {
  const site = createSite()
  site.fastify.register(websocket)
  site.fastify.register((routes, _options, done) => {
    routes.get('/socket', { websocket: true }, (socket, request) => {
      const session = getSession(request)
      socket.on('message', async (message) => {
        const command = String(message)
        if (command === 'count') await session.update((data) => Object.assign(data, { n: Number(data.n ?? 0) + 1 }))
        if (command === 'late') session.data.late = true
        const failure = command === 'login' ? await session.login('alice').catch(({ code }) => code) : undefined
        socket.send(JSON.stringify({ data: session.data, failure }))
      })
    })
    done()
  })
  const app = await serve(site.fastify)
  onTestFinished(() => app.close())
  const browser = createCookieJarClient(app.url)
  return {
    ...site,
    browser,
    connect: (cookie = `sid=${browser.jar.get('sid')}`) =>
      new WebSocket(`${app.url.replace('http', 'ws')}/socket`, { headers: { cookie } })
  }
}

async function ask(socket: WebSocket, message: string): Promise<unknown> {
  if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open')
  socket.send(message)
  const [answer] = await once(socket, 'message')
  return JSON.parse(String(answer))
}

it('A WebSocket reads and updates the session of its upgrade', async () => {
  const { browser, connect } = await serveSockets()
  await browser.get('/start')
  const socket = connect()
  expect(await ask(socket, 'count')).toEqual({ data: { started: true, n: 1 } })
  expect(JSON.parse((await browser.get('/read')).body)).toEqual({ started: true, n: 1 })
  socket.close()
})

it('A WebSocket cannot log a user in, because its response can carry no cookie', async () => {
  const { browser, connect, events } = await serveSockets()
  await browser.get('/start')
  const socket = connect()
  expect(await ask(socket, 'login')).toMatchObject({ failure: 'HEADERS_SENT' })
  const stranger = connect('')
  expect(await ask(stranger, 'login')).toMatchObject({ failure: 'HEADERS_SENT' })
  expect(events.map(({ type }) => type)).not.toContain('loggedIn')
  socket.close()
  stranger.close()
})

it('A change that a WebSocket does not store is stored when the socket closes', async () => {
  const { browser, connect, store } = await serveSockets()
  await browser.get('/start')
  const socket = connect()
  await ask(socket, 'late')
  const write = store.hold('compareAndSet')
  socket.close()
  await write.reached
  write.release()
  expect(JSON.parse((await browser.get('/read')).body)).toEqual({ started: true, late: true })
})
