import { once } from 'node:events'
import { connect } from 'node:net'
import { createSessionManager, type SessionManager } from '@kvsession/core'
import { createTestClock } from '@kvsession/testkit'
import { MemcacheClient } from 'memcache-client'
import { describeOn, type Engine } from 'test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemcachedStore, type MemcachedStore } from '../src/index.ts'
import { commandsOf, startServer } from './support/memcached.ts'

const later = Date.UTC(2037, 0)
const secret = 'a secret for tests that is long enough'

describeOn('memcached', { own: true })('Three memcached servers', () => {
  let servers: readonly Engine[]
  let clients: readonly MemcacheClient[]
  let store: MemcachedStore
  const clock = createTestClock(Math.ceil(Date.now() / 1_000) * 1_000)
  let manager: SessionManager
  beforeEach(async () => {
    servers = await Promise.all([startServer(), startServer(), startServer()])
    clients = servers.map(({ port }) => new MemcacheClient({ server: `127.0.0.1:${port}`, cmdTimeout: 300 }))
    store = createMemcachedStore(clients, { clock })
    manager = createSessionManager({ store, secret, storeTimeout: 500, clock })
  })
  afterEach(async () => {
    await manager.close()
    for (const client of clients) client.shutdown()
    await Promise.all(servers.map((server) => server.stop()))
  })

  /** Sessions of one user each, with cookie and id. */
  async function begin(userId: string): Promise<{ cookie: string; id: string }> {
    const session = await manager.open('')
    session.data.count = 0
    await session.login(userId)
    const { headers } = await manager.commit(session)
    return { cookie: headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? '', id: session.id }
  }

  /** The result of a request: its session, none, or a failure. */
  async function look(cookie: string): Promise<'there' | 'none' | 503> {
    try {
      const session = await manager.open(cookie)
      await manager.commit(session)
      return session.userId === undefined ? 'none' : 'there'
    } catch (error) {
      expect(error).toMatchObject({ status: 503 })
      return 503
    }
  }

  /** The positions of the servers that have these sessions. */
  async function placesOf(sessions: readonly { readonly id: string }[]): Promise<readonly number[]> {
    return Promise.all(
      sessions.map(async ({ id }) => {
        const found = await Promise.all(clients.map((client) => client.gets(`kvsession:sessions.s.${id}`)))
        expect(found.filter((one) => one !== undefined)).toHaveLength(1)
        return found.findIndex((one) => one !== undefined)
      })
    )
  }

  it('Each key has one server, the same for every process, and each server has its share', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `key.${index}`)
    for (const key of keys) expect(await store.compareAndSet(key, undefined, key, later)).toBe(true)
    const others = servers.map(({ port }) => new MemcacheClient({ server: `127.0.0.1:${port}` }))
    const other = createMemcachedStore(others, { clock })
    for (const key of keys) expect(await other.get(key)).toBe(key)
    for (const client of clients) expect(await commandsOf(client)).toBeGreaterThan(100)
    for (const key of keys) await other.delete(key)
    for (const key of keys) expect(await store.get(key)).toBe(undefined)
    for (const client of others) client.shutdown()
  })

  it('A fourth server at the end of the list takes a quarter of the keys, and moves no other', async () => {
    const [first, second, third] = clients
    if (!first || !second || !third) throw new Error('three clients')
    const fourth = await startServer()
    const own = new MemcacheClient({ server: `127.0.0.1:${fourth.port}` })
    const keys = Array.from({ length: 400 }, (_, index) => `key.${index}`)
    for (const key of keys) await store.set(key, 'value', later)
    const grown = createMemcachedStore([first, second, third, own], { clock })
    const kept = (await Promise.all(keys.map((key) => grown.get(key)))).filter((value) => value === 'value').length
    expect(kept).toBeGreaterThan(240)
    expect(kept).toBeLessThan(360)
    own.shutdown()
    await fourth.stop()
  })

  it('The sessions of a server that restarts empty have ended, the others continue, and none is restored', async () => {
    const sessions = await Promise.all(Array.from({ length: 24 }, (_, index) => begin(`user ${index}`)))
    const places = await placesOf(sessions)
    expect(new Set(places).size).toBe(3)
    const dead = 1
    const ended = sessions.findIndex((_, index) => places[index] !== dead)
    const session = await manager.open(sessions[ended]?.cookie ?? '')
    await session.destroy()
    await servers[dead]?.kill()
    const expected = (onDead: 'none' | 503): unknown[] =>
      places.map((place, index) => (place === dead ? onDead : index === ended ? 'none' : 'there'))
    expect(await Promise.all(sessions.map(({ cookie }) => look(cookie)))).toEqual(expected(503))
    await servers[dead]?.restart()
    expect(await Promise.all(sessions.map(({ cookie }) => look(cookie)))).toEqual(expected('none'))
  })

  it('A logout on a hung server fails instead of being lost, and works once the server is back', async () => {
    const sessions = await Promise.all(Array.from({ length: 12 }, (_, index) => begin(`user ${index}`)))
    const [place = 0] = await placesOf(sessions)
    const { cookie = '' } = sessions[0] ?? {}
    const session = await manager.open(cookie)
    servers[place]?.freeze()
    await expect(session.destroy()).rejects.toMatchObject({ status: 503 })
    expect(await look(cookie)).toBe(503)
    servers[place]?.thaw()
    const again = await manager.open(cookie)
    await again.destroy()
    expect(await look(cookie)).toBe('none')
  })

  it('A user index that is lost with its server is restored by a touch of each session on other servers', async () => {
    const sessions = await Promise.all(Array.from({ length: 9 }, () => begin('ada')))
    const places = await placesOf(sessions)
    const keys = await Promise.all(servers.map(({ port }) => keysOn(port)))
    const dead = keys.findIndex((list) => list.some((key) => key.startsWith('kvsession:sessions.u.')))
    await servers[dead]?.restart()
    const left = sessions.filter((_, position) => places[position] !== dead)
    expect(left.length).toBeGreaterThan(0)
    expect(await manager.revokeAll('ada')).toBe(0)
    clock.advance(61_000)
    for (const { cookie } of left) expect(await look(cookie)).toBe('there')
    expect(await manager.revokeAll('ada')).toBe(left.length)
    for (const { cookie } of sessions) expect(await look(cookie)).toBe('none')
  })
})

/** The keys of a memcached, by its own list. */
async function keysOn(port: number): Promise<string[]> {
  const socket = connect(port, '127.0.0.1')
  socket.write('lru_crawler metadump all\r\n')
  let answer = ''
  while (!answer.includes('END\r\n')) answer += String((await once(socket, 'data'))[0])
  socket.destroy()
  return Array.from(answer.matchAll(/^key=(\S+)/gm), ([, key = '']) => decodeURIComponent(key))
}

describe('An invalid list of clients', () => {
  const client = new MemcacheClient({ server: '127.0.0.1:1' })
  const pair = new MemcacheClient({ server: { servers: [{ server: 'a:1' }, { server: 'b:1' }] } })

  it.each([
    ['an empty list', [], 'got no client'],
    ['the same client twice', [client, client], 'the same client twice'],
    ['a client of two servers', [client, pair], '2 servers']
  ])('createMemcachedStore refuses %s', (_, list, message) => {
    expect(() => createMemcachedStore(list)).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
    )
  })
})
