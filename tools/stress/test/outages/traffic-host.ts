import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RedisStoreOptions } from '@kvsession/store-redis'
import type { NetworkHost } from 'test-servers'

/** What the process of `traffic-process.ts` says when it serves and whenever it is asked. */
export interface TrafficReport {
  /** Changes acknowledged so far. */
  readonly served: number
  /** Requests that failed so far. */
  readonly failed: number
  /** What was read and cannot be. */
  readonly wrong: readonly string[]
  /** Sessions that were ended and stayed so, once it has settled. */
  readonly ended: number
}

export interface HostTraffic {
  /** Resolves when so many more changes were acknowledged. */
  served(more: number): Promise<void>
  /** Resolves when so many more requests have failed. */
  failed(more: number): Promise<void>
  count(): Promise<TrafficReport>
  /** Ends the requests, reads every session once more, and ends the process. */
  settle(): Promise<TrafficReport>
  kill(): void
}

export interface HostTrafficOptions {
  /** How it connects: `sentinel` is ioredis, told of a sentinel. */
  readonly driver: 'node-redis' | 'ioredis' | 'sentinel'
  readonly url: string
  readonly store: Pick<RedisStoreOptions, 'waitReplicas' | 'waitTimeout'>
}

const script = fileURLToPath(new URL('traffic-process.ts', import.meta.url))

/** Requests from a host of a network to a Redis, until they are told to stop. */
export async function startTrafficOn(
  { enter }: NetworkHost,
  { driver, url, store }: HostTrafficOptions
): Promise<HostTraffic> {
  const node = [process.execPath, '--conditions=@kvsession/source', script, driver, url, JSON.stringify(store)]
  const [program = '', ...args] = [...enter, ...node]
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`The process of the traffic ended with ${code}`)
  })
  died.catch(() => undefined)

  async function report(): Promise<TrafficReport> {
    const [said]: unknown[] = await Promise.race([once(child, 'message'), died])
    if (!isReport(said)) throw new TypeError('The process of the traffic says something else')
    return said
  }

  function ask(order: 'count' | 'settle'): Promise<TrafficReport> {
    child.send(order)
    return report()
  }

  async function until(what: 'served' | 'failed', more: number): Promise<void> {
    const target = (await ask('count'))[what] + more
    for (let said = await ask('count'); said[what] < target; said = await ask('count')) {
      if (said.wrong.length > 0) throw new Error(said.wrong.join(', '))
    }
  }

  await report()
  return {
    served: (more) => until('served', more),
    failed: (more) => until('failed', more),
    count: () => ask('count'),
    settle: () => ask('settle'),
    kill: () => void child.kill('SIGKILL')
  }
}

export function isTrafficOrder(value: unknown): value is 'count' | 'settle' {
  return value === 'count' || value === 'settle'
}

function isReport(value: unknown): value is TrafficReport {
  return Array.isArray(Reflect.get(Object(value), 'wrong'))
}
