import { afterAll, beforeAll, expect, it } from 'vitest'
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

it('gives a visitor who stores nothing no cookie', async () => {
  expect(await send('GET', '/')).toEqual({ cookie: '', body: { user: null, count: 0 } })
})

it('counts parallel requests without a loss', async () => {
  const { cookie } = await send('POST', '/count')
  await Promise.all(Array.from({ length: 20 }, () => send('POST', '/count', cookie)))
  expect((await send('GET', '/', cookie)).body).toEqual({ user: null, count: 21 })
})

it('keeps the count at login, and opens nothing with the cookie from before', async () => {
  const visitor = await send('POST', '/count')
  const user = await send('POST', '/login?name=grace', visitor.cookie)
  expect(user.body).toEqual({ user: 'grace', count: 1 })
  expect(user.cookie).not.toBe(visitor.cookie)
  expect((await send('GET', '/', visitor.cookie)).body).toEqual({ user: null, count: 0 })
})

it('ends the session at logout', async () => {
  const { cookie } = await send('POST', '/login')
  await send('POST', '/logout', cookie)
  expect((await send('GET', '/', cookie)).body).toEqual({ user: null, count: 0 })
})

it('ends by itself at SIGTERM', async () => {
  await send('POST', '/count')
  expect(await server.terminate()).toBe(0)
  server = await startServer()
})
