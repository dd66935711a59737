import { createRedisStore, type RedisClient, type RedisStoreOptions } from '@kvsession/store-redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { startTraffic } from './outage-traffic.ts'
import { isTrafficOrder, type TrafficReport } from './traffic-host.ts'

/**
 * The traffic of `startTraffic` on another host; run as `traffic-process.ts <driver> <address> <options of the store>`. The
 * address is the URL of a server, or of a sentinel. Its parent asks by messages, see `traffic-host.ts`.
 */
const [driver = '', address = '', options = '{}'] = process.argv.slice(2)

const traffic = await startTraffic(createRedisStore(await connect(), asOptions(JSON.parse(options))))

process.on('message', (order) => {
  if (isTrafficOrder(order)) void answer(order)
})
report(0)

async function answer(order: 'count' | 'settle'): Promise<void> {
  if (order === 'count') return report(0)
  report(await traffic.settle())
  process.exit()
}

function report(ended: number): void {
  const said: TrafficReport = { served: traffic.served(), failed: traffic.failed(), wrong: traffic.wrong(), ended }
  process.send?.(said)
}

async function connect(): Promise<RedisClient> {
  if (driver === 'node-redis') {
    const client = createClient({ url: address })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const { hostname, port } = new URL(address)
  const server = { host: hostname, port: Number(port) }
  const target = driver === 'sentinel' ? { sentinels: [server], name: 'main' } : server
  const client = new Redis({ ...target, maxRetriesPerRequest: 0 })
  client.on('error', () => undefined)
  return client
}

function asOptions(value: unknown): RedisStoreOptions {
  const [waitReplicas, waitTimeout] = [
    Reflect.get(Object(value), 'waitReplicas'),
    Reflect.get(Object(value), 'waitTimeout')
  ]
  return { waitReplicas: Number(waitReplicas ?? 0), waitTimeout: Number(waitTimeout ?? 500) }
}
