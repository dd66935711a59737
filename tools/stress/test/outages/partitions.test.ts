import {
  describeOnNetwork,
  type RedisEngine,
  startNetwork,
  startRedis,
  startRedisSentinel,
  type TestNetwork
} from 'test-servers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type HostTraffic, type HostTrafficOptions, startTrafficOn } from './traffic-host.ts'

const drivers = ['node-redis', 'ioredis'] as const

/** Packets are dropped between network namespaces: no connection ends, and nobody hears of anything. */
describeOnNetwork('redis')('partitions of the network around a Redis, under traffic', () => {
  let network: TestNetwork<'app' | 'first' | 'second'>
  let master: RedisEngine
  let replica: RedisEngine
  let sentinel: RedisEngine | undefined
  let traffic: HostTraffic | undefined
  beforeEach(async () => {
    network = startNetwork(['app', 'first', 'second'])
    const settings = { 'repl-timeout': '3', 'repl-ping-replica-period': '1' }
    master = await startRedis({ own: true, on: network.hosts.first, settings })
    replica = await startRedis({ own: true, on: network.hosts.second, replicaOf: master, settings })
    await waitFor(async () => /slave0:.*state=online,offset=[1-9]/.test(await master.command('INFO', 'replication')))
  })
  afterEach(async () => {
    traffic?.kill()
    await sentinel?.stop()
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

  /** The other side of the network has a sentinel, which promotes the replica; then the sides meet again. */
  async function promoteBehindPartition(
    store: HostTrafficOptions['store'],
    meanwhile: (requests: HostTraffic) => Promise<void>
  ): Promise<HostTraffic> {
    sentinel = await startRedisSentinel(master, { on: network.hosts.second, downAfter: 2_000 })
    const { command, url } = sentinel
    await waitFor(async () => (await command('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)))
    const requests = await start({ driver: 'sentinel', url, store })
    network.part('app', 'second')
    network.part('first', 'second')
    await waitFor(async () => (await roleOf(replica)).startsWith('master'))
    await meanwhile(requests)
    network.heal()
    await waitFor(async () => (await roleOf(master)).startsWith('slave'))
    return requests
  }

  it('with waitReplicas, nothing acknowledged is lost when the other side of the network promotes the replica', {
    timeout: 180_000
  }, async () => {
    const store = { waitReplicas: 1, waitTimeout: 200 }
    const requests = await promoteBehindPartition(store, ({ failed }) => failed(30))
    await requests.served(300)
    await expectNothingLost(requests)
  })

  it('without waitReplicas, what the cut-off side acknowledged meanwhile is lost, as the README says', {
    timeout: 180_000
  }, async () => {
    const requests = await promoteBehindPartition({}, ({ served }) => served(300))
    expect((await requests.settle()).wrong).not.toEqual([])
  })

  it('with min-replicas-to-write, a master that is cut off from its replica refuses writes', {
    timeout: 60_000
  }, async () => {
    await master.command('CONFIG', 'SET', 'min-replicas-to-write', '1', 'min-replicas-max-lag', '1')
    const written = (): Promise<unknown> => master.command('SET', 'key', 'value').catch(() => false)
    await waitFor(written)
    network.part('first', 'second')
    await waitFor(() => master.command('SET', 'key', 'value').then(() => false, isTooFewReplicas))
    network.heal()
    await waitFor(written)
  })
})

/** A server that changes its role closes all connections. */
function roleOf(server: RedisEngine): Promise<string> {
  return server.command('ROLE').catch(() => 'changing')
}

function isTooFewReplicas(error: unknown): boolean {
  return String(error).includes('NOREPLICAS')
}

function waitFor(check: () => Promise<unknown>): Promise<unknown> {
  return vi.waitUntil(check, { timeout: 60_000 })
}
