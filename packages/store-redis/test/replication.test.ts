import { createSessionManager } from '@kvsession/core'
import { describeOn, type RedisEngine, startProxy, startRedis } from 'engine-harness'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Connected, connect, driverNames } from './support/drivers.ts'
import { begin, later, secret, visit } from './support/requests.ts'

describeOn('redis', { own: true })('a master and its replica', () => {
  let master: RedisEngine
  let replica: RedisEngine
  beforeEach(async () => {
    master = await startRedis({ own: true })
    replica = await startRedis({ own: true, replicaOf: master.port })
    while (!(await replica.command('INFO', 'replication')).includes('master_link_status:up'));
  })
  afterEach(async () => {
    await replica.stop()
    await master.stop()
  })

  describe.each(driverNames)('%s', (driver) => {
    let waiting: Connected
    beforeEach(() => {
      waiting = connect(driver, master.url, { waitReplicas: 1, waitTimeout: 200 })
    })
    afterEach(() => waiting.end())

    it('with waitReplicas a write that resolved is on the replica', async () => {
      expect(await waiting.store.compareAndSet('key', undefined, 'value', later)).toBe(true)
      expect(await replica.command('GET', 'key')).toBe(`${later} value`)
      await waiting.store.delete('key')
      expect(await replica.command('EXISTS', 'key')).toBe('0')
    })

    it('with waitReplicas a write that no replica confirms counts for nobody until one does', async () => {
      const { store } = waiting
      const manager = createSessionManager({ store, secret, storeTimeout: 5_000 })
      const cookie = await begin(manager)
      replica.freeze()
      await expect(visit(manager, cookie)).rejects.toMatchObject({ status: 503 })
      // The master has it, and would show it.
      await expect(visit(manager, cookie)).rejects.toMatchObject({ status: 503 })
      replica.thaw()
      // Only reading: every try that wrote would count.
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

    it('a replica takes no writes, and says so', async () => {
      const { store, end } = connect(driver, replica.url)
      await expect(store.set('key', 'value', later)).rejects.toThrow(/READONLY/)
      await expect(store.compareAndSet('key', undefined, 'value', later)).rejects.toThrow(/READONLY/)
      end()
    })
  })

  it('without waitReplicas a failover can undo an acknowledged delete, as the README says', async () => {
    const link = await startProxy(master)
    const behind = await startRedis({ own: true, replicaOf: link.port })
    const { store, end } = connect('node-redis 6', master.url)
    await store.compareAndSet('key', undefined, 'value', later)
    while ((await behind.command('EXISTS', 'key')) !== '1');
    link.freeze()
    await store.delete('key')
    expect(await store.get('key')).toBeUndefined()
    end()
    await master.kill()
    await link.close()
    await behind.command('REPLICAOF', 'NO', 'ONE')
    const promoted = connect('node-redis 6', behind.url)
    expect(await promoted.store.get('key')).toBe('value')
    promoted.end()
    await behind.stop()
    await master.restart()
  })
})
