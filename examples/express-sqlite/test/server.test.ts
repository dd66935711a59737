import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from './start-server.ts'
import { createVisitor, password, type Visitor } from './visitor.ts'

const folder = mkdtempSync(join(tmpdir(), 'shop-'))
let server: RunningServer

beforeAll(async () => {
  server = await startServer(folder)
})
afterAll(async () => {
  await server?.kill()
  rmSync(folder, { recursive: true })
})

function visit(cookie = ''): Visitor {
  return createVisitor(() => server.address, cookie)
}

it('A visitor who stores nothing gets no cookie', async () => {
  const { status, headers } = await visit().get('/')
  expect(status).toBe(200)
  expect(headers.getSetCookie()).toEqual([])
})

it('No cache may store a page', async () => {
  const ada = visit()
  await ada.signUp('caches')
  for (const path of ['/', '/devices', '/account', '/login', '/nowhere']) {
    expect((await ada.get(path)).headers.get('cache-control')).toBe('no-store')
  }
})

it('20 parallel requests lose no product in the cart', async () => {
  const ada = visit()
  await ada.signUp('parallel')
  // Slowly, so that all of them read the session before the first one writes it.
  await Promise.all(Array.from({ length: 20 }, () => ada.post('/cart/add', { product: 'tea', slow: '1' })))
  expect((await ada.get('/')).body).toContain('20 ×')
})

it('A login keeps the cart, and the earlier cookie grants no access', async () => {
  const ada = visit()
  await ada.post('/cart/add', { product: 'honey' })
  const before = ada.cookie()
  await ada.signUp('kept')
  expect((await ada.get('/')).body).toContain('Remove Lime honey')
  expect((await visit(before).get('/')).body).not.toContain('Remove Lime honey')
})

it('A message is shown once', async () => {
  const ada = visit()
  await ada.post('/cart/add', { product: 'bread' })
  expect((await ada.get('/')).body).toContain('Rye bread is in your cart.')
  expect((await ada.get('/')).body).not.toContain('Rye bread is in your cart.')
})

it('A form of a logged-in user without the token of the session is refused', async () => {
  const [ada, eve] = [visit(), visit()]
  await ada.signUp('token-ada')
  await eve.signUp('token-eve')
  const foreign = /name="csrf" value="([^"]+)"/.exec((await eve.get('/')).body)?.[1] ?? ''
  for (const csrf of ['', foreign]) {
    expect((await ada.post('/cart/add', { product: 'tea', csrf })).status).toBe(403)
  }
  expect((await ada.get('/')).body).toContain('Nothing in it yet')
})

it('Forms of other sites are refused, including the login', async () => {
  for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }, { Origin: 'null' }]) {
    expect((await visit().post('/login', { name: 'a', password }, headers)).status).toBe(403)
    expect((await visit().post('/cart/add', { product: 'tea' }, headers)).status).toBe(403)
  }
})

it('A user cannot end the session of another user', async () => {
  const [ada, eve] = [visit(), visit()]
  await ada.signUp('owner')
  await eve.signUp('eve')
  const id = /<code>([0-9a-f]{32})<\/code>/.exec((await ada.get('/')).body)?.[1] ?? ''
  await eve.post('/devices/revoke', { id })
  expect((await ada.get('/devices')).status).toBe(200)
})

it('A logout ends the session, even during a slow request', async () => {
  const ada = visit()
  await ada.signUp('slow')
  const cookie = ada.cookie()
  const slow = ada.post('/cart/add', { product: 'tea', slow: '1' })
  const out = await createTab(cookie).post('/logout')
  expect(out.headers.getSetCookie()[0]).toMatch(/^sid=;/)
  expect((await slow).location).toBe('/login?ended')
  expect((await visit(cookie).get('/devices')).location).toBe('/login')
})

it('A new password replaces the secret and logs out everywhere else', async () => {
  const [here, there] = [visit(), visit()]
  await here.signUp('changer')
  await there.logIn('changer')
  const stolen = visit(here.cookie())
  const next = 'another horse battery'
  const changed = await here.post('/account/password', { current: password, next })
  expect(changed.location).toBe('/account')
  expect((await here.get('/account')).body).toContain('Logged out elsewhere: 1 device.')
  expect((await there.get('/account')).location).toBe('/login')
  expect((await stolen.get('/account')).location).toBe('/login')
})

it('Invalid input shows the form again with the reason', async () => {
  const ada = visit()
  await ada.signUp('taken')
  expect((await visit().post('/signup', { name: 'TAKEN', password })).body).toContain('That name is taken')
  expect((await visit().post('/signup', { name: 'short', password: '1234567' })).body).toContain('at least 8')
  expect((await visit().post('/signup', { name: '<script>', password })).body).toContain('&#60;script&#62;')
  expect((await visit().post('/login', { name: 'taken', password: 'wrong horse' })).status).toBe(401)
  expect((await visit().post('/login', { name: 'unknown', password })).status).toBe(401)
  expect((await visit().get('/nowhere')).status).toBe(404)
})

it('Users stay logged in after kill -9 and after an orderly shutdown', async () => {
  const ada = visit()
  await ada.signUp('restart')
  await ada.post('/cart/add', { product: 'coffee' })
  await server.kill()
  server = await startServer(folder)
  expect((await ada.get('/')).body).toContain('Remove Coffee beans')
  expect(await server.terminate()).toBe(0)
  server = await startServer(folder)
  expect((await ada.get('/account')).status).toBe(200)
})

it('The server completes running requests before it ends', async () => {
  const ada = visit()
  await ada.signUp('underway')
  const slow = ada.post('/cart/add', { product: 'apples', slow: '1' })
  // A later request has completed, so the slow one has arrived.
  await ada.get('/')
  const ended = server.terminate()
  expect((await slow).location).toBe('/')
  expect(await ended).toBe(0)
  server = await startServer(folder)
  expect((await ada.get('/')).body).toContain('Remove Apples, 1 kg')
})

it('Only the owner can read the file with the secret', () => {
  expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
})

/** Another tab of the same browser, with the same page. */
function createTab(cookie: string): Pick<Visitor, 'post'> {
  const tab = visit(cookie)
  return {
    async post(path, fields) {
      await tab.get('/')
      return tab.post(path, fields)
    }
  }
}
