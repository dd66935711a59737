import { describe, expect, it, vi } from 'vitest'
import {
  applyHeaders,
  createMemoryStore,
  createSessionManager,
  type HeaderList,
  type Session
} from '../../src/index.ts'
import { withHeaders } from '../../src/transport/response-headers.ts'
import { createFixture, secret } from '../support/fixture.ts'

const bearer = { transport: 'bearer' } as const

function tokenOf(headers: HeaderList): string | undefined {
  return headers.find(([name]) => name === 'Session-Token')?.[1]
}

/** A session with data, and its token. */
async function createToken(manager: ReturnType<typeof createFixture>['manager']) {
  const session = await manager.open('')
  session.data.a = 1
  const { headers, cookies } = await manager.commit(session)
  return { token: tokenOf(headers) ?? '', headers, cookies }
}

describe("transport: 'bearer'", () => {
  it('The first write sends the token in Session-Token, without a cookie, and varies with Authorization', async () => {
    const { headers, token, cookies } = await createToken(createFixture(bearer).manager)
    expect(token).toMatch(/^[\w-]{76}$/)
    expect(headers).toEqual([
      ['Session-Token', token],
      ['Cache-Control', 'no-store'],
      ['Vary', 'Authorization']
    ])
    expect(cookies).toEqual([])
  })

  it.each([
    ['a header object of Node', (token: string) => ({ authorization: `Bearer ${token}` })],
    ['Headers', (token: string) => new Headers({ authorization: `bearer ${token}` })],
    [
      'a Request',
      (token: string) => new Request('http://a.example', { headers: { authorization: `BEARER  ${token}` } })
    ],
    ['the value of Authorization', (token: string) => `Bearer ${token}`]
  ])('The token is read from %s', async (_, source) => {
    const { manager } = createFixture(bearer)
    const { token } = await createToken(manager)
    const session = await manager.open(source(token))
    expect(session.data).toEqual({ a: 1 })
    expect((await manager.commit(session)).headers).toEqual([['Vary', 'Authorization']])
  })

  it('A cookie with the same token is ignored, whether or not a bearer token comes with it', async () => {
    const { manager, store } = createFixture(bearer)
    const { token } = await createToken(manager)
    const other = await createToken(manager)
    store.calls.length = 0
    expect((await manager.open({ cookie: `sid=${token}; __Host-sid=${token}` })).data).toEqual({})
    expect(store.calls).toEqual([])
    const both = await manager.open({ cookie: `sid=${token}`, authorization: `Bearer ${other.token}` })
    await both.destroy()
    expect((await manager.open(`Bearer ${token}`)).data).toEqual({ a: 1 })
  })

  it('A token of a cookie is not valid as a bearer token, nor the reverse', async () => {
    const store = createMemoryStore()
    const [web, api] = [createSessionManager({ store, secret }), createSessionManager({ store, secret, ...bearer })]
    const session = await web.open('')
    await session.login('alice')
    const [cookie] = (await web.commit(session)).cookies
    const { token } = await createToken(api)
    expect((await api.open(`Bearer ${cookie?.value}`)).userId).toBeUndefined()
    expect((await web.open(`__Host-sid=${token}`)).data).toEqual({})
    expect((await web.open({ authorization: `Bearer ${cookie?.value}` })).userId).toBeUndefined()
    expect(await api.list({ userId: 'alice' })).toHaveLength(1)
  })

  it.each([
    ['an empty header', ''],
    ['the scheme alone', 'Bearer'],
    ['the scheme and a space', 'Bearer '],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['junk', 'Bearer junk'],
    ['two values', 'Bearer a b'],
    ['a list', 'Bearer a,b'],
    ['a forged token', `Bearer ${'A'.repeat(76)}`],
    ['a very long token', `Bearer ${'x'.repeat(100_000)}`],
    ['many spaces', `Bearer${' '.repeat(100_000)}`],
    ['a control character', 'Bearer \u0000']
  ])('Without a token, %s opens no session, and reaches no store', async (_, authorization) => {
    const { manager, store } = createFixture(bearer)
    const session = await manager.open({ authorization })
    expect([session.isNew, session.data]).toEqual([true, {}])
    expect(store.calls).toEqual([])
  })

  it('A login sends a new token, and a logout an empty one', async () => {
    const { manager } = createFixture(bearer)
    const { token } = await createToken(manager)
    const visit = async (from: string, handle: (session: Session) => unknown): Promise<string | undefined> => {
      const session = await manager.open(`Bearer ${from}`)
      await handle(session)
      return tokenOf((await manager.commit(session)).headers)
    }
    const fresh = await visit(token, (session) => session.login('alice'))
    expect(fresh).toMatch(/^[\w-]{76}$/)
    expect(fresh).not.toBe(token)
    expect(await visit(fresh ?? '', (session) => session.destroy())).toBe('')
    expect((await manager.open(`Bearer ${fresh}`)).userId).toBeUndefined()
  })

  it('A new token replaces an earlier one on a response, in a copy, and no cache may store it', () => {
    const headers: HeaderList = [['Session-Token', 'new']]
    const shared = new Response('', { headers: { 'CDN-Cache-Control': 'max-age=60' } })
    const response = withHeaders(shared, headers)
    expect(response).not.toBe(shared)
    expect(shared.headers.has('Session-Token')).toBe(false)
    applyHeaders(headers, response.headers)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cdn-cache-control': 'no-store',
      'session-token': 'new'
    })
  })

  it('A cookie option beside it is an error', () => {
    const options = { store: createMemoryStore(), secret, ...bearer }
    expect(() => createSessionManager({ ...options, cookie: { name: 'id' } })).toThrow(
      "cookie has no effect with transport: 'bearer'"
    )
    expect(() => createSessionManager({ ...options, transport: 'header' as 'bearer' })).toThrow('transport')
  })

  it('A token that goes over plain http to a host elsewhere is warned of once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { manager } = createFixture(bearer)
    const send = async (host: string, more: object = {}): Promise<void> => {
      const session = await manager.open({ host, ...more }, { encrypted: false })
      session.data.a = 1
      await manager.commit(session)
    }
    await send('localhost:3000')
    await send('shop.example', { 'x-forwarded-proto': 'https' })
    expect(warn).not.toHaveBeenCalled()
    await send('shop.example')
    await send('shop.example')
    expect(warn.mock.calls).toEqual([[expect.stringContaining('a token goes over plain http')]])
    warn.mockRestore()
  })
})
