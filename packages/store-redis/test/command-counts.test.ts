import { createSessionManager, type SessionManager } from '@kvsession/core'
import { describeOn, type RedisEngine, startRedis } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connected, connect, driverNames } from './support/drivers.ts'
import { begin, later, secret, visit } from './support/requests.ts'

/** Counted by the server, with INFO commandstats. */
describeOn('redis', { own: true })('Number of commands on Redis', () => {
  let redis: RedisEngine
  beforeAll(async () => {
    redis = await startRedis({ own: true })
  })
  afterAll(() => redis.stop())

  async function count(work: () => Promise<unknown>): Promise<Record<string, number>> {
    await redis.command('CONFIG', 'RESETSTAT')
    await work()
    const lines = (await redis.command('INFO', 'commandstats')).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)
    const counts = Object.fromEntries([...lines].map(([, name = '', calls]) => [name, Number(calls)]))
    // The INFO command itself, and the commands of a script inside the server.
    delete counts['config|resetstat']
    delete counts.info
    if (counts.evalsha && counts.get) counts.get -= counts.evalsha
    delete counts.set
    return Object.fromEntries(Object.entries(counts).filter(([, calls]) => calls > 0))
  }

  describe.each(driverNames)('%s', (driver) => {
    let connected: Connected
    let manager: SessionManager
    beforeAll(async () => {
      connected = connect(driver, redis.url)
      manager = createSessionManager({ store: connected.store, secret })
      // The greeting of the connection, and the first run of the script.
      await begin(manager)
    })
    afterAll(async () => {
      await manager.close()
      connected.end()
    })

    it('A visitor who stores nothing costs no command', async () => {
      expect(await count(async () => manager.commit(await manager.open('')))).toEqual({})
    })

    it('A session that lazy requests do not use costs no command', async () => {
      const lazy = createSessionManager({ store: connected.store, secret, lazy: true })
      const cookie = await begin(manager)
      expect(await count(async () => lazy.commit(await lazy.open(cookie)))).toEqual({})
    })

    it('A first write costs 1 command', async () => {
      expect(await count(() => begin(manager))).toEqual({ evalsha: 1 })
    })

    it('A read costs 1 command', async () => {
      const cookie = await begin(manager)
      const read = async (): Promise<unknown> => manager.commit(await manager.open(cookie))
      expect(await count(read)).toEqual({ get: 1 })
    })

    it('A read and a write cost 2 commands', async () => {
      const cookie = await begin(manager)
      expect(await count(() => visit(manager, cookie))).toEqual({ get: 1, evalsha: 1 })
    })

    it('regenerate() costs 1 command more than the load', async () => {
      const session = await manager.open(await begin(manager))
      const regenerate = async (): Promise<unknown> => {
        await session.regenerate()
        return manager.commit(session)
      }
      expect(await count(regenerate)).toEqual({ evalsha: 1 })
    })

    it('destroy() costs 1 command more than the load', async () => {
      const session = await manager.open(await begin(manager))
      expect(await count(() => session.destroy())).toEqual({ del: 1 })
    })

    it('A compareAndSet sends the expected value, and only the differing part of the new one', async () => {
      const { store } = connected
      const payload = 'x'.repeat(10_000)
      const input = async (): Promise<number> =>
        Number(/^total_net_input_bytes:(\d+)/m.exec(await redis.command('INFO', 'stats'))?.[1])
      await store.set('sent', `old ${payload}`, later)
      const before = await input()
      expect(await store.compareAndSet('sent', `old ${payload}`, `newer ${payload}`, later)).toBe(true)
      const sent = (await input()) - before
      expect(sent).toBeGreaterThan(10_000)
      expect(sent).toBeLessThan(10_500)
      expect(await store.get('sent')).toBe(`newer ${payload}`)
    })

    // Regression: requests waited behind pages of 500 keys, 3 ms each on an idle machine.
    it('A list of a thousand sessions takes at least eight pages, between which other commands run', async () => {
      const { store } = connected
      const keys = Array.from({ length: 1_000 }, (_, index) => `listed.${index}`)
      await Promise.all(keys.map((key) => store.set(key, 'value', later)))
      const found: string[] = []
      const { scan = 0, getrange } = await count(async () => {
        for await (const key of store.keys('listed.')) found.push(key)
      })
      expect(found.sort()).toEqual(keys.sort())
      expect(scan).toBeGreaterThanOrEqual(8)
      expect(getrange).toBe(1_000)
    })

    it('No command reads more than its key, so a million sessions change nothing', async () => {
      const counts = await count(async () => {
        const cookie = await begin(manager)
        await visit(manager, cookie)
        const session = await manager.open(cookie)
        await session.login('ada')
        await session.destroy()
      })
      expect(Object.keys(counts).filter((name) => !['get', 'evalsha', 'del'].includes(name))).toEqual([])
    })
  })
})
