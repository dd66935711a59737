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

it('The server ends at SIGTERM', async () => {
  await send('POST', '/count')
  expect(await server.terminate()).toBe(0)
  server = await startServer()
})
