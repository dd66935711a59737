import { join } from 'node:path'
import {
  describeOnNetwork,
  type RedisEngine,
  startNetwork,
  startRedis,
  startRedisSentinel,
  type TestNetwork
} from 'test-servers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startProcess, type TestProcess } from '../../src/processes/test-process.ts'
import type { ConnectOptions, DriverName } from '../../src/stores/connect-store.ts'
import type { TrafficCommands } from './traffic-process.ts'

const drivers = ['redis', 'ioredis'] as const
const script = join(import.meta.dirname, 'traffic-process.ts')

type Traffic = TestProcess<TrafficCommands>

/** Packets are dropped between network namespaces: no connection is closed. */
describeOnNetwork('redis')('partitions of the network around a Redis under traffic', () => {
  let network: TestNetwork<'app' | 'first' | 'second'>
  let master: RedisEngine
  let replica: RedisEngine
  let sentinel: RedisEngine | undefined
  let traffic: Traffic | undefined
  beforeEach(async () => {
    network = startNetwork(['app', 'first', 'second'])
    const settings = { 'repl-timeout': '3', 'repl-ping-replica-period': '1' }
    master = await startRedis({ own: true, on: network.hosts.first, settings })
    replica = await startRedis({ own: true, on: network.hosts.second, replicaOf: master, settings })
    await waitFor(async () => /slave0:.*state=online,offset=[1-9]/.test(await master.command('INFO', 'replication')))
  })
  afterEach(async () => {
    await traffic?.kill()
    await sentinel?.stop()
    await replica.stop()
    await master.stop()
    network.stop()
  })

  /** Traffic from the application's host, once it has served a while. */
  async function start(driver: DriverName, options: ConnectOptions, url = master.url): Promise<Traffic> {
    const prefix = network.hosts.app.enter
    traffic = await startProcess<TrafficCommands>(script, { prefix, args: [driver, url, JSON.stringify(options)] })
    await more(traffic, 'served', 100)
    return traffic
  }

  async function expectNothingLost(settling: Traffic): Promise<void> {
    const { wrong, ended } = await settling.call('settle')
    expect(wrong).toEqual([])
    expect(ended).toBeGreaterThan(0)
  }

  it.each(drivers)(
    'With %s, requests fail while the server is cut off, and nothing that was acknowledged is lost',
    { timeout: 120_000 },
    async (driver) => {
      const requests = await start(driver, {})
      for (let round = 0; round < 2; round++) {
        network.part('app', 'first')
        await more(requests, 'failed', 30)
        network.heal()
        await more(requests, 'served', 300)
      }
      await expectNothingLost(requests)
    }
  )

  it.each(drivers)(
    'With %s and waitReplicas, a master acknowledges nothing while it is cut off from its replica',
    { timeout: 120_000 },
    async (driver) => {
      const requests = await start(driver, { waitReplicas: 1, waitTimeout: 200 })
      network.part('first', 'second')
      await more(requests, 'failed', 30)
      const { served } = await requests.call('progress')
      await more(requests, 'failed', 100)
      expect((await requests.call('progress')).served).toBe(served)
      network.heal()
      await more(requests, 'served', 300)
      await expectNothingLost(requests)
    }
  )

  /** The other side of the network has a sentinel, which promotes the replica; then the partition ends. */
  async function promoteBehindPartition(
    options: ConnectOptions,
    meanwhile: (requests: Traffic) => Promise<void>
  ): Promise<Traffic> {
    sentinel = await startRedisSentinel(master, { on: network.hosts.second, downAfter: 2_000 })
    const { command, url } = sentinel
    await waitFor(async () => (await command('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)))
    const requests = await start('redis sentinel', options, url)
    network.part('app', 'second')
    network.part('first', 'second')
    await waitFor(async () => (await roleOf(replica)).startsWith('master'))
    await meanwhile(requests)
    network.heal()
    await waitFor(async () => (await roleOf(master)).startsWith('slave'))
    return requests
  }

  it('With waitReplicas nothing acknowledged is lost when the other side of the network promotes the replica', {
    timeout: 180_000
  }, async () => {
    const store = { waitReplicas: 1, waitTimeout: 200 }
    const requests = await promoteBehindPartition(store, (running) => more(running, 'failed', 30))
    await more(requests, 'served', 300)
    await expectNothingLost(requests)
  })

  it('Without waitReplicas the changes that the cut-off side acknowledged are lost, as the README says', {
    timeout: 180_000
  }, async () => {
    const requests = await promoteBehindPartition({}, (running) => more(running, 'served', 300))
    expect((await requests.call('settle')).wrong).not.toEqual([])
  })

  it('With min-replicas-to-write a master that is cut off from its replica refuses writes', {
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

/** Resolves when that many more requests were served or have failed. */
async function more(requests: Traffic, what: 'served' | 'failed', count: number): Promise<void> {
  const target = (await requests.call('progress'))[what] + count
  for (let progress = await requests.call('progress'); progress[what] < target; ) {
    expect(progress.wrong).toEqual([])
    progress = await requests.call('progress')
  }
}

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
