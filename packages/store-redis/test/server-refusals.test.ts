import { readFileSync } from 'node:fs'
import { createSessionManager } from '@kvsession/core'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { describeOn, type RedisCluster, type RedisEngine, startRedis, startRedisCluster } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRedisStore, type RedisStore } from '../src/index.ts'
import { connect, connectCluster, type DriverName, driverNames } from './support/drivers.ts'
import { begin, later, recovered, secret, visit } from './support/requests.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const grants = /ACL SETUSER app on >password (~sessions\.\* [^`]+)`, and for Cluster `(\+\S+)`/.exec(readme)
const [, privileges = '', clusterPrivilege = ''] = grants ?? []

async function keysOf(store: RedisStore, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys(prefix)) keys.push(key)
  return keys
}

async function useEverything(store: RedisStore): Promise<void> {
  await store.set('sessions.set', 'value', later)
  const manager = createSessionManager({ store, secret, storeTimeout: 5_000 })
  const cookie = await begin(manager)
  expect(await visit(manager, cookie)).toBe(0)
  const session = await manager.open(cookie)
  await session.destroy()
  expect(await keysOf(store, 'sessions.')).toContain('sessions.set')
  await manager.close()
}

describeOn('redis', { own: true })('A Redis server that refuses commands', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    redis = await startRedis({ own: true })
    await redis.command('ACL', 'SETUSER', 'app', 'on', '>password', ...privileges.split(' '))
    await redis.command('ACL', 'SETUSER', 'bare', 'on', '>password', '~sessions.*', '+ping')
  })
  afterAll(() => redis.stop())

  const as = (user: string, password: string): string => redis.url.replace('//', `//${user}:${password}@`)

  describe.each(driverNames)('%s', (driver) => {
    it('The privileges that the README names are sufficient', async () => {
      const { store, end } = connect(driver, as('app', 'password'))
      await useEverything(store)
      end()
    })

    it('A missing privilege is an error that names the grant, from every method', async () => {
      const { store, end } = connect(driver, as('bare', 'password'))
      const calls = [
        store.get('sessions.key'),
        store.set('sessions.key', 'value', later),
        store.delete('sessions.key'),
        store.compareAndSet('sessions.key', undefined, 'value', later),
        keysOf(store, 'sessions.')
      ]
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({
          reason: { code: 'STORE_INVALID', message: expect.stringContaining('ACL SETUSER') }
        })
      }
      end()
    })
  })

  it('A wrong namespace is the same error, not an absent session', async () => {
    const { store, end } = connect('node-redis 6', as('app', 'password'))
    await expect(store.get('other.key')).rejects.toMatchObject({ code: 'STORE_INVALID' })
    end()
  })

  it('A missing password is an error that says what to do', async () => {
    const locked = await startRedis({ own: true, settings: { requirepass: 'password' } })
    const { store, end } = connect('node-redis 6', locked.url)
    await expect(store.get('key')).rejects.toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringContaining('requires a password')
    })
    end()
    await locked.stop()
  })

  it('A server that is loading its data is a failure, not an absent session', async () => {
    // 50 values at 20 ms each; the server responds in between.
    const settings = { 'key-load-delay': '20000', 'loading-process-events-interval-bytes': '1024' }
    const slow = await startRedis({ own: true, settings })
    const { store, end } = connect('node-redis 6', slow.url)
    const value = 'value '.repeat(400)
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.set(`key.${index}`, value, later)))
    await slow.command('SAVE')
    let loaded = false
    const restarted = slow.restart().then(() => {
      loaded = true
    })
    const answers = new Set<unknown>()
    const kindOf = (error: unknown): string => (/LOADING/.test(String(error)) ? 'loading' : 'unreachable')
    while (!loaded) answers.add(await store.get('key.7').catch(kindOf))
    await recovered(store)
    answers.add(await store.get('key.7'))
    answers.delete('unreachable')
    expect(answers).toEqual(new Set(['loading', value]))
    await restarted
    end()
    await slow.stop()
  })
})

describeOn('redis', { own: true })('A Redis cluster that refuses commands', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster({ nodeTimeout: 5_000 })
    const user = ['on', '>password', ...privileges.split(' '), clusterPrivilege]
    for (const node of cluster.nodes) await node.command('ACL', 'SETUSER', 'app', ...user)
  })
  afterAll(() => cluster.stop())

  it.each(driverNames)('A client of one node gets an error that names the client to use: %s', async (driver) => {
    const { store, end } = connect(driver, cluster.nodes[0]?.url ?? '')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => store.compareAndSet(`key.${index}`, undefined, 'value', later))
    )
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    for (const one of refused) {
      expect(one).toMatchObject({
        reason: { code: 'STORE_INVALID', message: expect.stringContaining('createCluster(), or Cluster of ioredis') }
      })
    }
    end()
  })

  it('The privileges that the README names are sufficient for a cluster', async () => {
    const user = { username: 'app', password: 'password' }
    const ioredis = new Cluster([...cluster.urls], { retryDelayOnFailover: 0, redisOptions: user })
    ioredis.on('error', () => undefined)
    await useEverything(createRedisStore(ioredis))
    ioredis.disconnect()
    const nodeRedis = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })), defaults: user })
    nodeRedis.on('error', () => undefined)
    await nodeRedis.connect()
    await useEverything(createRedisStore(nodeRedis))
    nodeRedis.destroy()
  })

  const clients = driverNames.map((driver) => [driver] as const satisfies readonly [DriverName])

  it.each(clients)('keys() on a client that does not know a master yet rejects: %s', async (driver) => {
    const { store, end } = connectCluster(driver, cluster.urls)
    await expect(keysOf(store)).rejects.toThrow(/cannot reach every master/)
    await recovered(store)
    await keysOf(store)
    end()
  })

  it.each(clients)('keys() without those of a dead master rejects: %s', { timeout: 60_000 }, async (driver) => {
    const { store, end } = connectCluster(driver, cluster.urls)
    await recovered(store)
    const names = Array.from({ length: 30 }, (_, index) => `listed.${index}`)
    await Promise.all(names.map((name) => store.set(name, 'value', later)))
    expect((await keysOf(store, 'listed.')).length).toBe(30)
    await cluster.nodes[1]?.kill()
    for (let round = 0; round < 5; round++) {
      const late = new Promise<string>((resolve) => setTimeout(resolve, 100, 'late'))
      expect(['failed', 'late']).toContain(await Promise.race([keysOf(store).catch(() => 'failed'), late]))
    }
    end()
    await cluster.nodes[1]?.restart()
    await cluster.whole()
  })
})
