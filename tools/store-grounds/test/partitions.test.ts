import {
  describeOnNetwork,
  type RedisEngine,
  startNetwork,
  startRedis,
  startRedisSentinel,
  type TestNetwork
} from 'engine-harness'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type HostTraffic, type HostTrafficOptions, startTrafficOn } from '../src/traffic-host.ts'

const drivers = ['node-redis', 'ioredis'] as const

/** Packets are dropped between network namespaces: no connection ends, and nobody hears of anything. */
describeOnNetwork('redis')('partitions of the network around a Redis, under traffic', () => {
  let network: TestNetwork<'app' | 'first' | 'second'>
  let master: RedisEngine
  let replica: RedisEngine
  let traffic: HostTraffic | undefined
  beforeEach(async () => {
    network = startNetwork(['app', 'first', 'second'])
    const settings = { 'repl-timeout': '3', 'repl-ping-replica-period': '1' }
    master = await startRedis({ own: true, on: network.hosts.first, settings })
    replica = await startRedis({ own: true, on: network.hosts.second, replicaOf: master, settings })
    await vi.waitUntil(
      async () => /slave0:.*state=online,offset=[1-9]/.test(await master.command('INFO', 'replication')),
      {
        timeout: 20_000
      }
    )
  })
  afterEach(async () => {
    traffic?.kill()
    await replica.stop()
    await master.stop()
    network.stop()
  })

  async function start(options: Omit<HostTrafficOptions, 'url'> & { url?: string }): Promise<HostTraffic> {
    traffic = await startTrafficOn(network.hosts.app, { url: master.url, ...options })
    await traffic.served(100)
    return traffic
  }

  async function expectNothingLost(settling: HostTraffic): Promise<void> {
    const { wrong, ended } = await settling.settle()
    expect(wrong).toEqual([])
    expect(ended).toBeGreaterThan(0)
  }

  it.each(drivers)(
    '%s: cut off from its server, requests fail and nothing that was acknowledged is lost',
    { timeout: 120_000 },
    async (driver) => {
      const requests = await start({ driver, store: {} })
      for (let round = 0; round < 2; round++) {
        network.part('app', 'first')
        await requests.failed(30)
        network.heal()
        await requests.served(300)
      }
      await expectNothingLost(requests)
    }
  )

  it.each(drivers)(
    '%s: with waitReplicas, a master that is cut off from its replica acknowledges nothing, and then goes on',
    { timeout: 120_000 },
    async (driver) => {
      const requests = await start({ driver, store: { waitReplicas: 1, waitTimeout: 200 } })
      network.part('first', 'second')
      await requests.failed(30)
      const { served } = await requests.count()
      await requests.failed(100)
      expect((await requests.count()).served).toBe(served)
      network.heal()
      await requests.served(300)
      await expectNothingLost(requests)
    }
  )

  it('with waitReplicas, nothing acknowledged is lost when the other side of the network promotes the replica', {
    timeout: 180_000
  }, async () => {
    const sentinel = await startRedisSentinel(master, { on: network.hosts.second })
    await vi.waitUntil(
      async () => (await sentinel.command('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)),
      {
        timeout: 20_000
      }
    )
    const requests = await start({
      driver: 'sentinel',
      url: sentinel.url,
      store: { waitReplicas: 1, waitTimeout: 200 }
    })
    network.part('app', 'second')
    network.part('first', 'second')
    await vi.waitUntil(async () => (await replica.command('ROLE')).startsWith('master'), { timeout: 60_000 })
    await requests.failed(30)
    network.heal()
    await vi.waitUntil(async () => (await master.command('ROLE')).startsWith('slave'), { timeout: 60_000 })
    await requests.served(300)
    await expectNothingLost(requests)
    await sentinel.stop()
  })

  it('with min-replicas-to-write, a master that is cut off from its replica refuses writes', {
    timeout: 60_000
  }, async () => {
    await master.command('CONFIG', 'SET', 'min-replicas-to-write', '1', 'min-replicas-max-lag', '1')
    await vi.waitUntil(() => master.command('SET', 'key', 'value').catch(() => false), { timeout: 20_000 })
    network.part('first', 'second')
    await vi.waitUntil(
      () =>
        master.command('SET', 'key', 'value').then(
          () => false,
          (error) => /NOREPLICAS/.test(String(error))
        ),
      {
        timeout: 20_000
      }
    )
    network.heal()
    await vi.waitUntil(() => master.command('SET', 'key', 'value').catch(() => false), { timeout: 40_000 })
  })
})
