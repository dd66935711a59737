import { createSessionManager } from '@kvsession/core'
import { describeOn, type RedisEngine, startProxy, startRedis } from 'test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Connected, connect, driverNames } from './support/drivers.ts'
import { begin, later, secret, visit } from './support/requests.ts'

describeOn('redis', { own: true })('A Redis master and its replica', () => {
  let master: RedisEngine
  let replica: RedisEngine
  beforeAll(async () => {
    master = await startRedis({ own: true })
    replica = await startRedis({ own: true, replicaOf: master.port })
    await replicating(master)
  })
  afterAll(async () => {
    await replica.stop()
    await master.stop()
  })

  describe.each(driverNames)('%s', (driver) => {
    let waiting: Connected
    beforeEach(async () => {
      await master.command('FLUSHALL')
      waiting = connect(driver, master.url, { waitReplicas: 1, waitTimeout: 500 })
    })
    afterEach(() => waiting.end())

    it('With waitReplicas, a write that resolved is on the replica', async () => {
      expect(await waiting.store.compareAndSet('key', undefined, 'value', later)).toBe(true)
      expect(await replica.command('GET', 'key')).toBe(`${later} value`)
      await waiting.store.delete('key')
      expect(await replica.command('EXISTS', 'key')).toBe('0')
    })

    it('With waitReplicas, a write that no replica confirms is not read until one does', async () => {
      const { store } = waiting
      const manager = createSessionManager({ store, secret, storeTimeout: 5_000 })
      const cookie = await begin(manager)
      replica.freeze()
      await expect(visit(manager, cookie)).rejects.toMatchObject({ status: 503 })
      // The master has the value and would return it.
      await expect(visit(manager, cookie)).rejects.toMatchObject({ status: 503 })
      replica.thaw()
      // Reads only, because each write would be counted.
      const count = async (): Promise<unknown> => (await manager.open(cookie)).data.count
      await vi.waitUntil(
        () =>
          count().then(
            (found) => found === 1,
            () => false
          ),
        { timeout: 20_000 }
      )
      await manager.close()
    })

    it('With waitReplicas, the store waits again after the full script had to be sent', async () => {
      await waiting.store.compareAndSet('key', undefined, 'value', later)
      await master.command('SCRIPT', 'FLUSH')
      await master.command('CONFIG', 'RESETSTAT')
      expect(await waiting.store.compareAndSet('key', 'value', 'next', later)).toBe(true)
      const stats = await master.command('INFO', 'commandstats')
      expect(stats).toMatch(/cmdstat_eval:calls=1,/)
      expect(stats).toMatch(/cmdstat_wait:calls=2,/)
    })

    it('With waitReplicas, the confirmation of one write does not count for the next one', async () => {
      const alone = await startRedis({ own: true })
      const link = await startProxy(alone)
      const behind = await startRedis({ own: true, replicaOf: link.port })
      await replicating(alone)
      const { store, end } = connect(driver, alone.url, { waitReplicas: 1, waitTimeout: 500 })
      const offset = async (): Promise<number> =>
        Number(/master_repl_offset:(\d+)/.exec(await alone.command('INFO', 'replication'))?.[1])
      await store.set('first', 'value', later)
      const before = await offset()
      await store.set('first', 'value', later)
      // The replica receives only one write and the WAIT for it.
      link.cutAfter((await offset()) - before)
      await store.set('first', 'value', later)
      const closed = link.close()
      const second = store.set('second', 'value', later).catch(String)
      expect(await second).toContain('0 of 1 replicas')
      expect(await store.get('second').catch(String)).toContain('0 of 1 replicas')
      expect(await store.get('first')).toBe('value')
      end()
      await closed
      await behind.stop()
      await alone.stop()
    })

    // Regression: WAIT blocks its connection; on the connection of the reads, 100 of 120 reads failed.
    it('While a replica is frozen, writes wait for it and reads of other sessions succeed', async () => {
      const { store } = waiting
      const manager = createSessionManager({ store, secret, storeTimeout: 1_000 })
      const cookies: string[] = []
      for (let index = 0; index < 120; index++) cookies.push(await begin(manager))
      const written = await Promise.all(Array.from({ length: 8 }, () => begin(manager)))
      replica.freeze()
      let reading = true
      const refused: unknown[] = []
      const writes = written.map(async (cookie) => {
        while (reading) await visit(manager, cookie).catch((error: unknown) => refused.push(error))
      })
      while (refused.length === 0) await new Promise((resolve) => setImmediate(resolve))
      try {
        for (const cookie of cookies) expect((await manager.open(cookie)).data.count).toBe(0)
      } finally {
        reading = false
        replica.thaw()
        await Promise.all(writes)
        await manager.close()
      }
    })

    it("A write without a replica's confirmation is not read, even after its connection was lost", async () => {
      const { store } = waiting
      await store.set('key', 'old', later)
      replica.freeze()
      await expect(store.set('key', 'new', later)).rejects.toThrow(/0 of 1 replicas/)
      await master.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      for (let round = 0; round < 3; round++) {
        expect(await store.get('key').catch(String)).not.toMatch(/^(?:old|new)$/)
      }
      replica.thaw()
      await vi.waitUntil(async () => (await store.get('key').catch(String)) === 'new', { timeout: 20_000 })
    })

    it('A replica refuses writes with an error that names the client to use', async () => {
      const { store, end } = connect(driver, replica.url)
      const cured = {
        code: 'STORE_INVALID',
        message: expect.stringMatching(/demoted.*outdated.*createSentinel\(\).*sentinels of ioredis/),
        cause: expect.objectContaining({ message: expect.stringContaining('READONLY') })
      }
      await expect(store.set('key', 'value', later)).rejects.toMatchObject(cured)
      await expect(store.delete('key')).rejects.toMatchObject(cured)
      await expect(store.compareAndSet('key', undefined, 'value', later)).rejects.toMatchObject(cured)
      end()
    })
  })

  it('With replica-serve-stale-data no, a replica without its master rejects reads', async () => {
    const alone = await startRedis({ own: true })
    const behind = await startRedis({
      own: true,
      replicaOf: alone.port,
      settings: { 'replica-serve-stale-data': 'no' }
    })
    const { store, end } = connect('node-redis 6', behind.url)
    await alone.command('SET', 'key', `${later} value`)
    await vi.waitUntil(async () => (await store.get('key').catch(String)) === 'value', { timeout: 20_000 })
    await alone.kill()
    await vi.waitUntil(async () => /MASTERDOWN/.test(String(await store.get('key').catch(String))), { timeout: 20_000 })
    end()
    await behind.stop()
    await alone.stop()
  })

  it('Without waitReplicas, a failover can undo an acknowledged delete, as the README states', async () => {
    const alone = await startRedis({ own: true })
    const link = await startProxy(alone)
    const behind = await startRedis({ own: true, replicaOf: link.port })
    const { store, end } = connect('node-redis 6', alone.url)
    await store.compareAndSet('key', undefined, 'value', later)
    while ((await behind.command('EXISTS', 'key')) !== '1');
    link.freeze()
    await store.delete('key')
    expect(await store.get('key')).toBeUndefined()
    end()
    await alone.kill()
    await link.close()
    await behind.command('REPLICAOF', 'NO', 'ONE')
    const promoted = connect('node-redis 6', behind.url)
    expect(await promoted.store.get('key')).toBe('value')
    promoted.end()
    await behind.stop()
    await alone.stop()
  })
})

/** The master sends writes to a new replica only after its first acknowledgement, which comes later than the link. */
async function replicating(master: RedisEngine): Promise<void> {
  let heard = false
  while (!heard) {
    await master.command('SET', 'something', 'to send')
    heard = /^slave\d+:.*state=online,offset=[1-9]/m.test(await master.command('INFO', 'replication'))
  }
}
