import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type RunningServer, startServer } from './start-server.ts'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

async function send(method: string, path: string, cookie = ''): Promise<{ cookie: string; body: unknown }> {
  const response = await fetch(server.address + path, { method, headers: { cookie } })
  expect(response.status).toBe(200)
  return { cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie, body: await response.json() }
}

it('A visitor who stores nothing gets no cookie', async () => {
  expect(await send('GET', '/')).toEqual({ cookie: '', body: { user: null, count: 0 } })
})

it('Parallel requests are counted without loss', async () => {
  const { cookie } = await send('POST', '/count')
  await Promise.all(Array.from({ length: 20 }, () => send('POST', '/count', cookie)))
  expect((await send('GET', '/', cookie)).body).toEqual({ user: null, count: 21 })
})

it('A login keeps the count, and the earlier cookie grants no access', async () => {
  const visitor = await send('POST', '/count')
  const user = await send('POST', '/login?name=grace', visitor.cookie)
  expect(user.body).toEqual({ user: 'grace', count: 1 })
  expect(user.cookie).not.toBe(visitor.cookie)
  expect((await send('GET', '/', visitor.cookie)).body).toEqual({ user: null, count: 0 })
})

it('A logout ends the session', async () => {
  const { cookie } = await send('POST', '/login')
  await send('POST', '/logout', cookie)
  expect((await send('GET', '/', cookie)).body).toEqual({ user: null, count: 0 })
})

it('A WebSocket shares the session, and closes after the logout', async () => {
  const { cookie } = await send('POST', '/login')
  const socket = new WebSocket(server.address.replace('http', 'ws'), { headers: { cookie } })
  await once(socket, 'open')
  socket.send('+')
  expect(String((await once(socket, 'message'))[0])).toBe('1')
  expect((await send('GET', '/', cookie)).body).toEqual({ user: 'ada', count: 1 })

  await send('POST', '/logout', cookie)
  socket.send('+')
  expect((await once(socket, 'close'))[0]).toBe(4401)
})

it('A WebSocket of a visitor who is not logged in is refused', async () => {
  const socket = new WebSocket(server.address.replace('http', 'ws'))
  const [error] = await once(socket, 'error')
  expect(String(error)).toContain('401')
})

it('The server closes its WebSockets and ends at SIGTERM', async () => {
  const { cookie } = await send('POST', '/login')
  const socket = new WebSocket(server.address.replace('http', 'ws'), { headers: { cookie } })
  await once(socket, 'open')
  const closed = once(socket, 'close')
  expect(await server.terminate()).toBe(0)
  expect((await closed)[0]).toBe(1001)
  server = await startServer()
})
